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
     * The account of what the connection makes its port hold. Whoever keeps something of this request or its body
     * charges it here, before it is taken. It is given back at the end of the connection at the latest.
     *
     * @return the account of the connection
     */
    MemoryAccount memory();

    /**
     * Asks for the body, once, before the answer. A client that waits for that (100-continue) gets its answer now. A
     * body that is not asked for is dropped, and the connection with it.
     *
     * @param listener gets the body from when the handler has returned, or from now on where it has; where nobody waits
     *         for the answer any more, it hears of {@link BodyListener#onBodyAborted} only
     * @throws IllegalStateException if the body was asked for, or the request was answered
     */
    void body(BodyListener listener);

    /**
     * Asks for the body as {@link #body} does, for a thread that may wait, see {@link HttpHandler#blocking}. Up to 64
     * KiB are kept until they are read; a reader that is slower slows down the client.
     *
     * @return for one thread. Its reads throw an {@link java.io.IOException} where the body has no end, and, as an
     *         {@link io.iocp4j.core.IoException}, where the thread is interrupted; an {@link IllegalStateException}
     *         where a worker would have to wait. {@code close()} drops the rest of the body, and so does the answer:
     *         reads then throw
     * @throws IllegalStateException if the body was asked for, or the request was answered
     */
    InputStream bodyStream();

    /**
     * Stops {@link BodyListener#onBody}, so that TCP slows down the client. From within {@code onBody} nothing follows;
     * from another thread one more piece may. The end of the body may be told all the same. The least rate of a body
     * does not count meanwhile; the response timeout does.
     */
    void pauseBody();

    /** Lets {@link BodyListener#onBody} come again. */
    void resumeBody();

    /**
     * Answers. Any thread; the first call counts. An answer before the end of the body ends the body and the
     * connection.
     *
     * @param response complete
     * @return false if an answer was given before, or nobody waits for it any more, see {@link #isCancelled()}
     */
    boolean respond(HttpResponse response);

    /**
     * Runs a task if the answer becomes useless before it is there: the connection is lost, the server stops, or the
     * time is over. A client that has ended only its own side still waits.
     *
     * @param task runs once, on a worker, or at once on this thread if that has happened; must not wait
     */
    void onCancel(Runnable task);

    /**
     * Tells whether the answer is of no use any more.
     *
     * @return true if the connection is lost, the server stops, or the time is over
     */
    boolean isCancelled();
}
