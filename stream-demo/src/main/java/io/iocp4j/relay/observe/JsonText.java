package io.iocp4j.relay.observe;

import java.util.Locale;
import java.util.Map;

/**
 * Writes one JSON object (RFC 8259). Only ASCII characters are written; others become escapes, so the text has one
 * line and is safe inside an HTML page. One thread at a time.
 */
public final class JsonText {
    private final StringBuilder out = new StringBuilder(128).append('{');
    private boolean first = true;

    /** Creates an object without members. */
    public JsonText() {
    }

    /**
     * Appends a member.
     *
     * @param name not null
     * @param value null, a string, an integer, a boolean, a map, or a floating-point number, which gets at most three
     *     digits after the point and becomes null if it is not finite; another object is written as its string
     * @return this
     */
    public JsonText put(String name, Object value) {
        name(name);
        switch (value) {
            case null -> out.append("null");
            case Double number -> out.append(decimal(number));
            case Number number -> out.append(number);
            case Boolean truth -> out.append(truth);
            case Map<?, ?> members -> {
                JsonText inner = new JsonText();
                members.forEach((key, member) -> inner.put(String.valueOf(key), member));
                out.append(inner);
            }
            default -> quote(String.valueOf(value), out);
        }
        return this;
    }

    /**
     * Appends a member whose value is JSON already.
     *
     * @param name not null
     * @param json an object, an array or another value
     * @return this
     */
    public JsonText putJson(String name, String json) {
        name(name);
        out.append(json);
        return this;
    }

    private void name(String name) {
        if (!first) {
            out.append(',');
        }
        first = false;
        quote(name, out);
        out.append(':');
    }

    private static String decimal(double number) {
        if (!Double.isFinite(number)) {
            return "null";
        }
        return number == Math.rint(number) && Math.abs(number) < 1e15 ? String.valueOf((long) number)
                : String.format(Locale.ROOT, "%.3f", number);
    }

    /** Returns the text of the object. */
    @Override
    public String toString() {
        return out + "}";
    }

    /**
     * Quotes a string.
     *
     * @param value not null
     * @return the value with its quotes
     */
    public static String quote(String value) {
        StringBuilder out = new StringBuilder(value.length() + 2);
        quote(value, out);
        return out.toString();
    }

    private static void quote(String value, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                default -> {
                    if (c < 0x20 || c == '<' || c >= 0x7F) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
