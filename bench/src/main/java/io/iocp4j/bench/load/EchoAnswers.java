package io.iocp4j.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The messages of a WebSocket echo. */
final class EchoAnswers extends FrameReader {
    private final int opcode;
    private final int size;
    private final byte first;
    private final byte last;
    private long got;

    EchoAnswers(int opcode, byte[] payload) {
        this.opcode = opcode;
        size = payload.length;
        first = payload[0];
        last = payload[size - 1];
    }

    @Override
    void begin(int type, boolean compressed) throws IOException {
        if (type != opcode || compressed) {
            throw new WrongAnswerException("an answer has the opcode " + type + (compressed ? ", compressed" : ""));
        }
        got = 0;
    }

    @Override
    void part(ByteBuffer in) throws IOException {
        int part = in.remaining();
        if (part == 0) {
            return;
        }
        if (got == 0 && in.get(in.position()) != first) {
            throw new WrongAnswerException("an answer begins with " + in.get(in.position()) + " instead of " + first);
        }
        got += part;
        if (got == size && in.get(in.limit() - 1) != last) {
            throw new WrongAnswerException("an answer ends with " + in.get(in.limit() - 1) + " instead of " + last);
        }
    }

    @Override
    int end() throws IOException {
        if (got != size) {
            throw new WrongAnswerException("an answer of " + got + " bytes instead of " + size);
        }
        return 1;
    }
}
