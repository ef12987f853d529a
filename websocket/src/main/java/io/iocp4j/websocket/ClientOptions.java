package io.iocp4j.websocket;

import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.handshake.ClientHandshake;
import io.iocp4j.websocket.http.HttpHeaders;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;

/**
 * Options and limits of WebSockets that {@link WebSocketClient} opens. Immutable, for any thread; each method that
 * takes a value returns a changed copy.
 */
public final class ClientOptions extends WebSocketOptions<ClientOptions> {
    /** The largest value of {@link #maxRedirects(int)}. */
    public static final int REDIRECTS_MAX = 5;

    private static final ClientOptions DEFAULTS = new ClientOptions();

    private HttpHeaders headers = HttpHeaders.empty();
    private Set<String> subprotocols = Set.of();
    private Duration connectTimeout = Duration.ofSeconds(10);
    private int maxRedirects;
    private InetSocketAddress proxy;
    private HttpHeaders proxyHeaders = HttpHeaders.empty();

    private ClientOptions() {
    }

    /**
     * Returns options with no further fields, no subprotocol, no redirects, no proxy and no compression. Each getter
     * documents its default.
     *
     * @return the same object each time
     */
    public static ClientOptions defaults() {
        return DEFAULTS;
    }

    /** {@return the further fields of the opening request, none by default} */
    public HttpHeaders headers() {
        return headers;
    }

    /**
     * Sets a field of the opening request, such as Origin, Authorization or Cookie. Replaces a field of the same name.
     *
     * @param name a token; none of those that the handshake makes (Host, Upgrade, Connection, Sec-WebSocket-...), nor
     *     of those that announce a body
     * @param value no control characters except TAB, nothing above U+00FF
     * @return a copy
     * @throws IllegalArgumentException if name or value is not allowed
     */
    public ClientOptions header(String name, String value) {
        ClientHandshake.requireAllowed(name);
        HttpHeaders changed = headers.toBuilder().set(name, value).build();
        return with(copy -> copy.headers = changed);
    }

    /** {@return the subprotocols to offer in their order, none by default} */
    public Set<String> subprotocols() {
        return subprotocols;
    }

    /**
     * Sets the subprotocols to offer. The server may choose none, see {@link WebSocket#handshake()}.
     *
     * @param names the preferred one first
     * @return a copy
     * @throws IllegalArgumentException if one is no token, or occurs twice
     */
    public ClientOptions subprotocols(String... names) {
        Set<String> checked = ClientHandshake.requireSubprotocols(names);
        return with(copy -> copy.subprotocols = checked);
    }

    /** {@return the time for a whole opening, 10 s by default} */
    public Duration connectTimeout() {
        return connectTimeout;
    }

    /**
     * Sets the time limit of a whole opening: name lookups, connections, TLS, proxy, redirects and the upgrade. Bytes
     * of the peer do not extend it.
     *
     * @param limit above 0
     * @return a copy
     */
    public ClientOptions connectTimeout(Duration limit) {
        positive(limit, "connectTimeout");
        return with(copy -> copy.connectTimeout = limit);
    }

    /** {@return how many redirects an opening follows, 0 by default; a redirect then fails it with the response} */
    public int maxRedirects() {
        return maxRedirects;
    }

    /**
     * Sets how many redirects (301, 302, 303, 307, 308) an opening follows. A further redirect fails the opening, and
     * so does one from wss to ws. Authorization, Cookie and Proxy-Authorization are not sent to another scheme, host or
     * port; other fields are.
     *
     * @param most 0 to {@link #REDIRECTS_MAX}
     * @return a copy
     * @throws IllegalArgumentException if it is out of that range
     */
    public ClientOptions maxRedirects(int most) {
        if (most < 0 || most > REDIRECTS_MAX) {
            throw new IllegalArgumentException("maxRedirects must be 0 to " + REDIRECTS_MAX + ": " + most);
        }
        return with(copy -> copy.maxRedirects = most);
    }

    /** {@return the HTTP proxy; null, the default, for none} */
    public InetSocketAddress proxy() {
        return proxy;
    }

    /**
     * Connects through an HTTP proxy, with CONNECT for both ws and wss (RFC 6455 section 4.1). The proxy looks up the
     * name of the server.
     *
     * @param address of the proxy; a name that is not resolved is looked up for each connection
     * @return a copy
     */
    public ClientOptions proxy(InetSocketAddress address) {
        Objects.requireNonNull(address);
        return with(copy -> {
            copy.proxy = address;
            copy.proxyHeaders = HttpHeaders.empty();
        });
    }

    /**
     * Connects through an HTTP proxy that asks for a name and a password. Both travel to it unencrypted (RFC 7617).
     *
     * @param address as for {@link #proxy(InetSocketAddress)}
     * @param user without a colon
     * @param password sent with the first request, without waiting for 407
     * @return a copy
     * @throws IllegalArgumentException if the name has a colon
     */
    public ClientOptions proxy(InetSocketAddress address, String user, String password) {
        if (user.indexOf(':') >= 0) {
            throw new IllegalArgumentException("a user name has no colon");
        }
        byte[] credentials = (user + ':' + password).getBytes(StandardCharsets.UTF_8);
        HttpHeaders fields = HttpHeaders.builder()
                .add("Proxy-Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials)).build();
        ClientOptions changed = proxy(address);
        return changed.with(copy -> copy.proxyHeaders = fields);
    }

    /** Fields that go to the proxy only. */
    HttpHeaders proxyHeaders() {
        return proxyHeaders;
    }

    /** The TCP options of a connection without TLS. */
    TcpOptions plain() {
        return tcp().tls(null);
    }

    /**
     * The TCP options of a connection with TLS.
     *
     * @throws IOException if the JDK cannot make its default TLS context
     */
    TcpOptions secure() throws IOException {
        if (tls() == null && tcp().tls() != null) {
            return tcp();
        }
        try {
            SSLContext context = tls() == null ? SSLContext.getDefault() : tls();
            return tcp().tls(context, tcp().tlsParameters().andThen(tlsParameters()));
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("the default of the JDK for TLS cannot be made", e);
        }
    }

    @Override
    ClientOptions copy() {
        try {
            return (ClientOptions) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("this class is Cloneable", e);
        }
    }

    private ClientOptions with(Consumer<ClientOptions> change) {
        ClientOptions copy = copy();
        change.accept(copy);
        return copy;
    }

    /** Leaves out the values of fields, which may be credentials. */
    @Override
    public String toString() {
        return describe(new StringJoiner(", ", "ClientOptions[", "]")).add("headers=" + headers)
                .add("subprotocols=" + subprotocols).add("connectTimeout=" + connectTimeout)
                .add("maxRedirects=" + maxRedirects).add("proxy=" + proxy).toString();
    }
}
