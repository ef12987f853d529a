package io.iocp4j.bench.jmh;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** The bytes that every benchmark works on: 64 KiB of payload, in one piece or in many. */
final class Payload {
    /** Payload bytes in one call of a benchmark method. */
    static final int BYTES = 64 << 10;
    /** The masking key of every frame. */
    static final int MASK_KEY = 0x37FA213D;

    private Payload() {
    }

    /** Random bytes in direct memory, the same in every run. */
    static ByteBuffer random() {
        byte[] bytes = new byte[BYTES];
        new SplittableRandom(1).nextBytes(bytes);
        return ByteBuffer.allocateDirect(BYTES).put(bytes).flip();
    }
}
