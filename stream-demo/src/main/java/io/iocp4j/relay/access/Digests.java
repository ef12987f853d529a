package io.iocp4j.relay.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Finds the name of a secret. The time does not tell how much of a wrong secret is right: digests are compared instead
 * of secrets, each to its last byte, and all of them. Immutable. Any thread.
 */
final class Digests {
    private final Map<String, byte[]> digests;

    Digests(List<NamedSecret> secrets) {
        digests = secrets.stream().collect(Collectors.toUnmodifiableMap(NamedSecret::name,
                secret -> digest(secret.secret()), (first, second) -> {
                    throw new IllegalArgumentException("two tokens have the same name");
                }));
    }

    /** Returns the name; null if no secret is equal. */
    String nameOf(String secret) {
        byte[] asked = digest(secret);
        String found = null;
        for (var known : digests.entrySet()) {
            found = MessageDigest.isEqual(known.getValue(), asked) ? known.getKey() : found;
        }
        return found;
    }

    /** Tells in constant time whether two texts are equal. */
    static boolean equal(String one, String other) {
        return MessageDigest.isEqual(digest(one), digest(other));
    }

    static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** Returns values by name, in order. */
    static <T> Map<String, T> byName(List<NamedSecret> secrets, Function<NamedSecret, T> value) {
        Map<String, T> named = new LinkedHashMap<>();
        secrets.forEach(secret -> named.put(secret.name(), value.apply(secret)));
        return Collections.unmodifiableMap(named);
    }
}
