package io.iocp4j.websocket.http.grammar;

import java.util.Locale;

/**
 * A host and a port, as in a Host field, an absolute request target or an origin (RFC 3986 section 3.2). User
 * information is refused, because RFC 9110 section 4.2.4 treats it as an error. Immutable. Any thread.
 *
 * @param host in lower case, an IPv6 address with its brackets; may be empty
 * @param port 0 to 65535, or {@link #NO_PORT}
 */
public record Authority(String host, int port) {
    /** The value of an absent port. */
    public static final int NO_PORT = -1;

    /** The punctuation of reg-name in RFC 3986, except the comma: with it, two merged Host fields would pass as one. */
    private static final String HOST_PUNCTUATION = "-._~%!$&'()*+;=";

    /**
     * Parses host and port.
     *
     * @param text host, or host and port
     * @return the parts, or null if the text is malformed
     */
    public static Authority parse(String text) {
        int hostEnd = text.startsWith("[") ? text.indexOf(']') + 1 : endOfName(text);
        String host = text.substring(0, hostEnd);
        if (!(host.startsWith("[") ? isAddress(host) : isName(host))) {
            return null;
        }
        if (hostEnd == text.length()) {
            return new Authority(host.toLowerCase(Locale.ROOT), NO_PORT);
        }
        int port = text.charAt(hostEnd) == ':' ? parsePort(text.substring(hostEnd + 1)) : Integer.MAX_VALUE;
        return host.isEmpty() || port > 65535 ? null : new Authority(host.toLowerCase(Locale.ROOT), port);
    }

    private static int endOfName(String text) {
        int colon = text.indexOf(':');
        return colon < 0 ? text.length() : colon;
    }

    private static boolean isName(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            boolean alphanumeric = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (!alphanumeric && HOST_PUNCTUATION.indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isAddress(String host) {
        for (int i = 1; i < host.length() - 1; i++) {
            char c = host.charAt(i);
            if (PercentDecoder.hexDigit(c) < 0 && c != ':' && c != '.') {
                return false;
            }
        }
        return host.length() > 3;
    }

    /** Returns the port; NO_PORT if the text is empty, which RFC 3986 allows; above 65535 if it is not a port. */
    private static int parsePort(String text) {
        if (text.isEmpty()) {
            return NO_PORT;
        }
        int port = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (i == 5 || c < '0' || c > '9') {
                return Integer.MAX_VALUE;
            }
            port = port * 10 + c - '0';
        }
        return port;
    }
}
