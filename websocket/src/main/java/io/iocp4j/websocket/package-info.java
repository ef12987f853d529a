/**
 * WebSocket (RFC 6455 and 7692), server and client: the API for applications, and the connections behind it. HTTP/1.1 for pages and
 * uploads beside it is in {@link io.iocp4j.websocket.http}, the opening handshake in {@link io.iocp4j.websocket.handshake}, the codec in
 * {@link io.iocp4j.websocket.frame}. None of the three knows this package.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * TcpConnection                      bytes, lent for the call, on a worker
 *   v
 * HttpConnection                     at a server, one per connection, up to an upgrade
 *   | HttpRequestReader              a request: to the HttpHandler as a ServerExchange, to the UpgradeHandler as a
 *   |                                ServerUpgrade; either may answer later, and is told when nobody waits any more
 *   | HttpBodyDecoder, RequestBody   its body: piece by piece to the BodyListener; BodyInputStream is the one that blocks
 *   | ResponseStream                 an answer that is made while it is sent, on a virtual thread
 * ClientConnection                   at a client, one for each step of a ClientOpening: proxy, redirect, upgrade
 *   | HttpResponseReader             the answer: to ClientHandshake, or into a HandshakeException
 *   v
 * WebSocketConnection                after the upgrade, either role; joins what follows under one lock
 *   v MessageReceiver                pauses here, and decodes for about a millisecond at a time
 *   |   FrameDecoder                 bytes to frames; unmasked in place; rules of one header
 *   |   MessageAssembler             frames to messages, or parts of them; rules between frames; UTF-8
 *   |   WebSocketListener            the application; BlockingReceiver is the one behind the blocking API
 *   | Rest                           gives back what was kept for the next message, when none comes
 *   | Heartbeat, IdleAndAgeLimit     pings, the round trip; a peer that is gone, a WebSocket that is idle or old
 *   | ClosingHandshake               every way to the end
 *   v FrameWriter                    frames, masks, compresses; what is slow, what is streamed
 * TcpConnection.send
 * </pre>
 *
 * <h2>Who owns what, which thread</h2>
 * Buffers in callbacks are views of what was received, lent for the call. All callbacks of a connection come one after the other from
 * workers of the port; sending is allowed from any thread. A {@link io.iocp4j.websocket.Message} is a value; a
 * {@link io.iocp4j.websocket.SharedMessage} is framed once and counted, and a server queues it on any number of connections without a
 * copy, which is what a {@link io.iocp4j.websocket.Topic} does.
 *
 * <h2>Ending</h2>
 * {@code WebSocket.close()} queues the Close frame and reports to the listener at once; the peer's answer, or the end of the time for
 * it, completes {@code closed()}. A violation of the protocol is answered with the code of the RFC; an exception of the application
 * with 1011; each harms its own connection only.
 */
package io.iocp4j.websocket;
