package io.iocp4j.bench.result;

import java.util.Locale;

/** Writes HTML and SVG. All text and all attributes are escaped here, so no name from a run is ever markup. */
final class Markup {
    private final StringBuilder out = new StringBuilder();

    /** Opens an element. Attributes are pairs of a name and a value; a null value leaves the attribute out. */
    Markup open(String element, Object... attributes) {
        out.append('<').append(element);
        for (int i = 0; i < attributes.length; i += 2) {
            if (attributes[i + 1] != null) {
                out.append(' ').append(attributes[i]).append("=\"").append(escape(text(attributes[i + 1]))).append('"');
            }
        }
        out.append('>');
        return this;
    }

    Markup close(String element) {
        out.append("</").append(element).append('>');
        return this;
    }

    Markup text(String text) {
        out.append(escape(text));
        return this;
    }

    /** An element with text in it. */
    Markup element(String element, String text, Object... attributes) {
        return open(element, attributes).text(text).close(element);
    }

    /** Adds what another one has written. */
    Markup add(Markup other) {
        out.append(other.out);
        return this;
    }

    /** Adds a text of our own that is markup already. */
    Markup raw(String markup) {
        out.append(markup);
        return this;
    }

    Markup line() {
        out.append('\n');
        return this;
    }

    /** Coordinates have one decimal: a tenth of a pixel is not seen, and the page stays small. */
    private static String text(Object value) {
        return value instanceof Double number ? String.format(Locale.ROOT, "%.1f", number) : value.toString();
    }

    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(isCharacter(c) ? c : 0xFFFD);
            }
        });
        return escaped.toString();
    }

    /** HTML has no character for a control or for half of a surrogate pair. */
    private static boolean isCharacter(int c) {
        boolean control = c < ' ' && c != '\n' && c != '\t' || c == 0x7F;
        return !control && (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE);
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
