/**
 * WebSocket (RFC 6455 and 7692), server and client: the API for applications, and the connections behind it. HTTP/1.1
 * for pages and uploads beside it is in {@link io.iocp4j.websocket.http}, the opening handshake in
 * {@link io.iocp4j.websocket.handshake}, the codec in {@link io.iocp4j.websocket.frame}. None of the three knows this
 * package.
 *
 * <h2>Where to start</h2>
 * {@link io.iocp4j.websocket.WebSocketServer}, {@link io.iocp4j.websocket.WebSocketClient}, and
 * {@link io.iocp4j.websocket.WebSocketPair} for tests. Options are immutable:
 * {@link io.iocp4j.websocket.ServerOptions}, {@link io.iocp4j.websocket.ClientOptions},
 * {@link io.iocp4j.websocket.Limits}. What an application does with handshakes and messages are arguments:
 * {@link io.iocp4j.websocket.UpgradeHandler} and {@link io.iocp4j.websocket.WebSocketListener} for callbacks,
 * {@link io.iocp4j.websocket.WebSocketSession} for the blocking API.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * TcpConnection                      bytes, lent for the call, on a worker
 *   v
 * HttpConnection                     at a server, its handler up to an upgrade: heads of requests
 *   | ServedRequest                  one request: its RequestBody to the BodyListener, or to the BodyInputStream that
 *   |                                blocks; the answer back, from memory or as a ResponseStream
 *   | ServedUpgrade                  one handshake: to the UpgradeHandler, whose decision may come later
 * ClientConnection                   at a client, one for each step of a ClientOpening: proxy, redirect, upgrade
 *   | HttpResponseReader             the answer: to ClientHandshake, or into a HandshakeException
 *   v
 * WebSocketConnection                the handler after the upgrade, either role
 *   v MessageReceiver                pauses here, and decodes for about a millisecond at a time
 *   |   FrameDecoder                 bytes to frames; unmasked in place; rules of one header
 *   |   MessageAssembler             frames to messages, or parts of them; rules between frames; UTF-8
 *   |   WebSocketListener            the application; BlockingReceiver is the one behind the blocking API
 *   | Heartbeat, IdleAndAgeLimit     pings, the round trip; a peer that is gone, a WebSocket that is idle or old
 *   | IdleTrimmer                    gives back what was kept for the next message, when none comes
 *   | ClosingHandshake               every way to the end: who sends which Close frame, and who ends TCP
 *   | MessageSender                  the layer below: slow consumers, streamed messages, waiting for room
 *   v FrameWriter                    header, mask, compression: the one way to the connection
 * TcpConnection.send
 * </pre>
 *
 * <h2>Ownership and threads</h2>
 * Buffers in callbacks are views of what was received, lent for the call. All callbacks of a connection come one after
 * the other from workers of the port; they must not wait. Sending and closing are allowed on any thread. One lock for
 * each WebSocket guards what it sends and how it ends; receiving belongs to the strand of the connection. A
 * {@link io.iocp4j.websocket.Message} is a value. A {@link io.iocp4j.websocket.SharedMessage} is framed once and
 * counted; a server queues it on any number of connections without a copy, as {@link io.iocp4j.websocket.Topic} does.
 *
 * <h2>Ending</h2>
 * {@code WebSocket.close()} queues the Close frame and reports to the listener at once. The peer's answer, or the end
 * of the time for it, completes {@code closed()}. A violation of the protocol is answered with the code of the RFC, an
 * exception of the application with 1011; each harms its own connection only.
 *
 * <h2>What is logged</h2>
 * By {@link java.lang.System.Logger}s that have the names of these types. WARNING: code of the application threw an
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
