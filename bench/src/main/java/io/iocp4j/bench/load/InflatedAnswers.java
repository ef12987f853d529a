package io.iocp4j.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** The messages of a WebSocket echo with permessage-deflate (RFC 7692), which are inflated and compared as a whole. */
final class InflatedAnswers extends FrameReader implements AutoCloseable {
    private static final int TAIL = 4;
    /** A compressed message may be longer than twice its payload by this many bytes. */
    private static final int INCOMPRESSIBLE_BYTES = 1 << 10;

    private final List<byte[]> payloads;
    private final boolean fresh;
    private final Inflater inflater = new Inflater(true);
    private final byte[] inflated;
    private byte[] wire = new byte[1 << 10];
    private int wireBytes;
    private boolean compressed;
    private int number;

    /**
     * Expects a cycle of messages.
     *
     * @param payloads what was sent, all of one length
     * @param fresh whether the server compresses each message without the context of earlier ones
     */
    InflatedAnswers(List<byte[]> payloads, boolean fresh) {
        this.payloads = payloads;
        this.fresh = fresh;
        inflated = new byte[payloads.getFirst().length + 1];
    }

    @Override
    void begin(int opcode, boolean isCompressed) throws IOException {
        if (opcode != Frames.TEXT) {
            throw new WrongAnswerException("an answer has the opcode " + opcode);
        }
        compressed = isCompressed;
        wireBytes = 0;
    }

    @Override
    void part(ByteBuffer in) throws IOException {
        int part = in.remaining();
        if (wireBytes + part > 2L * inflated.length + INCOMPRESSIBLE_BYTES) {
            throw new WrongAnswerException("an answer of more than " + wireBytes + " bytes");
        }
        if (wireBytes + part + TAIL > wire.length) {
            wire = Arrays.copyOf(wire, Math.max(2 * wire.length, wireBytes + part + TAIL));
        }
        in.get(wire, wireBytes, part);
        wireBytes += part;
    }

    @Override
    int end() throws IOException {
        byte[] expected = payloads.get(number);
        byte[] found = compressed ? inflated : wire;
        int length = compressed ? inflate() : wireBytes;
        if (!Arrays.equals(expected, 0, expected.length, found, 0, length)) {
            throw new WrongAnswerException("an answer of " + length + " bytes is not what was sent, " + expected.length
                    + " bytes");
        }
        number = (number + 1) % payloads.size();
        return 1;
    }

    private int inflate() throws IOException {
        // section 7.2.2: the empty block that the sender has left out
        wire[wireBytes] = 0;
        wire[wireBytes + 1] = 0;
        wire[wireBytes + 2] = (byte) 0xff;
        wire[wireBytes + 3] = (byte) 0xff;
        try {
            inflater.setInput(wire, 0, wireBytes + TAIL);
            int length = 0;
            while (!inflater.needsInput() && length < inflated.length) {
                int more = inflater.inflate(inflated, length, inflated.length - length);
                if (more == 0) {
                    break;
                }
                length += more;
            }
            if (fresh) {
                inflater.reset();
            }
            return length;
        } catch (DataFormatException e) {
            throw new WrongAnswerException("an answer cannot be inflated: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        inflater.close();
    }
}
