package io.iocp4j.websocket.http.grammar;

/**
 * The token of HTTP (RFC 9110 section 5.6.2). Methods, field names and subprotocol names are tokens. Pure functions.
 * Any thread.
 */
public final class HttpToken {
    private static final String PUNCTUATION = "!#$%&'*+-.^_`|~";

    private HttpToken() {
    }

    /**
     * Tells whether a character may stand in a token.
     *
     * @param c a character, or a byte as 0 to 255
     * @return true for letters, digits and the 15 punctuation characters of the RFC
     */
    public static boolean isTokenChar(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || PUNCTUATION.indexOf(c) >= 0;
    }

    /**
     * Tells whether a text is a token.
     *
     * @param text any text
     * @return true if it has at least one character and all its characters are allowed
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
