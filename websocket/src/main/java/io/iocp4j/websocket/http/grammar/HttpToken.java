package io.iocp4j.websocket.http.grammar;

/**
 * The token of HTTP (RFC 9110 section 5.6.2): what methods, field names and subprotocol names are made of.
 */
public final class HttpToken {
    private static final String PUNCTUATION = "!#$%&'*+-.^_`|~";

    private HttpToken() {
    }

    /**
     * Tells whether a character may stand in a token.
     *
     * @param c a character, or a byte as 0 to 255
     * @return true if it may
     */
    public static boolean isTokenChar(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || PUNCTUATION.indexOf(c) >= 0;
    }

    /**
     * Tells whether a text is a token.
     *
     * @param text any
     * @return true if it has at least one character, and all are allowed
     */
    public static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isTokenChar(text.charAt(i))) {
                return false;
            }
        }
        return !text.isEmpty();
    }
}
