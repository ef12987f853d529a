package io.iocp4j.websocket;

/**
 * The token of HTTP (RFC 9110 section 5.6.2): what methods, field names and subprotocol names are made of.
 */
final class HttpToken {
    private static final String PUNCTUATION = "!#$%&'*+-.^_`|~";

    private HttpToken() {
    }

    /** Whether this character (or byte, 0-255) may stand in a token. */
    static boolean isTokenChar(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || PUNCTUATION.indexOf(c) >= 0;
    }

    /** Whether the text is a token: at least one character, all of them allowed. */
    static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isTokenChar(text.charAt(i))) {
                return false;
            }
        }
        return !text.isEmpty();
    }
}
