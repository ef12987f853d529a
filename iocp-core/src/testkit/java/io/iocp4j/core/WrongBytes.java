package io.iocp4j.core;

import java.util.Arrays;
import java.util.HexFormat;

/** Evidence about random bytes that arrived changed: where the first wrong ones are, and where they come from. */
final class WrongBytes {
    /** So many equal bytes end a run of wrong ones. By chance, one random byte in 256 equals another. */
    private static final int EQUAL_TO_END = 16;
    /** So many bytes are looked for: enough to be found in one place only. */
    private static final int SAMPLE_BYTES = 16;

    private WrongBytes() {
    }

    /** Describes the first run of wrong bytes, and names the last wrong byte. */
    static String describe(byte[] sent, byte[] received) {
        int length = Math.min(sent.length, received.length);
        int from = Arrays.mismatch(sent, received);
        if (from < 0 || from == length) {
            return "all bytes are right, " + received.length + " of " + sent.length;
        }
        int to = from + 1;
        for (int i = to; i < length && i < to + EQUAL_TO_END; i++) {
            if (sent[i] != received[i]) {
                to = i + 1;
            }
        }
        int last = length - 1;
        while (sent[last] == received[last]) {
            last--;
        }
        byte[] sample = Arrays.copyOfRange(received, from, Math.min(to, from + SAMPLE_BYTES));
        int origin = indexOf(sent, sample);
        return "bytes " + from + " to " + (to - 1) + " are wrong, " + (to - from) + " bytes; they begin with "
                + HexFormat.of().formatHex(sample) + ", which stands "
                + (origin < 0 ? "nowhere in the data" : "at " + origin + " of the data") + "; the last wrong byte is "
                + last;
    }

    /** Returns the first place of some bytes, or -1. */
    private static int indexOf(byte[] all, byte[] some) {
        for (int i = 0; i + some.length <= all.length; i++) {
            if (Arrays.equals(all, i, i + some.length, some, 0, some.length)) {
                return i;
            }
        }
        return -1;
    }
}
