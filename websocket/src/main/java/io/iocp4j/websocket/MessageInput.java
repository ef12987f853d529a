package io.iocp4j.websocket;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A message that is read while it arrives. Text is read as UTF-8, which was checked. The next message can be received
 * after this one was read to its end or closed, which skips the rest. For one thread.
 */
public final class MessageInput extends InputStream {
    private final BlockingReceiver inbox;
    private final WebSocketConnection socket;
    private final boolean text;
    private ByteBuffer part;
    private boolean last;
    private boolean ended;

    MessageInput(BlockingReceiver inbox, WebSocketConnection socket, boolean text, ByteBuffer first, boolean last) {
        this.inbox = inbox;
        this.socket = socket;
        this.text = text;
        this.part = first;
        this.last = last;
    }

    /**
     * Tells whether the message is text.
     *
     * @return false for binary data
     */
    public boolean isText() {
        return text;
    }

    /**
     * Waits for the next byte.
     *
     * @return the byte, or -1 at the end of the message
     * @throws WebSocketException if the WebSocket ended inside the message
     */
    @Override
    public int read() throws IOException {
        return fill() ? part.get() & 0xFF : -1;
    }

    /**
     * Waits for at least one byte, unless none is asked for.
     *
     * @param bytes receives them
     * @param offset of the first
     * @param length the largest number to read
     * @return the number of bytes read, or -1 at the end of the message
     * @throws WebSocketException if the WebSocket ended inside the message
     */
    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, part.remaining());
        part.get(bytes, offset, count);
        return count;
    }

    @Override
    public int available() {
        return part.remaining();
    }

    /** Skips the rest of the message, and waits for it. */
    @Override
    public void close() throws IOException {
        while (fill()) {
            part.position(part.limit());
        }
    }

    /** Receives the next bytes from the receiver, inside {@link #fill}. */
    void take(ByteBuffer next, boolean isLast) {
        part = next;
        last = isLast;
    }

    private boolean fill() throws IOException {
        while (!part.hasRemaining() && !last) {
            inbox.continueStream(socket, this);
        }
        if (!part.hasRemaining() && !ended) {
            ended = true;
            inbox.streamEnded();
        }
        return part.hasRemaining();
    }
}
