package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.grammar.Authority;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which web pages may open a connection (RFC 6455 section 10.2). Browsers let any page of the web connect anywhere
 * and send the user's cookies along, so without this check a stranger's page acts as the user. Programs that are no
 * browser send no Origin, or any they like: this is no authentication.
 */
@FunctionalInterface
public interface Origins {
    /**
     * Decides about one request. Runs on a worker for every handshake, possibly on several at once; must not block.
     *
     * @param request the opening request
     * @return false refuses it with 403
     */
    boolean allows(HttpRequest request);

    /**
     * Pages that came from the host and port that the request asks for; also requests without Origin. The default.
     * Refuses {@code null}, which sandboxed pages and local files send.
     *
     * <p>Where Host gives no port, it is taken as the default port of the page's scheme, because this server cannot
     * know whether TLS ends in front of it. A server that is reachable under any name (DNS rebinding) is better
     * served by {@link #of}.
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
     * Every page of the web. Only for servers that know nobody by cookie or address.
     *
     * @return a stateless rule
     */
    static Origins any() {
        return request -> true;
    }

    /**
     * Pages of exactly these origins; also requests without Origin.
     *
     * @param origins such as {@code https://example.com}; case and a default port make no difference
     * @return an immutable rule
     * @throws IllegalArgumentException if one is not scheme, host and optional port, or has a star
     */
    static Origins of(String... origins) {
        Set<WebOrigin> allowed = new HashSet<>();
        for (String origin : origins) {
            WebOrigin parsed = WebOrigin.parse(origin);
            // a star is a legal host, but whoever writes one means a pattern, which would silently never match
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
