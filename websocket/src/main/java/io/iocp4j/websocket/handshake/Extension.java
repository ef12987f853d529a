package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.ProtocolException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.grammar.HttpToken;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/**
 * One element of {@code Sec-WebSocket-Extensions} (RFC 6455 section 9.1). Immutable. Any thread.
 *
 * @param name the name of the extension, a token
 * @param parameters in their order; a name may occur twice, because each extension defines what that means
 */
record Extension(String name, List<Parameter> parameters) {
    /**
     * A parameter of an extension.
     *
     * @param name a token
     * @param value a token, also if it was quoted; null if there is none, which is not the same as an empty value
     */
    record Parameter(String name, String value) {
        @Override
        public String toString() {
            return value == null ? name : name + "=" + value;
        }
    }

    static final String FIELD = "Sec-WebSocket-Extensions";
    /** The largest number of extensions, parameters and empty elements in one line. Real offers have under ten. */
    static final int NAMES_MAX = 64;

    /**
     * Parses every line of the field, in one pass without backtracking, so the time is linear in the bytes. Empty
     * elements are skipped: merged lists leave them behind (RFC 9110 section 5.6.1.2).
     *
     * @throws ProtocolException 1002 if a line does not follow the grammar or has more than {@link #NAMES_MAX} names,
     *     or if all lines together name no extension
     */
    static List<Extension> parse(HttpHeaders headers) throws ProtocolException {
        List<Extension> extensions = new ArrayList<>();
        List<String> lines = headers.all(FIELD);
        for (String line : lines) {
            new Parser(line).parseInto(extensions);
        }
        if (extensions.isEmpty() && !lines.isEmpty()) {
            throw new ProtocolException(CloseCode.PROTOCOL_ERROR, "no extension in " + FIELD);
        }
        return extensions;
    }

    /** Returns the element as it stands in the field. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner("; ").add(name);
        parameters.forEach(parameter -> text.add(parameter.toString()));
        return text.toString();
    }

    /** A parser of one line. White space may stand between all parts (RFC 2616 section 2.1, implied LWS). */
    private static final class Parser {
        private final String line;
        private int index;
        private int names;

        Parser(String line) {
            this.line = line;
        }

        void parseInto(List<Extension> extensions) throws ProtocolException {
            do {
                if (!skipEmpty()) {
                    extensions.add(extension());
                }
            } while (skip(','));
            if (index < line.length()) {
                throw malformed();
            }
        }

        private boolean skipEmpty() throws ProtocolException {
            skipBlanks();
            boolean empty = index == line.length() || line.charAt(index) == ',';
            if (empty) {
                count();
            }
            return empty;
        }

        private Extension extension() throws ProtocolException {
            String name = name();
            List<Parameter> parameters = new ArrayList<>(4);
            while (skip(';')) {
                parameters.add(parameter());
            }
            return new Extension(name, List.copyOf(parameters));
        }

        private Parameter parameter() throws ProtocolException {
            String name = name();
            if (!skip('=')) {
                return new Parameter(name, null);
            }
            return new Parameter(name, skip('"') ? quoted() : token());
        }

        private String name() throws ProtocolException {
            count();
            return token();
        }

        private void count() throws ProtocolException {
            if (++names > NAMES_MAX) {
                throw new ProtocolException(CloseCode.PROTOCOL_ERROR, "more than " + NAMES_MAX + " names in " + FIELD);
            }
        }

        private String token() throws ProtocolException {
            skipBlanks();
            int start = index;
            while (index < line.length() && HttpToken.isTokenChar(line.charAt(index))) {
                index++;
            }
            if (index == start) {
                throw malformed();
            }
            return line.substring(start, index);
        }

        /**
         * Reads a quoted string after its first quotation mark. RFC 6455 section 9.1: "the value after quoted-string
         * unescaping MUST conform to the 'token' ABNF".
         */
        private String quoted() throws ProtocolException {
            StringBuilder value = new StringBuilder();
            while (index < line.length() && line.charAt(index) != '"') {
                if (line.charAt(index) == '\\') {
                    index++;
                }
                if (index == line.length() || !HttpToken.isTokenChar(line.charAt(index))) {
                    throw malformed();
                }
                value.append(line.charAt(index++));
            }
            if (value.isEmpty() || index++ == line.length()) {
                throw malformed();
            }
            return value.toString();
        }

        private boolean skip(char expected) {
            skipBlanks();
            if (index < line.length() && line.charAt(index) == expected) {
                index++;
                return true;
            }
            return false;
        }

        private void skipBlanks() {
            while (index < line.length() && (line.charAt(index) == ' ' || line.charAt(index) == '\t')) {
                index++;
            }
        }

        private ProtocolException malformed() {
            return new ProtocolException(CloseCode.PROTOCOL_ERROR, "malformed " + FIELD + " at index " + index);
        }
    }
}
