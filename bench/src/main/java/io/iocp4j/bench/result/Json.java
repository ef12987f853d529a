package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes JSON (RFC 8259). A value is a {@code Map<String, Object>} in the order of the text, a
 * {@code List<Object>}, a String, a Long (a number without fraction and exponent that fits), a Double, a Boolean or
 * null.
 */
public final class Json {
    /** Nesting beyond this is refused, before it overflows the stack. */
    private static final int DEPTH_MAX = 100;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    /**
     * Reads a text.
     *
     * @param text one JSON value with white space around it
     * @return the value, as described above
     * @throws IllegalArgumentException if it is not JSON, has a name twice in an object, or is nested more than 100
     *         deep; the message says at which character
     */
    public static Object read(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.skip();
        if (json.at < text.length()) {
            throw json.wrong("the end");
        }
        return value;
    }

    /**
     * Writes a value. An object that is not in another one, or in a list of its own, has a line for each member.
     *
     * @param value the value, of the types above; other numbers are allowed
     * @return the text, which ends with a line feed
     * @throws IllegalArgumentException if a value has another type, or is a NaN or infinite
     */
    public static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out, "\n");
        return out.append('\n').toString();
    }

    /** Members of the outermost object, and elements of its lists, stand in lines of their own. */
    private static void write(Object value, StringBuilder out, String line) {
        switch (value) {
            case null -> out.append("null");
            case String string -> quote(string, out);
            case Boolean bool -> out.append(bool);
            case Map<?, ?> map -> {
                String separator = line;
                out.append('{');
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    quote((String) entry.getKey(), out.append(separator));
                    write(entry.getValue(), out.append(": "), line.isEmpty() ? "" : line + " ");
                    separator = line.isEmpty() ? ", " : "," + line;
                }
                out.append(line.isEmpty() || map.isEmpty() ? "" : "\n").append('}');
            }
            case List<?> list -> {
                String separator = line;
                out.append('[');
                for (Object element : list) {
                    write(element, out.append(separator), "");
                    separator = line.isEmpty() ? ", " : "," + line;
                }
                out.append(']');
            }
            case Number number when Double.isFinite(number.doubleValue()) -> out.append(number);
            default -> throw new IllegalArgumentException("no JSON: " + value);
        }
    }

    private static void quote(String string, StringBuilder out) {
        out.append('"');
        for (char c : string.toCharArray()) {
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                default -> {
                    // a lone surrogate has no encoding in UTF-8
                    if (c < ' ' || Character.isSurrogate(c)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private Object value() {
        skip();
        if (++depth > DEPTH_MAX) {
            throw wrong("less nesting");
        }
        Object value = switch (at < text.length() ? text.charAt(at) : ' ') {
            case '{' -> object();
            case '[' -> list();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
        depth--;
        return value;
    }

    private Map<String, Object> object() {
        Map<String, Object> result = new LinkedHashMap<>();
        at++;
        while (!ends('}', result.isEmpty())) {
            skip();
            int start = at;
            String name = string();
            skip();
            expect(':');
            Object value = value();
            if (result.containsKey(name)) {
                at = start;
                throw wrong("another name than \"" + name + "\"");
            }
            result.put(name, value);
        }
        return result;
    }

    private List<Object> list() {
        List<Object> result = new ArrayList<>();
        at++;
        while (!ends(']', result.isEmpty())) {
            result.add(value());
        }
        return result;
    }

    /** Takes the end of a list or object, or the comma before an element that is not the first one. */
    private boolean ends(char end, boolean first) {
        skip();
        if (at < text.length() && text.charAt(at) == end) {
            at++;
            return true;
        }
        if (!first) {
            expect(',');
        }
        return false;
    }

    private String string() {
        StringBuilder result = new StringBuilder();
        expect('"');
        while (true) {
            char c = next();
            if (c == '"') {
                return result.toString();
            }
            if (c < ' ') {
                at--;
                throw wrong("an escape");
            }
            result.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        char c = next();
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    char digit = next();
                    if (digit > 'f' || Character.digit(digit, 16) < 0) {
                        at--;
                        throw wrong("a hexadecimal digit");
                    }
                    code = code << 4 | Character.digit(digit, 16);
                }
                yield (char) code;
            }
            default -> {
                at--;
                throw wrong("an escape");
            }
        };
    }

    private Object number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String number = text.substring(start, at);
        if (!number.matches("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?")) {
            at = start;
            throw wrong("a value");
        }
        try {
            return Long.valueOf(number);
        } catch (NumberFormatException e) {
            return Double.valueOf(number); // it has a fraction or an exponent, or is too large
        }
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw wrong("a value");
        }
        at += word.length();
        return value;
    }

    private char next() {
        if (at >= text.length()) {
            throw wrong("more");
        }
        return text.charAt(at++);
    }

    private void expect(char c) {
        if (at >= text.length() || text.charAt(at) != c) {
            throw wrong("'" + c + "'");
        }
        at++;
    }

    private void skip() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private IllegalArgumentException wrong(String expected) {
        String found = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
        return new IllegalArgumentException("character " + at + ": expected " + expected + ", found " + found);
    }
}
