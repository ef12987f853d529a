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
     * @return known also after the end
     */
    InetSocketAddress remote();

    /**
     * The address that the peer has connected to.
     *
     * @return null if the connection is gone
     */
    InetSocketAddress local();

    /**
     * The TLS session, for the certificate of the client among others.
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
     * once; after a call on another thread, one more piece may follow. The end of the body may still be reported. The
     * minimum rate of a body does not apply meanwhile. The response timeout does; the server checks it at intervals of
     * the request timeout, so it may end the request by one such interval late.
     */
    void pauseBody();

    /** Continues {@link BodyListener#onBody}. */
    void resumeBody();

    /**
     * Answers the request. Any thread. The first call counts. An answer before the end of the body ends the body, and
     * the connection after the answer.
     *
     * @param response complete
     * @return false if the request was answered or cancelled before, see {@link #isCancelled()}
     */
    boolean respond(HttpResponse response);

    /**
     * Runs a task if the request is cancelled before its answer: the connection is lost, the server stops, or the
     * response timeout is over. A client that has ended only its own side may still wait for the answer. One that has
     * closed its connection, such as a browser that left the page, looks the same to TCP until bytes are sent to it, so
     * its loss is noticed only after the answer began, or at the response timeout. So is the loss of a client that has
     * sent more bytes after its request (pipelining).
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
