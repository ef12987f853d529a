/**
 * As much HTTP/1.1 (RFC 9110 and 9112) as a server of pages, uploads and WebSockets needs, and its client. Usable alone.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * bytes of a client                          bytes of a server
 *   v                                          v
 * HttpRequestReader   head to HttpRequest    HttpResponseReader   head to HttpResponseHead
 *   v                                          v
 * HttpBodyDecoder     body, piece by piece   HttpBodyDecoder
 *   v
 * HttpHandler         the application: HttpExchange.body(BodyListener), HttpExchange.respond(HttpResponse)
 *   v
 * HttpResponse.encode bytes for the client
 * </pre>
 *
 * <h2>Ownership and threads</h2>
 * Readers and decoders do no I/O and serve one connection, one thread at a time. Each limit of
 * {@link io.iocp4j.websocket.http.HttpLimits} is checked before memory is taken. Requests, responses and headers are immutable values, for
 * any thread. Callbacks of one connection never overlap; they run on a worker of the port and must not wait. A malformed request is an
 * {@link io.iocp4j.websocket.http.HttpException} with the status of the answer; behind it nothing can be framed, so the connection closes.
 */
package io.iocp4j.websocket.http;
