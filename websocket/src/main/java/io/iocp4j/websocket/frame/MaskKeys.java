package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;
import java.security.SecureRandom;

/**
 * Masking keys of a client: a fresh one for each frame, which nobody can predict (RFC 6455 sections 5.3 and 10.3). Drawn in batches,
 * because a call of the generator costs more than the masking of a small frame. Not thread-safe: guarded by the lock of its WebSocket.
 */
public final class MaskKeys {
    private static final int BATCH_BYTES = 256;

    private final SecureRandom random = new SecureRandom();
    private final ByteBuffer batch = ByteBuffer.allocate(BATCH_BYTES).limit(0);

    /** Makes a generator of its own; the first key draws the first batch. */
    public MaskKeys() {
    }

    /**
     * Draws the next key.
     *
     * @return any 32 bits
     */
    public int next() {
        if (!batch.hasRemaining()) {
            random.nextBytes(batch.array());
            batch.clear();
        }
        return batch.getInt();
    }
}
