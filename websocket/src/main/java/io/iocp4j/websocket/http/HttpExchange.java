package io.iocp4j.websocket.http;

import io.iocp4j.core.MemoryAccount;
import java.net.InetSocketAddress;

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
     * The account of what the connection makes its port hold. Whoever keeps something of this request or its body charges it here, before
     * it is taken. It is given back at the end of the connection at the latest.
     *
     * @return the account of the connection
     */
    MemoryAccount memory();

    /**
     * Asks for the body. A client that waits for that (100-continue) gets its answer now. Only from within {@link HttpHandler#onRequest}; a
     * body that is not asked for is dropped, and the connection with it.
     *
     * @param listener gets the body from when the handler has returned
     */
    void body(BodyListener listener);

    /**
     * Answers. Any thread; the first call counts. An answer before the end of the body ends the body and the connection.
     *
     * @param response complete
     * @return false if an answer was given before, or the time for it is over (the server's response timeout)
     */
    boolean respond(HttpResponse response);
}
