package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.SharedPort;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.ClientHandshake;
import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Opens WebSockets (RFC 6455 section 4.1), for calls that wait or with callbacks.
 *
 * <p>An opening ends once: in {@code onOpen} and a WebSocket, or in an exception, and then in {@code onClose} with
 * {@link CloseCode#ABNORMAL} without an {@code onOpen} before it. Nothing is tried again, neither an opening that
 * failed nor a WebSocket that ended: only the application knows whether its messages may be sent twice, and when
 * to come back ({@code Retry-After}, {@link CloseCode#TRY_AGAIN_LATER}).
 *
 * <p>What fails it: {@link HandshakeException} if a server or proxy answered with something else than a WebSocket;
 * {@link io.iocp4j.core.IoException} if there was no answer: the name, the connection, TLS, the time.
 */
public final class WebSocketClient {
    /** The most redirects that one opening can be told to follow. */
    public static final int REDIRECTS_MAX = 5;

    private WebSocketClient() {
    }

    /**
     * A client with the default limits, without a subprotocol, that follows no redirect.
     *
     * @return to be completed
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Opens a WebSocket with the default settings and waits, see {@link Builder#connect(URI)}.
     *
     * @param uri begins with ws:// or wss://
     * @return open
     * @throws IOException if it cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     */
    public static WebSocket connect(String uri) throws IOException {
        return builder().connect(URI.create(uri));
    }

    /**
     * Begins to open a WebSocket with the default settings, see {@link Builder#connectAsync(URI, WebSocketListener)}.
     *
     * @param uri begins with ws:// or wss://
     * @param listener of this WebSocket alone
     * @return completes when it is open, or cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     */
    public static CompletableFuture<WebSocket> connectAsync(URI uri, WebSocketListener listener) {
        return builder().connectAsync(uri, listener);
    }

    /** The settings of a client. Not thread-safe; an opening keeps a copy. */
    public static final class Builder extends WebSocketBuilder<Builder> {
        private TcpOptions tcp = TcpOptions.defaults();
        private SSLContext tls;
        private Consumer<SSLParameters> tlsParameters = parameters -> { };
        private HttpLimits httpLimits = HttpLimits.defaults();
        private final HttpHeaders.Builder headers = HttpHeaders.builder();
        private Set<String> subprotocols = Set.of();
        private Duration connectTimeout = Duration.ofSeconds(10);
        private int redirects;
        private InetSocketAddress proxy;
        private HttpHeaders proxyHeaders = HttpHeaders.empty();

        private Builder() {
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Options and limits of the TCP connection.
         *
         * @param options {@link TcpOptions#defaults()} unless set; its time for the connect counts within {@link
         *     #connectTimeout}. Whether there is TLS is decided by the URI; the context and the parameters in the
         *     options are used then, unless {@link #tls} sets another context
         * @return this
         */
        public Builder tcp(TcpOptions options) {
            tcp = Objects.requireNonNull(options);
            return this;
        }

        /**
         * Whom to trust, and who this side is, where the URI begins with wss://. That the certificate is one of the
         * host in the URI is checked always.
         *
         * @param context the default of the JDK unless set; goes before the one of {@link #tcp}, whose parameters are kept
         * @return this
         */
        public Builder tls(SSLContext context) {
            tls = Objects.requireNonNull(context);
            return this;
        }

        /**
         * Whom to trust, and who this side is, with parameters.
         *
         * @param context as {@link #tls(SSLContext)}
         * @param parameters changes what is negotiated, such as versions; called after what the options of {@link #tcp}
         *     have set
         * @return this
         */
        public Builder tls(SSLContext context, Consumer<SSLParameters> parameters) {
            tlsParameters = Objects.requireNonNull(parameters);
            return tls(context);
        }

        /**
         * Limits of the head of a response, and of a chunked body behind it.
         *
         * @param values {@link HttpLimits#defaults()} unless set
         * @return this
         */
        public Builder httpLimits(HttpLimits values) {
            httpLimits = Objects.requireNonNull(values);
            return this;
        }

        /**
         * A field of the opening request, such as Origin, Authorization or Cookie, in place of one of this name.
         *
         * @param name a token; none of those that the handshake makes by itself (Host, Upgrade, Connection,
         *     Sec-WebSocket-...), nor of those that announce a body
         * @param value no control characters but TAB, nothing above U+00FF
         * @return this
         * @throws IllegalArgumentException if name or value is not allowed
         */
        public Builder header(String name, String value) {
            ClientHandshake.requireAllowed(name);
            headers.set(name, value);
            return this;
        }

        /**
         * The subprotocols to offer, the preferred one first. The server may choose none: ask
         * {@link WebSocket#handshake()}.
         *
         * @param names none unless set
         * @return this
         * @throws IllegalArgumentException if one is no token, or stands there twice
         */
        public Builder subprotocols(String... names) {
            subprotocols = ClientHandshake.requireSubprotocols(names);
            return this;
        }

        /**
         * How long an opening may take in all: names, connections, TLS, proxy, redirects and the upgrade; not refreshed
         * by anything that comes.
         *
         * @param limit above 0, 10 s unless set
         * @return this
         */
        public Builder connectTimeout(Duration limit) {
            connectTimeout = positive(limit, "connectTimeout");
            return this;
        }

        /**
         * How many redirects (301, 302, 303, 307, 308) an opening follows; one more fails it. None leads from wss to
         * ws. Authorization, Cookie and Proxy-Authorization do not come along to another scheme, host or port; other
         * fields do.
         *
         * @param most 0 to {@link #REDIRECTS_MAX}, 0 unless set: each is a failure with the response
         * @return this
         */
        public Builder redirects(int most) {
            if (most < 0 || most > REDIRECTS_MAX) {
                throw new IllegalArgumentException("redirects must be 0 to " + REDIRECTS_MAX + ": " + most);
            }
            redirects = most;
            return this;
        }

        /**
         * Goes through an HTTP proxy, by CONNECT for ws and wss alike (RFC 6455 section 4.1). The proxy looks up the
         * name of the server.
         *
         * @param address of the proxy; a name that is not resolved is looked up for each connection
         * @return this
         */
        public Builder proxy(InetSocketAddress address) {
            proxy = Objects.requireNonNull(address);
            proxyHeaders = HttpHeaders.empty();
            return this;
        }

        /**
         * Goes through an HTTP proxy that asks for a name and a password. Both travel to it in the open (RFC 7617).
         *
         * @param address as for {@link #proxy(InetSocketAddress)}
         * @param user without a colon
         * @param password sent with the first request, without waiting for 407
         * @return this
         */
        public Builder proxy(InetSocketAddress address, String user, String password) {
            if (user.indexOf(':') >= 0) {
                throw new IllegalArgumentException("a user name has no colon");
            }
            byte[] credentials = (user + ':' + password).getBytes(StandardCharsets.UTF_8);
            proxy(address);
            proxyHeaders = HttpHeaders.builder()
                    .add("Proxy-Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials)).build();
            return this;
        }

        ClientSettings settings() {
            return new ClientSettings(webSocket, tcp, tls, tlsParameters, httpLimits, headers.build(), subprotocols,
                    connectTimeout, redirects, proxy, proxyHeaders);
        }

        /**
         * Opens a WebSocket on the completion port that all clients without one share, and waits. See
         * {@link #connect(CompletionPort, URI)} and {@link SharedPort}.
         *
         * @param uri begins with ws:// or wss://
         * @return open, to be closed
         * @throws IOException if it cannot be opened
         * @throws IllegalArgumentException if it is no WebSocket URI
         * @throws IllegalStateException in a callback of a client that shares the port
         */
        public WebSocket connect(URI uri) throws IOException {
            return ClientOpening.connectOnSharedPort(settings(), uri);
        }

        /**
         * Opens a WebSocket for calls that wait, and waits for it; for virtual threads.
         *
         * @param port whose workers carry the bytes; stays open
         * @param uri begins with ws:// or wss://; has no fragment and no user information
         * @return open, to be closed
         * @throws IOException if it cannot be opened, or the thread is interrupted
         * @throws IllegalArgumentException if it is no WebSocket URI
         * @throws IllegalStateException on a worker of the port, which would wait for itself, or if the port is closed
         */
        public WebSocket connect(CompletionPort port, URI uri) throws IOException {
            if (port.isWorker()) {
                throw new IllegalStateException("a worker of the port must not wait for the port");
            }
            return ClientOpening.await(connectAsync(port, uri, new BlockingReceiver(null)));
        }

        /**
         * Begins to open a WebSocket on the completion port that all clients without one share, which does not keep
         * the process running. See {@link #connectAsync(CompletionPort, URI, WebSocketListener)} and {@link SharedPort}.
         *
         * @param uri begins with ws:// or wss://
         * @param listener of this WebSocket alone
         * @return completes when it is open, or cannot be opened
         * @throws IllegalArgumentException if it is no WebSocket URI
         */
        public CompletableFuture<WebSocket> connectAsync(URI uri, WebSocketListener listener) {
            return ClientOpening.onSharedPort(settings(), uri, listener);
        }

        /**
         * Begins to open a WebSocket with callbacks. Does not wait. {@code onOpen} comes before the result completes;
         * where it cannot be opened, {@code onClose} comes instead, without {@code onOpen} (only where the system has
         * not even a socket, the result alone tells). To give up before it is open, cancel the result.
         *
         * @param port whose workers run the callbacks; stays open
         * @param uri begins with ws:// or wss://; has no fragment and no user information
         * @param listener of this WebSocket alone
         * @return completes on a worker of the port: what depends on it must not wait. Fails with an
         *     {@link IOException}
         * @throws IllegalArgumentException if it is no WebSocket URI
         * @throws IllegalStateException if the port is closing or closed
         */
        public CompletableFuture<WebSocket> connectAsync(CompletionPort port, URI uri, WebSocketListener listener) {
            return ClientOpening.on(port, settings(), uri, listener);
        }
    }
}
