/**
 * The opening handshake (RFC 6455 section 4, RFC 7692 section 7): pure functions and values. Usable alone.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * HttpRequest  -> ServerHandshake   checks it against Origins; chooses subprotocol and DeflateAgreement; makes the response 101
 * WebSocketUri -> ClientHandshake   makes the request; checks the response
 * both         -> HandshakeInfo     what was agreed on, for the life of the WebSocket
 * </pre>
 *
 * <h2>Ownership and threads</h2>
 * Everything is immutable and for any thread; nothing does I/O. A refused request is an
 * {@link io.iocp4j.websocket.http.HttpException}, which has the answer; a refused response is a
 * {@link io.iocp4j.websocket.handshake.HandshakeException}, which has what came.
 */
package io.iocp4j.websocket.handshake;
