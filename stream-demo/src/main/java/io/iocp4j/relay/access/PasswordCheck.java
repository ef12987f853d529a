package io.iocp4j.relay.access;

import io.iocp4j.websocket.http.HttpException;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Compares passwords with their hashes. A password that was right is remembered for a minute, for the address that sent
 * it, because a hash takes long. Any thread; {@link #matches} waits, so it runs on a virtual thread.
 */
final class PasswordCheck {
    static final Duration REMEMBERED = Duration.ofSeconds(60);
    /** The largest number of passwords that are remembered. */
    static final int REMEMBERED_MAX = 10_000;
    /** How many hashes are computed at once; half of the processors stay with the streams. */
    static final int AT_ONCE = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    /** How many wait for that; the next is refused. */
    static final int WAITING_MAX = 64;
    private static final Duration WAIT_MAX = Duration.ofSeconds(10);

    private final LongSupplier nanoTime;
    private final Semaphore hashing = new Semaphore(AT_ONCE, true);
    /** Makes what is remembered useless outside of this process. */
    private final String pepper;
    /** Compared if there is no such user, so that the time does not tell which users there are. */
    private final PasswordHash nobody;
    /** The time in nanoseconds until which a password counts as right, by the digest of it. Guarded by this. */
    private final Map<String, Long> remembered = new LinkedHashMap<>();

    PasswordCheck(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        this.pepper = HexFormat.of().formatHex(random);
        this.nobody = new PasswordHash(PasswordHash.ROUNDS, random, random);
    }

    private String key(InetAddress client, String user, String password, PasswordHash hash) {
        // with the hash: a changed password is not remembered
        return HexFormat.of().formatHex(Digests.digest(pepper + "\n" + client.getHostAddress() + "\n" + user + "\n"
                + hash + "\n" + password));
    }

    /** Tells whether the password was right within the last minute. Does not wait. */
    boolean isRemembered(InetAddress client, String user, String password, PasswordHash hash) {
        if (hash == null) {
            return false;
        }
        String key = key(client, user, password, hash);
        synchronized (this) {
            Long until = remembered.get(key);
            return until != null && until - nanoTime.getAsLong() > 0;
        }
    }

    /**
     * Hashes a password and compares.
     *
     * @param hash null if there is no such user
     * @param blocked asked just before the hash is computed: whether the client has failed too often meanwhile
     */
    boolean matches(InetAddress client, String user, String password, PasswordHash hash, Blocked blocked)
            throws HttpException {
        if (password.isEmpty()) {
            return false;
        }
        acquire();
        try {
            blocked.check();
            boolean right = (hash == null ? nobody : hash).matches(password) && hash != null;
            if (right) {
                remember(key(client, user, password, hash));
            }
            return right;
        } finally {
            hashing.release();
        }
    }

    /** Throws if the client must wait. */
    @FunctionalInterface
    interface Blocked {
        void check() throws HttpException;
    }

    private void acquire() throws HttpException {
        try {
            if (hashing.getQueueLength() < WAITING_MAX
                    && hashing.tryAcquire(WAIT_MAX.toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new HttpException(503, "too many logins at once; try again");
    }

    private synchronized void remember(String key) {
        remembered.remove(key);
        remembered.put(key, nanoTime.getAsLong() + REMEMBERED.toNanos());
        if (remembered.size() > REMEMBERED_MAX) {
            remembered.remove(remembered.keySet().iterator().next());
        }
    }
}
