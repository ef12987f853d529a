package io.iocp4j.relay.access;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * The address that clients see, in front of all proxies. Immutable. Any thread.
 *
 * @param origin scheme, host and port, such as {@code https://video.example.org}
 * @param host the host in small letters; an IPv6 address has its brackets
 * @param path begins with a slash and does not end with one; empty for the root
 */
public record PublicUrl(String origin, String host, String path) {
    /**
     * Reads an address.
     *
     * @param text http or https, a host, and perhaps a port and a path
     * @return the address
     * @throws IllegalArgumentException if it is anything else; the message continues the name of a setting
     */
    public static PublicUrl parse(String text) {
        try {
            URI uri = new URI(text);
            String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
            if ((scheme.equals("http") || scheme.equals("https")) && uri.getHost() != null
                    && uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null) {
                String host = uri.getHost().toLowerCase(Locale.ROOT);
                String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
                return new PublicUrl(scheme + "://" + host + port, host, basePath(uri.getRawPath()));
            }
        } catch (URISyntaxException e) {
            // the message below says all that the operator needs
            throw wrong(text);
        }
        throw wrong(text);
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException("needs an address such as https://video.example.org/relay, not " + text);
    }

    /**
     * Reads a path that the relay lives below.
     *
     * @param text begins with a slash; letters, digits, dots, hyphens and underscores between slashes
     * @return without a slash at its end; empty for the root
     * @throws IllegalArgumentException if it is anything else; the message continues the name of a setting
     */
    public static String basePath(String text) {
        String path = text.replaceFirst("/+$", "");
        if (!path.matches("(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")) {
            throw new IllegalArgumentException("needs a path such as /relay, not " + text);
        }
        if (path.matches("/(publish|live|watch|api|metrics|recordings)(/.*)?")) {
            throw new IllegalArgumentException("needs a path that the relay does not use itself, not " + text);
        }
        return path;
    }

    /**
     * Returns the TCP port of the address.
     *
     * @return the port that it names, or that of its scheme
     */
    public int port() {
        int named = URI.create(origin).getPort();
        return named >= 0 ? named : origin.startsWith("https:") ? 443 : 80;
    }

    @Override
    public String toString() {
        return origin + path + "/";
    }
}
