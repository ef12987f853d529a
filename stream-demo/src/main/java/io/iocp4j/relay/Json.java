package io.iocp4j.relay;

import io.iocp4j.relay.observe.JsonText;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads and quotes the JSON (RFC 8259) that the control texts need: one object whose values are strings, numbers,
 * booleans or null. Numbers are read as double. A nested object or array is refused, so there is no depth to limit. The
 * length of the text is limited by the message.
 */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /**
     * Reads one object.
     *
     * @throws IllegalArgumentException if the text is anything else; the message contains the place
     */
    static Map<String, Object> parse(String text) {
        Json json = new Json(text);
        Map<String, Object> object = json.object();
        json.blank();
        if (json.at != text.length()) {
            throw json.unexpected();
        }
        return object;
    }

    /** Returns a string with its quotes. It is also safe inside an HTML page. */
    static String quote(String value) {
        return JsonText.quote(value);
    }

    private Map<String, Object> object() {
        Map<String, Object> members = new LinkedHashMap<>();
        expect('{');
        if (peek() == '}') {
            at++;
            return members;
        }
        while (true) {
            String name = string();
            expect(':');
            members.put(name, value());
            if (peek() == '}') {
                at++;
                return members;
            }
            expect(',');
        }
    }

    private Object value() {
        char first = peek();
        return switch (first) {
            case '"' -> string();
            case 't' -> word("true", Boolean.TRUE);
            case 'f' -> word("false", Boolean.FALSE);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw unexpected();
        }
        at += word.length();
        return value;
    }

    private Double number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        try {
            return Double.valueOf(text.substring(start, at));
        } catch (NumberFormatException e) {
            at = start;
            throw unexpected();
        }
    }

    private String string() {
        expect('"');
        StringBuilder out = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return out.toString();
            }
            if (c < 0x20) {
                at--;
                throw unexpected();
            }
            out.append(c == '\\' ? escaped() : c);
        }
        throw unexpected();
    }

    private char escaped() {
        if (at == text.length()) {
            throw unexpected();
        }
        char c = text.charAt(at++);
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> {
                at--;
                throw unexpected();
            }
        };
    }

    private char unicode() {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            // not Character.digit, which accepts the digits of every script
            if (at == text.length() || !HexFormat.isHexDigit(text.charAt(at))) {
                throw unexpected();
            }
            value = value << 4 | HexFormat.fromHexDigit(text.charAt(at));
            at++;
        }
        return (char) value;
    }

    private void expect(char wanted) {
        if (peek() != wanted) {
            throw unexpected();
        }
        at++;
    }

    private char peek() {
        blank();
        if (at == text.length()) {
            throw unexpected();
        }
        return text.charAt(at);
    }

    private void blank() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private IllegalArgumentException unexpected() {
        return new IllegalArgumentException(at < text.length() ? "unexpected character at " + at : "ends too early");
    }
}
