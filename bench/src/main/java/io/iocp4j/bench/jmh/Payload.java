package io.iocp4j.bench.jmh;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** The bytes that every benchmark works on: 64 KiB of payload, in one piece or in many. */
final class Payload {
    /** Payload bytes in one call of a benchmark method. */
    static final int BYTES = 64 << 10;
    /** The masking key of every frame. */
    static final int MASK_KEY = 0x37FA213D;

    private Payload() {
    }

    /** Text like JSON, which can be compressed, the same in every run. */
    static ByteBuffer json() {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < BYTES; i++) {
            text.append("{\"id\":").append(i).append(",\"price\":").append(random.nextInt(100_000))
                    .append(",\"name\":\"tick\",\"open\":").append(random.nextBoolean()).append("},");
        }
        text.setLength(BYTES);
        return ByteBuffer.allocateDirect(BYTES).put(text.toString().getBytes(StandardCharsets.US_ASCII)).flip();
    }

    /** Random bytes in direct memory, the same in every run. */
    static ByteBuffer random() {
        byte[] bytes = new byte[BYTES];
        new SplittableRandom(1).nextBytes(bytes);
        return ByteBuffer.allocateDirect(BYTES).put(bytes).flip();
    }
}
