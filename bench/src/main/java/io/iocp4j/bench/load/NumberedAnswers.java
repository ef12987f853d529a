package io.iocp4j.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The messages of a fan-out that one viewer receives. Each begins with its number, and none may be missing. */
final class NumberedAnswers extends FrameReader {
    private final int size;
    private final byte last;
    private long number;
    private long got;
    private long previous = -1;

    NumberedAnswers(int size, byte last) {
        this.size = size;
        this.last = last;
    }

    /** The number of the message that was whole last; -1 before the first. */
    long previous() {
        return previous;
    }

    @Override
    void begin(int opcode, boolean compressed) throws IOException {
        if (opcode != Frames.BINARY || compressed) {
            throw new WrongAnswerException("a viewer got a message with the opcode " + opcode);
        }
        number = 0;
        got = 0;
    }

    @Override
    void part(ByteBuffer in) throws IOException {
        int place = in.position();
        int limit = in.limit();
        for (; place < limit && got < Long.BYTES; place++, got++) {
            number = number << 8 | in.get(place) & 0xff;
        }
        got += limit - place;
        if (got == size && size > Long.BYTES && limit > in.position() && in.get(limit - 1) != last) {
            throw new WrongAnswerException("a message ends with " + in.get(limit - 1) + " instead of " + last);
        }
    }

    @Override
    int end() throws IOException {
        if (got != size) {
            throw new WrongAnswerException("a viewer got " + got + " bytes instead of " + size);
        }
        if (previous >= 0 && number != previous + 1) {
            throw new WrongAnswerException("a viewer got message " + number + " after " + previous);
        }
        previous = number;
        return 1;
    }
}
