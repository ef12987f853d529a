package io.iocp4j.websocket;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.PooledBuffer;
import io.iocp4j.core.RefCounted;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A message framed once, to be sent to any number of clients without a copy: what a server sends is not masked (RFC 6455 section 5.1),
 * so the bytes are the same for all. A client, which has to mask, sends a copy. Counted; each queue that it waits in holds a reference,
 * and its maker has to release it. {@link Message#shared} makes it.
 */
public final class SharedMessage extends RefCounted implements Message {
    private final PooledBuffer frame;
    private final Opcode opcode;
    private final int payloadLength;

    private SharedMessage(PooledBuffer frame, Opcode opcode, int payloadLength) {
        this.frame = frame;
        this.opcode = opcode;
        this.payloadLength = payloadLength;
    }

    static SharedMessage of(BufferPool pool, Opcode opcode, ByteBuffer head, ByteBuffer body) {
        int length = Math.addExact(head.remaining(), body.remaining());
        PooledBuffer frame = pool.acquire(Math.addExact(FrameEncoder.headerLength(length, false), length));
        ByteBuffer out = frame.buffer();
        FrameEncoder.putHeader(out, true, false, opcode, length);
        out.put(head.duplicate()).put(body.duplicate()).flip();
        return new SharedMessage(frame, opcode, length);
    }

    @Override
    public boolean isText() {
        return opcode == Opcode.TEXT;
    }

    @Override
    public String text() {
        return StandardCharsets.UTF_8.decode(data()).toString();
    }

    /**
     * The payload.
     *
     * @return a read-only view, valid while the caller holds a reference
     */
    @Override
    public ByteBuffer data() {
        ByteBuffer view = frame.buffer().duplicate();
        return view.position(view.limit() - payloadLength).slice().asReadOnlyBuffer();
    }

    /**
     * The size of what it carries.
     *
     * @return bytes, without the frame header
     */
    public int payloadLength() {
        return payloadLength;
    }

    /** The frame with its header, as a server sends it. */
    PooledBuffer frame() {
        return frame;
    }

    Opcode opcode() {
        return opcode;
    }

    @Override
    protected void free() {
        frame.release();
    }

    @Override
    public String toString() {
        return "SharedMessage[" + (isText() ? "text, " : "binary, ") + payloadLength + " bytes]";
    }
}
