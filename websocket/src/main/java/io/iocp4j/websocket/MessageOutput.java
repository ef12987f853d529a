package io.iocp4j.websocket;

import io.iocp4j.websocket.frame.Opcode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A message that is sent while it is written, in one frame or more. A frame is sent when the buffer is full or flushed,
 * and the last one at {@link #close()}. For one thread.
 */
final class MessageOutput extends OutputStream {
    /** The largest payload of one frame, in bytes. */
    static final int FRAME_MAX = 16 << 10;

    private final MessageSender socket;
    private final ByteBuffer buffer = ByteBuffer.allocate(FRAME_MAX);
    private Opcode next;
    private boolean closed;

    MessageOutput(MessageSender socket, Opcode opcode) {
        this.socket = socket;
        this.next = opcode;
    }

    @Override
    public void write(int octet) throws IOException {
        requireOpen();
        if (!buffer.hasRemaining()) {
            send(false);
        }
        buffer.put((byte) octet);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        requireOpen();
        int done = 0;
        while (done < length) {
            if (!buffer.hasRemaining()) {
                send(false);
            }
            int part = Math.min(length - done, buffer.remaining());
            buffer.put(bytes, offset + done, part);
            done += part;
        }
    }

    @Override
    public void flush() throws IOException {
        requireOpen();
        if (buffer.position() > 0) {
            send(false);
        }
    }

    /** Ends the message. A second call does nothing. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            send(true);
        }
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("the message was ended");
        }
    }

    private void send(boolean last) throws IOException {
        socket.part(this, last, next, buffer.flip());
        next = Opcode.CONTINUATION;
        buffer.clear();
    }
}
