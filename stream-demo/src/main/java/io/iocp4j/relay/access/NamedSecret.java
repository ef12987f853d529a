package io.iocp4j.relay.access;

import java.util.regex.Pattern;

/**
 * A name and a secret: a token, the hash of a password, or the key of links. Immutable. Any thread.
 *
 * @param name letters, digits, hyphens, dots and underscores
 * @param secret not empty
 */
public record NamedSecret(String name, String secret) {
    /** The shortest token or key, in characters: enough for 64 random bits in hexadecimal digits. */
    public static final int LENGTH_MIN = 16;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    /**
     * Reads a token or a key.
     *
     * @param text a name, a colon, and a secret of at least {@value #LENGTH_MIN} printable ASCII characters
     * @return the pair
     * @throws IllegalArgumentException if it is anything else; the message continues the name of a setting
     */
    public static NamedSecret parse(String text) {
        NamedSecret pair = split(text);
        if (pair.secret.length() < LENGTH_MIN || !pair.secret.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
            throw new IllegalArgumentException("needs NAME:SECRET, with at least " + LENGTH_MIN
                    + " ASCII characters without spaces as the secret");
        }
        return pair;
    }

    /** Splits at the first colon. */
    static NamedSecret split(String text) {
        int colon = text.indexOf(':');
        if (colon < 0 || !NAME.matcher(text.substring(0, colon)).matches()
                || text.substring(0, colon).equals(AllowRule.ANYONE)) {
            throw new IllegalArgumentException("needs NAME:SECRET, where the name has letters, digits, - . and _");
        }
        return new NamedSecret(text.substring(0, colon), text.substring(colon + 1));
    }

    String form() {
        return name + ":" + secret;
    }

    /** Returns the name only. */
    @Override
    public String toString() {
        return name;
    }
}
