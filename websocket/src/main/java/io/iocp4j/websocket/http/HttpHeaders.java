package io.iocp4j.websocket.http;

import io.iocp4j.websocket.http.grammar.HttpToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * The fields of a request or a response, in order. Names are case-insensitive, and a name may occur several times (RFC
 * 9110 section 5). Values hold one character per byte (ISO 8859-1). Immutable. Any thread.
 *
 * <p>Every lookup scans the fields once. There are few of them (see {@link HttpLimits#maxHeaders()}). A peer cannot
 * slow down a linear scan, while its input could slow down a hash table or a backtracking pattern.
 */
public final class HttpHeaders {
    private static final HttpHeaders EMPTY = new HttpHeaders(new String[0]);

    /** Names and values alternate. */
    private final String[] fields;

    private HttpHeaders(String[] fields) {
        this.fields = fields;
    }

    /**
     * Returns headers without a field.
     *
     * @return the same immutable object each time
     */
    public static HttpHeaders empty() {
        return EMPTY;
    }

    /**
     * Makes headers of one field.
     *
     * @param name a token
     * @param value no control characters except TAB, nothing above U+00FF
     * @return a new object
     * @throws IllegalArgumentException if name or value could not be sent as one field line
     */
    public static HttpHeaders of(String name, String value) {
        return builder().add(name, value).build();
    }

    /**
     * Returns a builder without a field.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder(new ArrayList<>());
    }

    /**
     * Returns a builder that starts with these fields. This object does not change.
     *
     * @return a new builder
     */
    public Builder toBuilder() {
        return new Builder(new ArrayList<>(Arrays.asList(fields)));
    }

    /**
     * Returns the number of field lines.
     *
     * @return 0 or more; a name that occurs twice counts twice
     */
    public int size() {
        return fields.length / 2;
    }

    /**
     * Returns the first value of a field.
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
     * Returns the value of every line of a field, in order. Comma lists are not split.
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
     * Tells whether the comma list over all lines of a field has this element. For example,
     * {@code Connection: keep-alive, Upgrade} has the token {@code upgrade}. Empty elements are skipped (RFC 9110
     * section 5.6.1.2).
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
     * Returns the elements of the comma list over all lines of a field, in order, without surrounding white space.
     * Empty elements are skipped (RFC 9110 section 5.6.1.2). Do not use it for lists whose elements may contain quoted
     * commas.
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
     * Tells whether the comma list over all lines of a field has one element and no other.
     *
     * @param name in any case
     * @param element in any case
     * @return true if the list has exactly this element
     */
    public boolean isOnly(String name, String element) {
        List<String> elements = elements(name);
        return elements.size() == 1 && elements.getFirst().equalsIgnoreCase(element);
    }

    /**
     * Returns these fields, followed by others.
     *
     * @param more the fields to append; names may repeat
     * @return a new object
     */
    public HttpHeaders with(HttpHeaders more) {
        Builder all = toBuilder();
        more.forEach(all::addParsed);
        return all.build();
    }

    /**
     * Returns these fields without all lines of some names.
     *
     * @param names the names to leave out, in any case
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
     * Passes the name and the value of every line to an action, in order.
     *
     * @param action runs on the calling thread
     */
    public void forEach(BiConsumer<? super String, ? super String> action) {
        for (int i = 0; i < fields.length; i += 2) {
            action.accept(fields[i], fields[i + 1]);
        }
    }

    /**
     * Returns the names only. Values may be credentials, which must not get into a log.
     *
     * @return text for logs
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

    /** Collects fields. Not thread-safe. */
    public static final class Builder {
        private final List<String> fields;

        private Builder(List<String> fields) {
            this.fields = fields;
        }

        /**
         * Appends a line, even if another line has the same name.
         *
         * @param name a token (RFC 9110 section 5.1)
         * @param value no control characters except TAB, nothing above U+00FF (a higher character could become CR or LF
         *     in the cast to a byte)
         * @return this builder
         * @throws IllegalArgumentException if name or value could not be sent as one field line
         */
        public Builder add(String name, String value) {
            requireName(name);
            requireValue(value);
            return addParsed(name, value);
        }

        /**
         * Removes all lines of this name, and appends one.
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
         * Returns the fields so far. Later changes of the builder do not affect them.
         *
         * @return immutable
         */
        public HttpHeaders build() {
            return fields.isEmpty() ? EMPTY : new HttpHeaders(fields.toArray(new String[0]));
        }

        /** Appends a line without a check. The caller has checked every byte, or copies a line of other headers. */
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
