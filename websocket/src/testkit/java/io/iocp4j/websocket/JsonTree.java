package io.iocp4j.websocket;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON text (RFC 8259) to and from plain Java values for tests: Map, List, String, Double, Boolean, null. It reads what
 * a browser and the relay write, and throws IllegalArgumentException for anything else.
 */
public final class JsonTree {
    private final String text;
    private int at;

    private JsonTree(String text) {
        this.text = text;
    }

    public static Object read(String text) {
        JsonTree json = new JsonTree(text);
        Object value = json.value();
        json.space();
        json.check(json.at == text.length());
        return value;
    }

    /** Reads a text whose value is an object. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> readObject(String text) {
        return (Map<String, Object>) read(text);
    }

    public static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(Object value, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case Map<?, ?> map -> {
                String before = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(before);
                    write(entry.getKey().toString(), out);
                    out.append(':');
                    write(entry.getValue(), out);
                    before = ",";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            }
            case List<?> list -> {
                String before = "[";
                for (Object element : list) {
                    out.append(before);
                    write(element, out);
                    before = ",";
                }
                out.append(list.isEmpty() ? "[]" : "]");
            }
            case String string -> {
                out.append('"');
                string.chars().forEach(c -> {
                    if (c < ' ' || c == '"' || c == '\\') {
                        out.append(String.format("\\u%04x", c));
                    } else {
                        out.append((char) c);
                    }
                });
                out.append('"');
            }
            case Number number -> out.append(number);
            case Boolean bool -> out.append(bool);
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }

    private Object value() {
        space();
        check(at < text.length());
        return switch (text.charAt(at)) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> literal("true", true);
            case 'f' -> literal("false", false);
            case 'n' -> literal("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> map = new LinkedHashMap<>();
        at++;
        if (next('}')) {
            return map;
        }
        do {
            space();
            String name = string();
            check(next(':'));
            map.put(name, value());
        } while (next(','));
        check(next('}'));
        return map;
    }

    private List<Object> array() {
        List<Object> list = new ArrayList<>();
        at++;
        if (next(']')) {
            return list;
        }
        do {
            list.add(value());
        } while (next(','));
        check(next(']'));
        return list;
    }

    private String string() {
        check(text.startsWith("\"", at++));
        StringBuilder out = new StringBuilder();
        for (;;) {
            check(at < text.length());
            char c = text.charAt(at++);
            if (c == '"') {
                return out.toString();
            }
            out.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        check(at < text.length());
        char c = text.charAt(at++);
        return switch (c) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                check(text.length() - at >= 4);
                at += 4;
                yield (char) Integer.parseInt(text, at - 4, at, 16);
            }
            default -> {
                check(c == '"' || c == '\\' || c == '/');
                yield c;
            }
        };
    }

    private Double number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return Double.valueOf(text.substring(start, at));
    }

    private Object literal(String word, Object value) {
        check(text.startsWith(word, at));
        at += word.length();
        return value;
    }

    private boolean next(char c) {
        space();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private void check(boolean good) {
        if (!good) {
            String begin = text.substring(0, Math.min(200, text.length()));
            throw new IllegalArgumentException("not JSON at " + at + ": " + begin);
        }
    }
}
