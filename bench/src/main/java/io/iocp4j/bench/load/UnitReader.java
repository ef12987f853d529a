package io.iocp4j.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The messages of the relay to one viewer: texts, and units with a header of 16 bytes. */
final class UnitReader extends FrameReader {
    private static final int HEADER_BYTES = 16;
    private static final int KIND_INIT = 1;
    private static final int KIND_MEDIA = 2;
    private static final int FROM_CACHE = 4;
    private static final int NUMBER_AT = 4;

    /** Gets each unit. */
    interface Listener {
        /** A unit that tells how to decode the others. */
        void onInit();

        /** A picture: its number in the stream, and whether it is older than this viewer. */
        void onMedia(long number, boolean fromCache, long bytes);
    }

    private final Listener listener;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    private boolean binary;
    private long bytes;

    UnitReader(Listener listener) {
        this.listener = listener;
    }

    @Override
    void begin(int opcode, boolean compressed) throws IOException {
        if (compressed) {
            throw new WrongAnswerException("a compressed message");
        }
        binary = opcode == Frames.BINARY;
        header.clear();
        bytes = 0;
    }

    @Override
    void part(ByteBuffer in) {
        bytes += in.remaining();
        while (in.hasRemaining() && header.hasRemaining()) {
            header.put(in.get());
        }
    }

    @Override
    int end() throws IOException {
        if (!binary) {
            return 0;
        }
        if (header.hasRemaining()) {
            throw new WrongAnswerException("a unit of " + bytes + " bytes");
        }
        switch (header.get(0)) {
            case KIND_INIT -> listener.onInit();
            case KIND_MEDIA -> listener.onMedia(header.getInt(NUMBER_AT) & 0xffff_ffffL,
                    (header.get(1) & FROM_CACHE) != 0, bytes - HEADER_BYTES);
            default -> throw new WrongAnswerException("a unit of the kind " + header.get(0));
        }
        return 1;
    }
}
