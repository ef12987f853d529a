/**
 * The opening handshake (RFC 6455 section 4, RFC 7692 section 7): pure functions and values. It can be used on its own.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * HttpRequest  -> ServerHandshake   checks it against Origins; chooses subprotocol and DeflateAgreement;
 *                                   makes the response 101
 * WebSocketUri -> ClientHandshake   makes the request; validates the response
 * both         -> HandshakeInfo     the agreed result, for the life of the WebSocket
 * </pre>
 *
 * <h2>Ownership and threads</h2>
 * Everything is immutable, and any thread may use it. Nothing does I/O. A refused request is an
 * {@link io.iocp4j.websocket.http.HttpException}, which contains the response to send. A refused response is a
 * {@link io.iocp4j.websocket.handshake.HandshakeException}, which contains the response received.
 */
package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpException;

