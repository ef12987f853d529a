package io.iocp4j.websocket;

import io.iocp4j.core.MemoryAccount;
import io.iocp4j.websocket.http.HttpRequest;
import java.net.InetSocketAddress;
import java.util.List;
import javax.net.ssl.SSLSession;

/**
 * An opening handshake that waits for the answer of an {@link UpgradeHandler}. It is valid in itself, and its origin is
 * allowed. Any thread.
 */
public interface UpgradeExchange {
    /**
     * The handshake.
     *
     * @return its head; a decision may need {@link HttpRequest#path()}, {@link HttpRequest#parameter} and the fields
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
     * The account of the memory that the port holds for the connection.
     *
     * @return the account of the connection
     */
    MemoryAccount memory();

    /**
     * The subprotocols that the client offers.
     *
     * @return in its order of preference; may be empty
     */
    List<String> offeredSubprotocols();

    /**
     * The subprotocol that will be agreed on.
     *
     * @return the choice of the handler; before that, the first subprotocol of the server's options that the client
     *     offers; null for none
     */
    String subprotocol();

    /**
     * Chooses the subprotocol, regardless of the options of the server.
     *
     * @param name one that the client offers, or null for none
     * @return this
     * @throws IllegalArgumentException if the client does not offer it: the client would have to fail the connection
     * @throws IllegalStateException if the handshake was answered
     */
    UpgradeExchange subprotocol(String name);

    /**
     * Adds a field to the 101, such as {@code Set-Cookie}; names may repeat. A refusal has the fields of its exception
     * instead.
     *
     * @param name a token; not one of the handshake itself ({@code Sec-WebSocket-*}, {@code Upgrade},
     *         {@code Connection}), nor one that frames content
     * @param value no control characters except TAB, nothing above U+00FF
     * @return this
     * @throws IllegalArgumentException if name or value is not allowed
     * @throws IllegalStateException if the handshake was answered
     */
    UpgradeExchange header(String name, String value);

    /**
     * Runs a task if the handshake is cancelled before its answer: the client is lost, the server stops, or the
     * response timeout is over.
     *
     * @param task runs once, on a worker, or at once on this thread if the handshake was cancelled; must not wait
     */
    void onCancel(Runnable task);

    /**
     * Tells whether the handshake was cancelled, so that the answer is not needed any more.
     *
     * @return true if the client was lost, the server stops, or the response timeout is over
     */
    boolean isCancelled();
}
