package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.grammar.Authority;
import java.util.Locale;

/**
 * An origin as browsers send it (RFC 6454 section 7): scheme, host and port only. Immutable. Any thread.
 *
 * @param scheme in lower case
 * @param host in lower case, never empty
 * @param port as given, else the default of the scheme; {@link Authority#NO_PORT} if the scheme has none
 */
record WebOrigin(String scheme, String host, int port) {
    /** Parses a serialised origin. Returns null if it is malformed or the opaque origin {@code null}. */
    static WebOrigin parse(String text) {
        int schemeEnd = text.indexOf("://");
        if (schemeEnd < 1 || !isScheme(text.substring(0, schemeEnd))) {
            return null;
        }
        Authority authority = Authority.parse(text.substring(schemeEnd + 3));
        if (authority == null || authority.host().isEmpty()) {
            return null;
        }
        String scheme = text.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
        return new WebOrigin(scheme, authority.host(), effectivePort(scheme, authority.port()));
    }

    /** Tells whether a page of this origin came from the given server. */
    boolean isAt(Authority server) {
        return isWeb() && host.equals(server.host()) && port == effectivePort(scheme, server.port());
    }

    private boolean isWeb() {
        return scheme.equals("http") || scheme.equals("https");
    }

    private static int effectivePort(String scheme, int port) {
        if (port != Authority.NO_PORT) {
            return port;
        }
        return switch (scheme) {
            case "http" -> 80;
            case "https" -> 443;
            default -> Authority.NO_PORT;
        };
    }

    private static boolean isScheme(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            if (!letter && (i == 0 || (c < '0' || c > '9') && "+-.".indexOf(c) < 0)) {
                return false;
            }
        }
        return true;
    }
}
