package io.iocp4j.websocket;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.PooledBuffer;
import io.iocp4j.core.RefCounted;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A message framed once, to be sent to any number of clients without a copy: what a server sends is not masked (RFC 6455 section 5.1),
 * so the bytes are the same for all. Counted; each queue that it waits in holds a reference.
 */
public final class Message extends RefCounted {
    private final PooledBuffer frame;
    private final int payloadLength;

    private Message(PooledBuffer frame, int payloadLength) {
        this.frame = frame;
        this.payloadLength = payloadLength;
    }

    /**
     * Frames binary data.
     *
     * @param pool where the memory comes from, usually that of the port
     * @param head copied first
     * @param body copied behind it; both keep their positions
     * @return with one reference, the caller's
     */
    public static Message shared(BufferPool pool, ByteBuffer head, ByteBuffer body) {
        int length = Math.addExact(head.remaining(), body.remaining());
        PooledBuffer frame = pool.acquire(Math.addExact(FrameEncoder.headerLength(length, false), length));
        ByteBuffer out = frame.buffer();
        FrameEncoder.putHeader(out, true, false, Opcode.BINARY, length);
        out.put(head.duplicate()).put(body.duplicate()).flip();
        return new Message(frame, length);
    }

    /**
     * Frames text.
     *
     * @param pool where the memory comes from, usually that of the port
     * @param text encoded as UTF-8
     * @return with one reference, the caller's
     */
    public static Message shared(BufferPool pool, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        PooledBuffer frame = pool.acquire(Math.addExact(FrameEncoder.headerLength(bytes.length, false), bytes.length));
        FrameEncoder.putHeader(frame.buffer(), true, false, Opcode.TEXT, bytes.length);
        frame.buffer().put(bytes).flip();
        return new Message(frame, bytes.length);
    }

    /**
     * The size of what it carries.
     *
     * @return bytes, without the frame header
     */
    public int payloadLength() {
        return payloadLength;
    }

    /**
     * The payload.
     *
     * @return a read-only view, valid while the caller holds a reference
     */
    public ByteBuffer payload() {
        ByteBuffer view = frame.buffer().duplicate();
        return view.position(view.limit() - payloadLength).slice().asReadOnlyBuffer();
    }

    /** The frame with its header. */
    PooledBuffer frame() {
        return frame;
    }

    @Override
    protected void free() {
        frame.release();
    }

    @Override
    public String toString() {
        return "Message[" + payloadLength + " bytes]";
    }
}
