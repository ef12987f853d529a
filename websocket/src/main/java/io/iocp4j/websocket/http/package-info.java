/**
 * The part of HTTP/1.1 (RFC 9110 and 9112) that a server of pages, files, uploads and WebSockets and its client need.
 * It can be used on its own.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * bytes of a client                          bytes of a server
 *   v                                          v
 * HttpRequestReader   head to HttpRequest    HttpResponseReader   head to HttpResponseHead
 *   v                                          v
 * HttpBodyDecoder     body, piece by piece   HttpBodyDecoder
 *   v
 * HttpHandler         the application, on a worker; HttpHandler.blocking: on a virtual thread
 *   | HttpExchange.body(BodyListener)        callbacks on workers; pauseBody() slows down the client
 *   | HttpExchange.bodyStream()              an InputStream for a thread that may wait; pauses while it is slow
 *   | HttpExchange.respond(HttpResponse)     any thread
 *   v
 * HttpResponse        content in memory: one buffer, sent by a worker
 *   | HttpContent     content made while it is sent: a virtual thread writes, and waits while the client is slow
 *   |   HttpFile, DirectoryHandler           files: conditions, one range, types
 *   |   EventStream                          server-sent events
 *   v
 * bytes for the client, by Content-Length, in chunks, or (HTTP/1.0) up to the end of the connection
 * </pre>
 *
 * <h2>Ownership and threads</h2>
 * Readers and decoders do no I/O and serve one connection, one thread at a time. Each limit of
 * {@link io.iocp4j.websocket.http.HttpLimits} is checked before memory is taken. Requests, responses and headers are
 * immutable values, for any thread. Callbacks of one connection never overlap; they run on a worker of the port and
 * must not wait. Only virtual threads access files.
 *
 * <p>A connection serves one request at a time, with at most two virtual threads: one for a blocking handler, which may
 * continue after its answer, and one for the content. Bytes after the request are kept until it is answered, at most
 * one receive. Content owns the resources that it opens. Content that reads a stream or a channel always closes it,
 * even if the response is not sent ({@link io.iocp4j.websocket.http.HttpContent#discard}).
 *
 * <h2>Ends and limits</h2>
 * A malformed request is an {@link io.iocp4j.websocket.http.HttpException} with the status of the answer. The bytes
 * after it cannot be framed, so the connection closes. A handler must answer within the response timeout of the server.
 * Content has no time limit, but the client must take it at a minimum rate. A request is cancelled when its answer is
 * not needed any more: the tasks of {@code HttpExchange.onCancel} run, and the thread of a blocking handler is
 * interrupted. The thread of content is interrupted when its connection ends. Content that fails, or that differs from
 * its declared length, ends the connection, so that the client notices that it is incomplete.
 *
 * <h2>What is logged</h2>
 * The {@link java.lang.System.Logger} {@code io.iocp4j.websocket.http.HttpHandler} logs the method and path of a
 * request, but never its query, which may hold secrets.
 * <ul>
 * <li>WARNING: a handler, a body listener, content, or a task of {@code onCancel} threw; there was no answer within the
 *     response timeout.</li>
 * <li>DEBUG: a blocking handler threw after its request was cancelled; content threw after its connection was gone; the
 *     client took the answer too slowly.</li>
 * </ul>
 * The server logs refused requests, see {@code io.iocp4j.websocket.WebSocketServer} in its package.
 */
package io.iocp4j.websocket.http;
