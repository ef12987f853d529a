package io.iocp4j.websocket.http.grammar;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Strict percent-decoding of a request target (RFC 3986 section 2.1) to UTF-8. Ambiguous input is refused. Decoding
 * takes one pass, and the result is never longer than the input. Pure functions. Any thread.
 */
public final class PercentDecoder {
    private PercentDecoder() {
    }

    /**
     * Decodes a path. It refuses bad escapes, malformed UTF-8 and control characters. It also refuses escaped slashes,
     * because an earlier check of the segments would not have seen them. A backslash is refused in any form, because
     * Windows treats it as a separator too.
     *
     * @param text the path as it was sent
     * @return the decoded path, or null if refused
     */
    public static String decodePath(String text) {
        return decode(text, false);
    }

    /**
     * Decodes a name or a value of a query. A plus becomes a space, as in HTML forms. Bad escapes, malformed UTF-8 and
     * NUL are refused.
     *
     * @param text the name or value as it was sent
     * @return the decoded text, or null if refused
     */
    public static String decodeQuery(String text) {
        return decode(text, true);
    }

    private static String decode(String text, boolean form) {
        byte[] decoded = new byte[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                int value = escapeAt(text, i + 1);
                if (value <= 0 || !form && (value < ' ' || value == 0x7F || value == '/' || value == '\\')) {
                    return null;
                }
                decoded[length++] = (byte) value;
                i += 2;
            } else if (c > 0x7E || !form && c == '\\') {
                return null;
            } else {
                decoded[length++] = (byte) (form && c == '+' ? ' ' : c);
            }
        }
        return utf8(ByteBuffer.wrap(decoded, 0, length));
    }

    /** Returns the value of two hexadecimal digits, or a negative number if they are not there. */
    private static int escapeAt(String text, int index) {
        if (index + 2 > text.length()) {
            return -1;
        }
        return hexDigit(text.charAt(index)) << 4 | hexDigit(text.charAt(index + 1));
    }

    /**
     * Returns the value of a hexadecimal digit. Character.digit would also accept digits of other scripts.
     *
     * @param c a character, or a byte as 0 to 255
     * @return 0 to 15, or negative if it is not a digit
     */
    public static int hexDigit(int c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        int lower = c | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    private static String utf8(ByteBuffer bytes) {
        try {
            // a new decoder reports malformed input; the constructor of String would replace it
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException malformed) {
            return null;
        }
    }
}
