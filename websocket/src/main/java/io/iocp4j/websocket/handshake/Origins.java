package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.grammar.Authority;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Decides which web pages may open a connection (RFC 6455 section 10.2). Browsers let any web page connect anywhere,
 * and they send the user's cookies along. Without this check, a stranger's page can act as the user. This is not
 * authentication: programs other than browsers send no Origin, or any Origin they like.
 */
@FunctionalInterface
public interface Origins {
    /**
     * Decides about one request. The server calls this on a worker for every handshake, possibly on several workers at
     * once. It must not block.
     *
     * @param request the opening request
     * @return false to refuse the request with 403
     */
    boolean allows(HttpRequest request);

    /**
     * Allows pages that came from the host and port of the request, and requests without Origin. This is the default.
     * It refuses the origin {@code null}, which sandboxed pages and local files send.
     *
     * <p>If Host has no port, the default port of the page's scheme applies. The server's own scheme does not help: a
     * proxy may terminate TLS in front of it. A server that answers to any host name is open to DNS rebinding here, so
     * it should use {@link #of}.
     *
     * @return a stateless rule
     */
    static Origins sameHost() {
        return request -> {
            List<String> sent = request.headers().all("Origin");
            if (sent.isEmpty()) {
                return true;
            }
            String asked = request.authority();
            WebOrigin page = sent.size() == 1 ? WebOrigin.parse(sent.getFirst()) : null;
            Authority server = asked == null ? null : Authority.parse(asked);
            return page != null && server != null && page.isAt(server);
        };
    }

    /**
     * Allows every web page. Only for servers that identify nobody by cookie or address.
     *
     * @return a stateless rule
     */
    static Origins any() {
        return request -> true;
    }

    /**
     * Allows pages of exactly these origins, and requests without Origin.
     *
     * @param origins such as {@code https://example.com}; case and a default port make no difference
     * @return an immutable rule
     * @throws IllegalArgumentException if an origin is not scheme, host and optional port, or contains a star
     */
    static Origins of(String... origins) {
        Set<WebOrigin> allowed = new HashSet<>();
        for (String origin : origins) {
            WebOrigin parsed = WebOrigin.parse(origin);
            // a star is legal in a host, but its author means a pattern, which would silently never match
            if (parsed == null || origin.indexOf('*') >= 0) {
                throw new IllegalArgumentException("not an origin: " + origin);
            }
            allowed.add(parsed);
        }
        return request -> {
            List<String> sent = request.headers().all("Origin");
            return sent.isEmpty() || sent.size() == 1 && allowed.contains(WebOrigin.parse(sent.getFirst()));
        };
    }
}
