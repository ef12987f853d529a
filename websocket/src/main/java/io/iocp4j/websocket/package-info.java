/**
 * WebSocket (RFC 6455 and 7692), server and client: the API for applications, and the connections behind it. HTTP/1.1
 * for pages and uploads beside it is in {@link io.iocp4j.websocket.http}, the opening handshake in
 * {@link io.iocp4j.websocket.handshake}, the codec in {@link io.iocp4j.websocket.frame}. None of the three depends on
 * this package.
 *
 * <h2>Where to start</h2>
 * {@link io.iocp4j.websocket.WebSocketServer}, {@link io.iocp4j.websocket.WebSocketClient}, and
 * {@link io.iocp4j.websocket.WebSocketPair} for tests. Options are immutable:
 * {@link io.iocp4j.websocket.ServerOptions}, {@link io.iocp4j.websocket.ClientOptions},
 * {@link io.iocp4j.websocket.Limits}. An application passes its code as arguments:
 * {@link io.iocp4j.websocket.UpgradeHandler} and {@link io.iocp4j.websocket.WebSocketListener} for callbacks,
 * {@link io.iocp4j.websocket.WebSocketSession} for the blocking API.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * TcpConnection                      bytes, lent for the call, on a worker
 *   v
 * HttpConnection                     at a server, its handler up to an upgrade: heads of requests
 *   | ServedRequest                  one request: its RequestBody to the BodyListener, or to a blocking
 *   |                                BodyInputStream; its answer from memory, or as a ResponseStream
 *   | ServedUpgrade                  one handshake: to the UpgradeHandler, which may decide later
 * ClientConnection                   at a client, one for each step of a ClientOpening: proxy, redirect, upgrade
 *   | HttpResponseReader             the answer: to ClientHandshake, or into a HandshakeException
 *   v
 * WebSocketConnection                the handler after the upgrade, either role
 *   v MessageReceiver                pauses, and decodes for about a millisecond at a time
 *   |   FrameDecoder                 bytes to frames; unmasked in place; rules of one header
 *   |   MessageAssembler             frames to messages, or parts of them; rules between frames; UTF-8
 *   |   WebSocketListener            the application; BlockingReceiver is that of the blocking API
 *   | Heartbeat, IdleAndAgeLimit     pings and round-trip time; ends lost, idle and old WebSockets
 *   | IdleTrimmer                    frees the memory of an idle WebSocket
 *   | ClosingHandshake               every way to the end: Close frames, and the end of TCP
 *   | MessageSender                  the superclass: slow consumers, streamed messages, waiting for room
 *   v FrameWriter                    header, mask, compression
 * TcpConnection.send
 * </pre>
 *
 * <h2>Ownership and threads</h2>
 * Buffers in callbacks are views of received memory, lent for the call. Callbacks of one connection never overlap. They
 * run on workers of the port and must not wait. Any thread may send and close. One lock for each WebSocket guards its
 * sending and its end; receiving is strand only. A {@link io.iocp4j.websocket.Message} is a value. A
 * {@link io.iocp4j.websocket.SharedMessage} is framed once and reference-counted; a server queues it on any number of
 * connections without a copy, as {@link io.iocp4j.websocket.Topic} does.
 *
 * <h2>Ending</h2>
 * {@code WebSocket.close()} queues the Close frame and reports to the listener at once. The answer of the peer, or the
 * close timeout, completes {@code closed()}. A violation of the protocol is answered with the code of the RFC, an
 * exception of the application with 1011. Both end only their own connection.
 *
 * <h2>What is logged</h2>
 * The {@link java.lang.System.Logger}s have the names of the types below. WARNING: code of the application threw an
 * exception, or did not answer in time. DEBUG: a peer broke a rule or was lost. Nothing is logged at other levels.
 * {@link io.iocp4j.websocket.http} lists the logger of requests, and {@link io.iocp4j.core} those of connections.
 * <ul>
 * <li>{@code io.iocp4j.websocket.WebSocketListener}: a callback threw, and the WebSocket ends with 1011 (WARNING); the
 *     peer violated the protocol (DEBUG).</li>
 * <li>{@code io.iocp4j.websocket.WebSocketSession}: a session threw, and the WebSocket ends with 1011 (WARNING); it
 *     threw because its WebSocket had ended (DEBUG).</li>
 * <li>{@code io.iocp4j.websocket.UpgradeHandler}: a handler or a task of {@code onCancel} threw, or there was no
 *     decision within the response timeout (WARNING).</li>
 * <li>{@code io.iocp4j.websocket.WebSocketServer}: a request or a handshake was refused, with status and reason
 *     (DEBUG).</li>
 * </ul>
 */
package io.iocp4j.websocket;
