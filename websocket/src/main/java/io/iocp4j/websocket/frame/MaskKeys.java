package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;
import java.security.SecureRandom;

/**
 * The masking keys of a client: a fresh, unpredictable key for each frame (RFC 6455 sections 5.3 and 10.3). Keys are
 * drawn in batches, because one call of the generator costs more than masking a small frame.
 *
 * <p>Not thread-safe. Guarded by the lock of its WebSocket.
 */
public final class MaskKeys {
    private static final int BATCH_BYTES = 256;

    private final SecureRandom random = new SecureRandom();
    private final ByteBuffer batch = ByteBuffer.allocate(BATCH_BYTES).limit(0);

    /** Creates a generator with its own source of random bytes. The first call of {@link #next} draws a batch. */
    public MaskKeys() {
    }

    /**
     * Returns the next key.
     *
     * @return 32 random bits, 0 included
     */
    public int next() {
        if (!batch.hasRemaining()) {
            random.nextBytes(batch.array());
            batch.clear();
        }
        return batch.getInt();
    }
}
