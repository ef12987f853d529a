package io.iocp4j.websocket.frame;

import java.util.Arrays;

/**
 * A second inflater, slow and simple, written from RFC 1951. It reports what no library reports: how far back the data
 * refers. It reads one message after another of one direction, and throws IllegalStateException at the first wrong bit.
 */
public final class DeflateReader {
    private static final int[] LENGTH_BASE = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59,
        67, 83, 99, 115, 131, 163, 195, 227, 258};
    private static final int[] LENGTH_EXTRA = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4,
        5, 5, 5, 5, 0};
    private static final int[] DISTANCE_BASE = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385,
        513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    private static final int[] CODE_LENGTH_ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    private static final byte[] TAIL = {0, 0, -1, -1};

    public int maxDistance;
    public int storedBlocks;
    public int fixedBlocks;
    public int dynamicBlocks;

    private byte[] in;
    private int bit;
    private byte[] out = new byte[1 << 16];
    private int size;
    private int messageStart;

    /** Inflates a message with the history of all earlier ones, after it has restored the tail. */
    public byte[] message(byte[] payload) {
        in = WireBytes.join(payload, TAIL);
        bit = 0;
        messageStart = size;
        while (bit < in.length * Byte.SIZE) {
            block();
        }
        return Arrays.copyOfRange(out, messageStart, size);
    }

    /** Forgets the history: the next message may not refer to an earlier one. */
    public void forget() {
        size = 0;
    }

    private void block() {
        require(bits(1) == 0, "final block");
        switch (bits(2)) {
            case 0 -> stored();
            case 1 -> {
                fixedBlocks++;
                int[] lengths = new int[288];
                Arrays.fill(lengths, 0, 144, 8);
                Arrays.fill(lengths, 144, 256, 9);
                Arrays.fill(lengths, 256, 280, 7);
                Arrays.fill(lengths, 280, 288, 8);
                int[] distances = new int[30];
                Arrays.fill(distances, 5);
                symbols(lengths, distances);
            }
            case 2 -> dynamic();
            default -> throw new IllegalStateException("block type 3");
        }
    }

    private void stored() {
        storedBlocks++;
        bit = (bit + 7) & ~7;
        int length = bits(16);
        require(bits(16) == (length ^ 0xFFFF), "lengths of a stored block");
        for (int i = 0; i < length; i++) {
            put(bits(8));
        }
    }

    private void dynamic() {
        dynamicBlocks++;
        int literals = bits(5) + 257;
        int distances = bits(5) + 1;
        int codes = bits(4) + 4;
        int[] codeLengths = new int[19];
        for (int i = 0; i < codes; i++) {
            codeLengths[CODE_LENGTH_ORDER[i]] = bits(3);
        }
        int[] lengths = new int[literals + distances];
        int index = 0;
        while (index < lengths.length) {
            int symbol = symbol(codeLengths);
            int repeated = symbol == 16 ? lengths[index - 1] : 0;
            int times = switch (symbol) {
                case 16 -> 3 + bits(2);
                case 17 -> 3 + bits(3);
                case 18 -> 11 + bits(7);
                default -> 1;
            };
            Arrays.fill(lengths, index, index + times, symbol < 16 ? symbol : repeated);
            index += times;
        }
        symbols(Arrays.copyOf(lengths, literals), Arrays.copyOfRange(lengths, literals, lengths.length));
    }

    private void symbols(int[] lengths, int[] distances) {
        for (int symbol = symbol(lengths); symbol != 256; symbol = symbol(lengths)) {
            if (symbol < 256) {
                put(symbol);
                continue;
            }
            int length = LENGTH_BASE[symbol - 257] + bits(LENGTH_EXTRA[symbol - 257]);
            int code = symbol(distances);
            int distance = DISTANCE_BASE[code] + bits(code < 4 ? 0 : code / 2 - 1);
            require(distance <= size, "distance beyond the history");
            maxDistance = Math.max(maxDistance, distance);
            for (int i = 0; i < length; i++) {
                put(out[size - distance]);
            }
        }
    }

    /** Canonical codes of RFC 1951 section 3.2.2, bit by bit: the codes of one length follow those of the shorter. */
    private int symbol(int[] lengths) {
        int code = 0;
        int first = 0;
        for (int length = 1; length <= 15; length++) {
            code = code << 1 | bits(1);
            first <<= 1;
            int offset = code - first;
            for (int symbol = 0; symbol < lengths.length; symbol++) {
                if (lengths[symbol] == length) {
                    if (offset-- == 0) {
                        return symbol;
                    }
                    first++;
                }
            }
        }
        throw new IllegalStateException("no such code");
    }

    private int bits(int count) {
        int value = 0;
        for (int i = 0; i < count; i++, bit++) {
            require(bit < in.length * Byte.SIZE, "data ends inside a block");
            value |= (in[bit / Byte.SIZE] >>> bit % Byte.SIZE & 1) << i;
        }
        return value;
    }

    private void put(int octet) {
        if (size == out.length) {
            out = Arrays.copyOf(out, 2 * size);
        }
        out[size++] = (byte) octet;
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException(what);
        }
    }
}
