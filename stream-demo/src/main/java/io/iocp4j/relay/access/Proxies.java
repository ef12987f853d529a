package io.iocp4j.relay.access;

import io.iocp4j.websocket.http.HttpHeaders;
import java.net.InetAddress;
import java.util.List;

/**
 * The reverse proxies whose fields X-Forwarded-For, -Proto and -Host are believed. Immutable. Any thread.
 *
 * <p>Each proxy appends the address of its own peer to X-Forwarded-For. So the field is true from its right end as far
 * as trusted proxies wrote it, and the client is the right-most address that is not a trusted proxy. All before it may
 * be forged.
 *
 * @param trusted the addresses of the proxies; empty to believe nobody
 */
public record Proxies(List<Cidr> trusted) {
    private static final String FORWARDED_FOR = "X-Forwarded-For";

    /** Copies the list. */
    public Proxies {
        trusted = List.copyOf(trusted);
    }

    /**
     * Tells whether the fields of a peer are believed.
     *
     * @param peer the address of the TCP connection
     * @return true if it is a trusted proxy
     */
    public boolean trusts(InetAddress peer) {
        return trusted.stream().anyMatch(block -> block.contains(peer));
    }

    /**
     * Finds the client.
     *
     * @param peer the address of the TCP connection
     * @param headers of the request
     * @return the address of the client; the peer itself if it is not trusted
     */
    public InetAddress client(InetAddress peer, HttpHeaders headers) {
        InetAddress client = peer;
        List<String> hops = headers.elements(FORWARDED_FOR);
        for (int i = hops.size() - 1; i >= 0 && trusts(client); i--) {
            InetAddress hop = hop(hops.get(i));
            if (hop == null) {
                break;
            }
            client = hop;
        }
        return client;
    }

    /** Reads one element, which may have a port: {@code 192.0.2.1:443}, {@code [2001:db8::1]:443}. Null if unknown. */
    private static InetAddress hop(String text) {
        String host = text.strip();
        if (host.startsWith("[")) {
            int end = host.indexOf(']');
            host = end < 0 ? host : host.substring(1, end);
        } else if (host.indexOf(':') == host.lastIndexOf(':') && host.indexOf(':') >= 0) {
            host = host.substring(0, host.indexOf(':'));
        }
        return Cidr.address(host);
    }

    /**
     * Returns the host that the client asked for, as the nearest proxy says.
     *
     * @param peer the address of the TCP connection
     * @param headers of the request
     * @return null if the peer is not trusted, or does not say
     */
    public String host(InetAddress peer, HttpHeaders headers) {
        List<String> hosts = trusts(peer) ? headers.elements("X-Forwarded-Host") : List.of();
        return hosts.isEmpty() ? null : hosts.getLast().strip();
    }

    /**
     * Tells whether the client used TLS, as the nearest proxy says.
     *
     * @param peer the address of the TCP connection
     * @param headers of the request
     * @return false if the peer is not trusted, or does not say
     */
    public boolean secure(InetAddress peer, HttpHeaders headers) {
        List<String> schemes = trusts(peer) ? headers.elements("X-Forwarded-Proto") : List.of();
        return !schemes.isEmpty() && schemes.getLast().strip().equalsIgnoreCase("https");
    }

    /**
     * Tells whether a request came through any proxy, trusted or not. Only for words that explain a failure.
     *
     * @param headers of the request
     * @return true if a proxy left a trace
     */
    public static boolean passed(HttpHeaders headers) {
        return headers.first(FORWARDED_FOR) != null || headers.first("Forwarded") != null
                || headers.first("Via") != null;
    }
}
