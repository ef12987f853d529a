package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpResponseHead;
import io.iocp4j.websocket.http.grammar.Authority;
import java.net.URI;
import java.net.URISyntaxException;

/**
 * The target of a client, a ws or wss URI (RFC 6455 section 3). Immutable. Any thread.
 *
 * @param secure whether the connection uses TLS
 * @param host in lower case, an IPv6 address with its brackets
 * @param port 1 to 65535
 * @param resource path and query as they are sent, beginning with a slash
 */
public record WebSocketUri(boolean secure, String host, int port, String resource) {
    private static final int PORT = 80;
    private static final int SECURE_PORT = 443;

    /**
     * Parses a URI. A fragment has no meaning in a WebSocket URI and must not be there (section 3). User information is
     * not part of that section's grammar, and a password in a URI would end up in logs.
     *
     * @param uri begins with ws:// or wss://
     * @return its parts
     * @throws IllegalArgumentException if it is not a complete ws or wss URI, or has a fragment or user information
     */
    public static WebSocketUri of(URI uri) {
        boolean secure = "wss".equalsIgnoreCase(uri.getScheme());
        if (!secure && !"ws".equalsIgnoreCase(uri.getScheme())) {
            throw new IllegalArgumentException("a WebSocket URI must begin with ws:// or wss://");
        }
        if (uri.getRawFragment() != null) {
            throw new IllegalArgumentException("a WebSocket URI must not have a fragment");
        }
        return of(uri, secure);
    }

    private static WebSocketUri of(URI uri, boolean secure) {
        // URI.getHost() returns null for names with an underscore, which are common inside clusters
        String authority = uri.getRawAuthority();
        if (authority != null && authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException(
                    "a WebSocket URI must not have user information: set an Authorization header");
        }
        Authority parsed = authority == null ? null : Authority.parse(authority);
        if (parsed == null || parsed.host().isEmpty() || parsed.port() == 0) {
            throw new IllegalArgumentException("a WebSocket URI must have a host, and a port of 1 to 65535 if any");
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
     * Returns the target of a redirect (RFC 9110 section 10.2.2). A fragment is ignored. The schemes http and https
     * mean ws and wss, because servers that do not know WebSocket use them.
     *
     * @param location may be relative
     * @param response the head of the redirect
     * @return the next target
     * @throws HandshakeException if the location is malformed or has another scheme, or if it leads from wss to ws,
     *     which would send secrets unencrypted
     */
    public WebSocketUri redirect(String location, HttpResponseHead response) throws HandshakeException {
        WebSocketUri next;
        try {
            URI target = uri().resolve(new URI(location));
            String scheme = target.getScheme();
            boolean targetSecure = "wss".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme);
            if (!targetSecure && !"ws".equalsIgnoreCase(scheme) && !"http".equalsIgnoreCase(scheme)) {
                throw new HandshakeException("the redirect has a scheme that is not ws, wss, http or https", response);
            }
            next = of(target, targetSecure);
        } catch (URISyntaxException | IllegalArgumentException malformed) {
            throw new HandshakeException("the redirect has a malformed Location", response, malformed);
        }
        if (secure && !next.secure) {
            throw new HandshakeException("the redirect leads from wss to ws", response);
        }
        return next;
    }

    /**
     * Tells whether both have the same origin, so that credentials for one may go to the other (RFC 6454 section 5).
     *
     * @param other the next target
     * @return true if scheme, host and port are equal
     */
    public boolean isSameOrigin(WebSocketUri other) {
        return secure == other.secure && host.equals(other.host) && port == other.port;
    }

    /**
     * Returns the host for name resolution: an IPv6 address stands without its brackets.
     *
     * @return a host name or an address
     */
    public String hostName() {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /**
     * Returns the value of the Host field, without the port if it is the default of the scheme.
     *
     * @return host, or host and port
     */
    public String authority() {
        return port == (secure ? SECURE_PORT : PORT) ? host : hostAndPort();
    }

    /**
     * Returns the request target for CONNECT (RFC 9110 section 9.3.6).
     *
     * @return host and port
     */
    public String hostAndPort() {
        return host + ':' + port;
    }

    private URI uri() throws URISyntaxException {
        return new URI((secure ? "wss://" : "ws://") + hostAndPort() + resource);
    }

    /** Leaves out path and query, which may contain credentials. */
    @Override
    public String toString() {
        return (secure ? "wss://" : "ws://") + hostAndPort();
    }
}
