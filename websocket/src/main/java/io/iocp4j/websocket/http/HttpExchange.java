package io.iocp4j.websocket.http;

import io.iocp4j.core.MemoryAccount;
import java.io.InputStream;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLSession;

/** A request and the answer to it. */
public interface HttpExchange {
    /**
     * The request.
     *
     * @return its head
     */
    HttpRequest request();

    /**
     * The peer's address.
     *
     * @return the address, also after the end
     */
    InetSocketAddress remote();

    /**
     * The address that the peer has connected to.
     *
     * @return null if the connection is gone
     */
    InetSocketAddress local();

    /**
     * The TLS session, for example for the certificate of the client.
     *
     * @return null without TLS
     */
    SSLSession tlsSession();

    /**
     * The account of the memory that the port holds for the connection. An application that keeps parts of this request
     * or its body charges them here first. Charges end with the connection at the latest.
     *
     * @return the account of the connection
     */
    MemoryAccount memory();

    /**
     * Asks for the body, once, before the answer. A client that expects 100 (Continue) gets it now. A body that was not
     * asked for is dropped, and its connection closes after the answer.
     *
     * @param listener gets the body as soon as the handler has returned. If the request was cancelled, only
     *         {@link BodyListener#onBodyAborted} is called
     * @throws IllegalStateException if the body was asked for, or the request was answered
     */
    void body(BodyListener listener);

    /**
     * Asks for the body as {@link #body} does, as a blocking stream, see {@link HttpHandler#blocking}. Up to 64 KiB are
     * kept until they are read. Then TCP slows down the client.
     *
     * @return for one thread. Its reads throw an {@link java.io.IOException} if the body is cut, an
     *         {@link io.iocp4j.core.IoException} if the thread is interrupted, and an {@link IllegalStateException} if
     *         a worker would have to wait. {@code close()} and the answer drop the rest of the body; later reads throw
     * @throws IllegalStateException if the body was asked for, or the request was answered
     */
    InputStream bodyStream();

    /**
     * Stops {@link BodyListener#onBody}, so that TCP slows down the client. A call inside {@code onBody} stops it at
     * once; after a call on another thread, one more piece may follow. The end of the body may still be reported.
     * Meanwhile the response timeout applies instead of the minimum rate of a body. The server checks it once per
     * request timeout, so the request may end up to one request timeout late.
     */
    void pauseBody();

    /** Continues {@link BodyListener#onBody}. */
    void resumeBody();

    /**
     * Answers the request. Any thread. The first call counts. An answer before the end of the body ends the body. The
     * connection then closes after the answer.
     *
     * @param response the whole answer
     * @return false if the request was answered or cancelled before, see {@link #isCancelled()}
     */
    boolean respond(HttpResponse response);

    /**
     * Runs a task if the request is cancelled before its answer: the connection is lost, the server stops, or the
     * response timeout is over. A client that has ended only its own side may still wait for the answer. A client that
     * has closed its connection, such as a browser that left the page, looks the same to TCP until bytes are sent to
     * it. The server therefore notices its loss only after the answer has begun, or at the response timeout. The same
     * holds for a client that has sent more bytes after its request (pipelining).
     *
     * @param task runs once, on a worker, or at once on this thread if the request was cancelled; must not wait
     */
    void onCancel(Runnable task);

    /**
     * Tells whether the request was cancelled, so that the answer is not needed any more.
     *
     * @return true if the connection was lost, the server stops, or the response timeout is over
     */
    boolean isCancelled();
}
