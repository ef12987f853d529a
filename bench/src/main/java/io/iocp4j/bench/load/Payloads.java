package io.iocp4j.bench.load;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.Deflater;

/** The content of messages, the same bytes in each process. */
final class Payloads {
    private static final long SEED = 15;
    /** Two, three and four bytes of UTF-8 among others of one. */
    private static final String WORDS = "Grüße an 世界, voilà 🎬 and some more plain words, ";
    /** More bytes than a window of permessage-deflate holds, so no message repeats one that is still in the window. */
    private static final int DOCUMENTS_BYTES = 64 << 10;
    /** At least two, so an answer to the wrong message is detected. */
    private static final int DOCUMENTS_MIN = 2;
    private static final int DOCUMENTS_MAX = 256;

    private Payloads() {
    }

    /** Bytes of which the first and the last differ, if there are two. */
    static byte[] binary(int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(SEED).nextBytes(bytes);
        bytes[0] = 0x1b;
        bytes[size - 1] = size == 1 ? 0x1b : (byte) 0xe4;
        return bytes;
    }

    /** Valid UTF-8 of exactly this length. */
    static byte[] text(int size) {
        byte[] words = WORDS.getBytes(StandardCharsets.UTF_8);
        byte[] text = new byte[size];
        for (int i = 0; i < size; i++) {
            text[i] = words[i % words.length];
        }
        // the last character may be cut, so full stops replace it
        int end = size;
        while (end > 0 && (text[end - 1] & 0xc0) == 0x80) {
            end--;
        }
        if (end > 0 && text[end - 1] < 0) {
            end--;
        }
        Arrays.fill(text, end, size, (byte) '.');
        return text;
    }

    /** Different texts like JSON of exactly this length. */
    static List<byte[]> documents(int size) {
        SplittableRandom random = new SplittableRandom(SEED);
        List<byte[]> documents = new ArrayList<>();
        int count = Math.clamp(DOCUMENTS_BYTES / size, DOCUMENTS_MIN, DOCUMENTS_MAX);
        for (int i = 0; i < count; i++) {
            StringBuilder json = new StringBuilder("[");
            while (json.length() < size) {
                json.append("{\"id\":").append(random.nextInt(1_000_000)).append(",\"name\":\"sensor ")
                        .append(random.nextInt(100)).append("\",\"value\":").append(random.nextInt(10_000) / 100.0)
                        .append(",\"valid\":").append(random.nextBoolean()).append("},");
            }
            documents.add(json.substring(0, size).getBytes(StandardCharsets.US_ASCII));
        }
        return documents;
    }

    /** Compressed for permessage-deflate, without the context of other messages (RFC 7692 section 7.2.1). */
    static byte[] deflate(byte[] payload) {
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        try {
            deflater.setInput(payload);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] piece = new byte[1 << 10];
            int length;
            do {
                length = deflater.deflate(piece, 0, piece.length, Deflater.SYNC_FLUSH);
                out.write(piece, 0, length);
            } while (length == piece.length);
            byte[] all = out.toByteArray();
            // the receiver adds the empty block
            return Arrays.copyOf(all, all.length - 4);
        } finally {
            deflater.end();
        }
    }
}
