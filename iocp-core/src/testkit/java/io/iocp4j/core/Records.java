package io.iocp4j.core;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Bytes that tell by themselves whether one is missing, doubled or in the wrong place, although several threads send
 * over the same connection: pieces with the number of a sender and, for each sender, numbers without a gap, and
 * {@link #FILLING} anywhere between two.
 */
final class Records {
    /** A byte that may stand between two pieces: for what is not sent as one piece. */
    static final byte FILLING = 0x7F;
    private static final int HEAD = 1 + Integer.BYTES + Short.BYTES;

    /** Makes the pieces of one sender for one connection. */
    static final class Sender {
        private final byte number;
        private int next;

        /** The number is 0 or more, below {@link #FILLING}. */
        Sender(int number) {
            this.number = (byte) number;
        }

        /** The number of the next piece. */
        int next() {
            return next;
        }

        /** Takes back what was made since. */
        void next(int number) {
            next = number;
        }

        ByteBuffer piece(SplittableRandom random, int sizeMax) {
            int length = random.nextInt(sizeMax);
            ByteBuffer piece = ByteBuffer.allocate(HEAD + length).put(number).putInt(next).putShort((short) length);
            for (int i = 0; i < length; i++) {
                piece.put((byte) (next + i));
            }
            next++;
            return piece.flip();
        }
    }

    private final Map<Byte, Integer> expected = new HashMap<>();
    private final ByteBuffer head = ByteBuffer.allocate(HEAD);
    private int number;
    private int length;
    private int at;

    static ByteBuffer filling(int bytes) {
        ByteBuffer filling = ByteBuffer.allocate(bytes);
        while (filling.hasRemaining()) {
            filling.put(FILLING);
        }
        return filling.flip();
    }

    /** Takes what has come, all of it. Null, or what is wrong with it. */
    String check(ByteBuffer data) {
        while (data.hasRemaining()) {
            byte next = data.get();
            if (at < length) {
                if (next != (byte) (number + at)) {
                    return "byte " + at + " of piece " + number + " of " + length + " bytes is another";
                }
                at++;
            } else if (head.position() > 0 || next != FILLING) {
                head.put(next);
                if (!head.hasRemaining()) {
                    String wrong = begin();
                    if (wrong != null) {
                        return wrong;
                    }
                }
            }
        }
        return null;
    }

    private String begin() {
        head.flip();
        byte sender = head.get();
        number = head.getInt();
        length = head.getShort();
        at = 0;
        head.clear();
        int due = expected.merge(sender, 1, Integer::sum) - 1;
        return number == due ? null : "sender " + sender + " has piece " + number + " where " + due + " is due";
    }
}
