package io.iocp4j.relay.access;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * The hash of a password: PBKDF2 with HMAC-SHA256 (RFC 8018 section 5.2). Its text is
 * {@code pbkdf2-sha256$ROUNDS$SALT$HASH}, the latter two in base64. Immutable. Any thread; hashing takes about half a
 * second of processor time.
 *
 * @param rounds of the function
 * @param salt 8 bytes or more
 * @param hash 32 bytes
 */
record PasswordHash(int rounds, byte[] salt, byte[] hash) {
    /** The rounds of new hashes, and the least that is accepted: what OWASP asks for with HMAC-SHA256. */
    static final int ROUNDS = 600_000;
    private static final int ROUNDS_MAX = 10_000_000;
    private static final int BYTES = 32;
    private static final int SALT_BYTES = 16;
    private static final String SCHEME = "pbkdf2-sha256";

    static PasswordHash of(String password, SecureRandom random) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        return new PasswordHash(ROUNDS, salt, derive(password, salt, ROUNDS));
    }

    static PasswordHash parse(String text) {
        String[] parts = text.split("\\$");
        try {
            if (parts.length == 4 && parts[0].equals(SCHEME)) {
                PasswordHash parsed = new PasswordHash(Integer.parseInt(parts[1]), Base64.getDecoder().decode(parts[2]),
                        Base64.getDecoder().decode(parts[3]));
                if (parsed.rounds >= ROUNDS && parsed.rounds <= ROUNDS_MAX && parsed.salt.length >= 8
                        && parsed.hash.length == BYTES) {
                    return parsed;
                }
            }
        } catch (IllegalArgumentException e) {
            // malformed numbers and base64 are malformed hashes
            throw malformed();
        }
        throw malformed();
    }

    private static IllegalArgumentException malformed() {
        return new IllegalArgumentException("needs NAME:HASH, as printed by: relay password NAME");
    }

    /** Hashes a password and compares all bytes. */
    boolean matches(String password) {
        return MessageDigest.isEqual(hash, derive(password, salt, rounds));
    }

    private static byte[] derive(String password, byte[] salt, int rounds) {
        PBEKeySpec spec = new PBEKeySpec(password.toCharArray(), salt, rounds, BYTES * 8);
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every JDK has PBKDF2WithHmacSHA256", e);
        } finally {
            spec.clearPassword();
        }
    }

    @Override
    public String toString() {
        Base64.Encoder encoder = Base64.getEncoder();
        return SCHEME + "$" + rounds + "$" + encoder.encodeToString(salt) + "$" + encoder.encodeToString(hash);
    }
}
