package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpResponseHead;
import io.iocp4j.websocket.http.grammar.Authority;
import java.net.URI;
import java.net.URISyntaxException;

/**
 * Where a client connects to (RFC 6455 section 3).
 *
 * @param secure whether TLS is between
 * @param host in lower case, an IPv6 address with its brackets
 * @param port 1 to 65535
 * @param resource path and query as they are sent, beginning with a slash
 */
public record WebSocketUri(boolean secure, String host, int port, String resource) {
    private static final int PORT = 80;
    private static final int SECURE_PORT = 443;

    /**
     * Takes a URI apart. A fragment has no meaning here and must not be there (section 3); user information is not part
     * of the grammar of that section, and a password in a URI ends in logs.
     *
     * @param uri begins with ws:// or wss://
     * @return its parts
     * @throws IllegalArgumentException if it is no complete ws or wss URI
     */
    public static WebSocketUri of(URI uri) {
        boolean secure = "wss".equalsIgnoreCase(uri.getScheme());
        if (!secure && !"ws".equalsIgnoreCase(uri.getScheme())) {
            throw new IllegalArgumentException("a WebSocket URI begins with ws:// or wss://");
        }
        if (uri.getRawFragment() != null) {
            throw new IllegalArgumentException("a WebSocket URI has no fragment");
        }
        return of(uri, secure);
    }

    private static WebSocketUri of(URI uri, boolean secure) {
        // java.net.URI itself knows no host for names with an underscore, which are usual inside of clusters
        String authority = uri.getRawAuthority();
        if (authority != null && authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException("a WebSocket URI has no user information: set an Authorization header");
        }
        Authority parsed = authority == null ? null : Authority.parse(authority);
        if (parsed == null || parsed.host().isEmpty() || parsed.port() == 0) {
            throw new IllegalArgumentException("a WebSocket URI names a host, and a port above 0 if any");
        }
        int standard = secure ? SECURE_PORT : PORT;
        return new WebSocketUri(secure, parsed.host(), parsed.port() == Authority.NO_PORT ? standard : parsed.port(),
                resource(uri));
    }

    private static String resource(URI uri) {
        URI ascii = URI.create(uri.toASCIIString());
        String path = ascii.getRawPath().isEmpty() ? "/" : ascii.getRawPath();
        return ascii.getRawQuery() == null ? path : path + '?' + ascii.getRawQuery();
    }

    /**
     * Where a redirect leads to (RFC 9110 section 10.2.2). Its fragment is of no use; http stands for ws and https for
     * wss, as servers that know nothing of WebSocket have it.
     *
     * @param location may be relative
     * @param response the head of the redirect
     * @return the next server
     * @throws HandshakeException if it leads nowhere, or from wss to ws: what was to be secret would travel in the open
     */
    public WebSocketUri redirect(String location, HttpResponseHead response) throws HandshakeException {
        WebSocketUri next;
        try {
            URI target = uri().resolve(new URI(location));
            String scheme = target.getScheme();
            boolean targetSecure = "wss".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme);
            if (!targetSecure && !"ws".equalsIgnoreCase(scheme) && !"http".equalsIgnoreCase(scheme)) {
                throw new HandshakeException("a redirect leads away from HTTP", response);
            }
            next = of(target, targetSecure);
        } catch (URISyntaxException | IllegalArgumentException malformed) {
            throw new HandshakeException("a redirect leads to a malformed Location", response, malformed);
        }
        if (secure && !next.secure) {
            throw new HandshakeException("a redirect leads from wss to ws", response);
        }
        return next;
    }

    /**
     * Tells whether credentials for the one are meant for the other (RFC 6454 section 5).
     *
     * @param other the next server
     * @return true if scheme, host and port are the same
     */
    public boolean isSameOrigin(WebSocketUri other) {
        return secure == other.secure && host.equals(other.host) && port == other.port;
    }

    /**
     * The name to look up: an address without its brackets.
     *
     * @return a host name or an address
     */
    public String hostName() {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /**
     * The Host field: without the port where it is that of the scheme.
     *
     * @return host, or host and port
     */
    public String authority() {
        return port == (secure ? SECURE_PORT : PORT) ? host : hostAndPort();
    }

    /**
     * The target of CONNECT (RFC 9110 section 9.3.6).
     *
     * @return host and port
     */
    public String hostAndPort() {
        return host + ':' + port;
    }

    private URI uri() throws URISyntaxException {
        return new URI((secure ? "wss://" : "ws://") + hostAndPort() + resource);
    }

    /** Without path and query, which may hold credentials. */
    @Override
    public String toString() {
        return (secure ? "wss://" : "ws://") + hostAndPort();
    }
}
