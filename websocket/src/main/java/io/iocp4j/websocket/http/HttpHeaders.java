package io.iocp4j.websocket.http;

import io.iocp4j.websocket.http.grammar.HttpToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * The fields of a request or a response: in order, names without regard to case, a name may occur several times
 * (RFC 9110 section 5). Immutable, so free to use from any thread. Values hold one character per byte (ISO 8859-1).
 *
 * <p>Every lookup walks the fields once: there are few (see {@link HttpLimits#maxHeaders()}), and nothing that a peer
 * sends can degrade a walk the way it can degrade a hash table or a backtracking pattern.
 */
public final class HttpHeaders {
    private static final HttpHeaders EMPTY = new HttpHeaders(new String[0]);

    /** Name and value in turn. */
    private final String[] fields;

    private HttpHeaders(String[] fields) {
        this.fields = fields;
    }

    /**
     * No fields at all.
     *
     * @return the same immutable object each time
     */
    public static HttpHeaders empty() {
        return EMPTY;
    }

    /**
     * One field.
     *
     * @param name a token
     * @param value no control characters but TAB, nothing above U+00FF
     * @return a new object
     * @throws IllegalArgumentException if name or value could not be sent as one field line
     */
    public static HttpHeaders of(String name, String value) {
        return builder().add(name, value).build();
    }

    /**
     * Starts with no fields.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder(new ArrayList<>());
    }

    /**
     * Starts with these fields, which stay as they are.
     *
     * @return a new builder
     */
    public Builder toBuilder() {
        return new Builder(new ArrayList<>(Arrays.asList(fields)));
    }

    /**
     * How many field lines there are.
     *
     * @return 0 or more; a name that occurs twice counts twice
     */
    public int size() {
        return fields.length / 2;
    }

    /**
     * The first value of a field.
     *
     * @param name the field, in any case
     * @return its value without surrounding white space, null if the field is absent
     */
    public String first(String name) {
        for (int i = 0; i < fields.length; i += 2) {
            if (fields[i].equalsIgnoreCase(name)) {
                return fields[i + 1];
            }
        }
        return null;
    }

    /**
     * The values of every line of a field, in order. Comma lists are not taken apart.
     *
     * @param name the field, in any case
     * @return an unmodifiable list, empty if the field is absent
     */
    public List<String> all(String name) {
        List<String> values = new ArrayList<>(1);
        for (int i = 0; i < fields.length; i += 2) {
            if (fields[i].equalsIgnoreCase(name)) {
                values.add(fields[i + 1]);
            }
        }
        return List.copyOf(values);
    }

    /**
     * Whether a comma list, over all lines of a field, has this element: {@code Connection: keep-alive, Upgrade} has
     * the token {@code upgrade}. Empty elements are skipped (RFC 9110 section 5.6.1.2).
     *
     * @param name the field, in any case
     * @param token the element, in any case
     * @return true if one element equals the token
     */
    public boolean hasToken(String name, String token) {
        for (int i = 0; i < fields.length; i += 2) {
            if (fields[i].equalsIgnoreCase(name) && listHas(fields[i + 1], token)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The elements of a comma list, over all lines of a field, in order, without the white space around them. Empty
     * elements are skipped (RFC 9110 section 5.6.1.2). Not for lists whose elements may have commas in quotes.
     *
     * @param name in any case
     * @return may be empty
     */
    public List<String> elements(String name) {
        List<String> elements = new ArrayList<>(2);
        for (int i = 0; i < fields.length; i += 2) {
            if (fields[i].equalsIgnoreCase(name)) {
                addElements(fields[i + 1], elements);
            }
        }
        return elements;
    }

    /**
     * Tells whether a comma list, over all lines of a field, has one element and no other.
     *
     * @param name in any case
     * @param element in any case
     * @return true if that is all
     */
    public boolean isOnly(String name, String element) {
        List<String> elements = elements(name);
        return elements.size() == 1 && elements.getFirst().equalsIgnoreCase(element);
    }

    /**
     * These fields with others behind them.
     *
     * @param more may repeat names
     * @return a new object
     */
    public HttpHeaders with(HttpHeaders more) {
        Builder all = toBuilder();
        more.forEach(all::addParsed);
        return all.build();
    }

    /**
     * These fields without those of some names.
     *
     * @param names in any case
     * @return a new object
     */
    public HttpHeaders without(List<String> names) {
        Builder rest = builder();
        forEach((name, value) -> {
            if (names.stream().noneMatch(name::equalsIgnoreCase)) {
                rest.addParsed(name, value);
            }
        });
        return rest.build();
    }

    /**
     * Calls with name and value of every line, in order.
     *
     * @param action runs on the calling thread
     */
    public void forEach(BiConsumer<? super String, ? super String> action) {
        for (int i = 0; i < fields.length; i += 2) {
            action.accept(fields[i], fields[i + 1]);
        }
    }

    /**
     * The names only: values may be credentials and must not slip into a log.
     *
     * @return for people
     */
    @Override
    public String toString() {
        List<String> names = new ArrayList<>(size());
        forEach((name, value) -> names.add(name));
        return "HttpHeaders" + names;
    }

    private static boolean listHas(String list, String token) {
        int start = 0;
        while (start <= list.length()) {
            int comma = list.indexOf(',', start);
            int end = comma < 0 ? list.length() : comma;
            if (elementEquals(list, start, end, token)) {
                return true;
            }
            start = end + 1;
        }
        return false;
    }

    private static void addElements(String list, List<String> elements) {
        int start = 0;
        while (start <= list.length()) {
            int comma = list.indexOf(',', start);
            int end = comma < 0 ? list.length() : comma;
            int next = end + 1;
            while (start < end && isBlank(list.charAt(start))) {
                start++;
            }
            while (end > start && isBlank(list.charAt(end - 1))) {
                end--;
            }
            if (end > start) {
                elements.add(list.substring(start, end));
            }
            start = next;
        }
    }

    private static boolean elementEquals(String list, int from, int to, String token) {
        int start = from;
        int end = to;
        while (start < end && isBlank(list.charAt(start))) {
            start++;
        }
        while (end > start && isBlank(list.charAt(end - 1))) {
            end--;
        }
        return end > start && end - start == token.length()
                && list.regionMatches(true, start, token, 0, token.length());
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    /** Gathers fields. Not safe for several threads. */
    public static final class Builder {
        private final List<String> fields;

        private Builder(List<String> fields) {
            this.fields = fields;
        }

        /**
         * Adds a line behind the others, also if the name is there already.
         *
         * @param name a token (RFC 9110 section 5.1)
         * @param value no control characters but TAB, nothing above U+00FF (the cast to a byte could become CR or LF)
         * @return this builder
         * @throws IllegalArgumentException if name or value could not be sent as one field line
         */
        public Builder add(String name, String value) {
            requireName(name);
            requireValue(value);
            return addParsed(name, value);
        }

        /**
         * Puts one line in place of all lines of this name.
         *
         * @param name a token
         * @param value as for {@link #add}
         * @return this builder
         * @throws IllegalArgumentException if name or value could not be sent as one field line
         */
        public Builder set(String name, String value) {
            requireName(name);
            requireValue(value);
            for (int i = fields.size() - 2; i >= 0; i -= 2) {
                if (fields.get(i).equalsIgnoreCase(name)) {
                    fields.subList(i, i + 2).clear();
                }
            }
            return addParsed(name, value);
        }

        /**
         * The fields so far. The builder can be used further without changing them.
         *
         * @return immutable
         */
        public HttpHeaders build() {
            return fields.isEmpty() ? EMPTY : new HttpHeaders(fields.toArray(new String[0]));
        }

        /** For the reader of requests, which has looked at every byte already. */
        Builder addParsed(String name, String value) {
            fields.add(name);
            fields.add(value);
            return this;
        }

        int size() {
            return fields.size() / 2;
        }

        private static void requireName(String name) {
            if (!HttpToken.isToken(Objects.requireNonNull(name, "name"))) {
                throw new IllegalArgumentException("a field name must be a token");
            }
        }

        private static void requireValue(String value) {
            for (int i = 0; i < Objects.requireNonNull(value, "value").length(); i++) {
                char c = value.charAt(i);
                if (c < ' ' && c != '\t' || c == 0x7F || c > 0xFF) {
                    throw new IllegalArgumentException("a field value must not hold the character at index " + i);
                }
            }
        }
    }
}
