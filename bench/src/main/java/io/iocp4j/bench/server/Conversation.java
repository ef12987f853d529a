package io.iocp4j.bench.server;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One connection of a baseline, without I/O. The server reads into {@link #input()}, writes {@link #output()}, and
 * reads again when everything is written. A server therefore stops reading from a peer that does not read. One thread
 * at a time.
 */
abstract class Conversation {
    /** The smallest buffer, in bytes. */
    static final int BUFFER_MIN = 512;

    /** Returns the buffer to read into, which has room. */
    abstract ByteBuffer input();

    /**
     * Takes the bytes that were read.
     *
     * @return the bytes to write, perhaps none; valid until {@link #written()}
     * @throws IOException if the peer has broken a rule
     */
    abstract ByteBuffer output() throws IOException;

    /** Called when all of the output is written. */
    abstract void written();

    /** Tells whether the connection ends after the output. */
    boolean isOver() {
        return false;
    }

    /** Tells whether the peer is a viewer, which receives the messages of publishers. */
    boolean isViewer() {
        return false;
    }

    /** Sends back what it reads. Like a connection of this project, it has a larger buffer after one that was full. */
    static class Echo extends Conversation {
        private static final int BUFFER_MAX = 64 << 10;
        private ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_MIN);

        @Override
        ByteBuffer input() {
            return buffer.clear();
        }

        @Override
        ByteBuffer output() {
            return buffer.flip();
        }

        @Override
        void written() {
            if (buffer.limit() == buffer.capacity() && buffer.capacity() < BUFFER_MAX) {
                buffer = ByteBuffer.allocateDirect(2 * buffer.capacity());
            }
        }
    }
}
