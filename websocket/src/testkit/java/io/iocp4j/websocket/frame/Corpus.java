package io.iocp4j.websocket.frame;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** Test data to compress, of several kinds. Equal seeds give equal data. */
public enum Corpus {
    /** Records with changing numbers, as applications send them. */
    JSON {
        @Override
        public byte[] bytes(int length, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            StringBuilder text = new StringBuilder(length + 200);
            while (text.length() < length) {
                text.append("{\"id\":").append(random.nextInt(1_000_000)).append(",\"name\":\"item ")
                    .append((char) ('a' + random.nextInt(26))).append("\",\"price\":").append(random.nextInt(10_000))
                    .append(",\"tags\":[\"new\",\"sale\"],\"stock\":").append(random.nextBoolean()).append("},\n");
            }
            text.setLength(length);
            return text.toString().getBytes(StandardCharsets.ISO_8859_1);
        }
    },
    /** Incompressible data. */
    NOISE {
        @Override
        public byte[] bytes(int length, long seed) {
            byte[] bytes = new byte[length];
            new SplittableRandom(seed).nextBytes(bytes);
            return bytes;
        }
    },
    /** The data that compresses best. */
    ZEROS {
        @Override
        public byte[] bytes(int length, long seed) {
            return new byte[length];
        }
    },
    /** Copies from all over the last 70,000 bytes, which tempt a compressor to refer as far back as it can. */
    ECHOES {
        @Override
        public byte[] bytes(int length, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] bytes = new byte[length];
            int filled = 0;
            while (filled < length) {
                int run = Math.min(random.nextInt(3, 120), length - filled);
                if (filled < 200 || random.nextInt(8) == 0) {
                    for (int i = 0; i < run; i++) {
                        bytes[filled++] = (byte) random.nextInt();
                    }
                } else {
                    // mostly far distances, and every order of magnitude
                    int distance = Math.min(filled, run + random.nextInt(1 << random.nextInt(1, 17)));
                    System.arraycopy(bytes, filled - distance, bytes, filled, Math.min(run, distance));
                    filled += Math.min(run, distance);
                }
            }
            return bytes;
        }
    };

    public abstract byte[] bytes(int length, long seed);
}
