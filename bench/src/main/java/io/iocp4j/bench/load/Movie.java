package io.iocp4j.bench.load;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A fragmented MP4 (ISO/IEC 14496-12) in its parts: one second of H.264 video in 30 pictures. The first and the 16th
 * are key pictures. It may be repeated for ever.
 *
 * @param init the boxes before the first fragment
 * @param units the fragments, one for each picture
 */
record Movie(byte[] init, List<byte[]> units) {
    private static final int BOX_HEADER = 8;

    /** Reads the movie that is part of this module. */
    static Movie load() throws IOException {
        try (InputStream in = Movie.class.getResourceAsStream("video.mp4")) {
            return cut(in.readAllBytes());
        }
    }

    /** Cuts at each {@code moof}. A unit ends with its {@code mdat}; bytes after the last one are left out. */
    static Movie cut(byte[] file) {
        List<byte[]> units = new ArrayList<>();
        int start = 0;
        int init = -1;
        for (int place = 0; place + BOX_HEADER <= file.length;) {
            int bytes = ByteBuffer.wrap(file).getInt(place);
            String type = new String(file, place + Integer.BYTES, Integer.BYTES, StandardCharsets.US_ASCII);
            if (bytes < BOX_HEADER || bytes > file.length - place) {
                throw new IllegalArgumentException("a box " + type + " of " + bytes + " bytes");
            }
            if (type.equals("moof")) {
                start = place;
                init = init < 0 ? place : init;
            } else if (type.equals("mdat")) {
                units.add(Arrays.copyOfRange(file, start, place + bytes));
            }
            place += bytes;
        }
        return new Movie(Arrays.copyOf(file, init), units);
    }

    /** A chunk of a body (RFC 9112 section 7.1). */
    static byte[] chunk(byte[] data) {
        byte[] head = (Integer.toHexString(data.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(head.length + data.length + 2).put(head).put(data).put((byte) '\r').put((byte) '\n')
                .array();
    }
}
