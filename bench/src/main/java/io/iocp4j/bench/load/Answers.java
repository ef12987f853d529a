package io.iocp4j.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Cuts the bytes of a server into answers, and checks them. Each connection has one; one thread. */
abstract class Answers {
    /**
     * Takes all bytes.
     *
     * @param in the bytes that have arrived; its position moves to its limit
     * @return the number of answers that became complete
     * @throws IOException if an answer is wrong, or the server ends the conversation
     */
    abstract int take(ByteBuffer in) throws IOException;

    /** A frame that must be sent between two messages; null if there is none. */
    ByteBuffer owed() {
        return null;
    }

    /** The owed frame was sent. */
    void paid() {
        throw new IllegalStateException("nothing was owed");
    }

    /** Expects the same unframed bytes back again and again. */
    static final class Plain extends Answers {
        private final int size;
        private final byte first;
        private final byte last;
        private int got;

        Plain(byte[] message) {
            size = message.length;
            first = message[0];
            last = message[size - 1];
        }

        @Override
        int take(ByteBuffer in) throws IOException {
            int whole = 0;
            int place = in.position();
            int limit = in.limit();
            while (place < limit) {
                if (got == 0 && in.get(place) != first) {
                    throw new WrongAnswerException("an answer begins with " + in.get(place) + " instead of " + first);
                }
                int part = Math.min(limit - place, size - got);
                place += part;
                got += part;
                if (got == size) {
                    if (in.get(place - 1) != last) {
                        throw new WrongAnswerException(
                                "an answer ends with " + in.get(place - 1) + " instead of " + last);
                    }
                    got = 0;
                    whole++;
                }
            }
            in.position(limit);
            return whole;
        }
    }
}
