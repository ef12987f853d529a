package io.iocp4j.websocket;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.PooledBuffer;
import io.iocp4j.core.RefCounted;
import io.iocp4j.websocket.frame.FrameEncoder;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.Opcode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A message that is framed once and sent to any number of clients without a copy. A server does not mask (RFC 6455
 * section 5.1), so all clients get the same bytes. A client must mask, and sends a copy. Reference-counted: each queue
 * holds a reference, and the creator must release its own. {@link Message#shared} creates it.
 */
public final class SharedMessage extends RefCounted implements Message {
    private final BufferPool pool;
    private final PooledBuffer frame;
    private final Opcode opcode;
    private final int payloadLength;
    private boolean compressible = true;
    /** Compressed frames by window; null before the first. Guarded by {@link #frame}. */
    private PooledBuffer[] deflated;

    private SharedMessage(BufferPool pool, PooledBuffer frame, Opcode opcode, int payloadLength) {
        this.pool = pool;
        this.frame = frame;
        this.opcode = opcode;
        this.payloadLength = payloadLength;
    }

    /** Frames a message unless it is framed already. The caller must release the result. */
    static SharedMessage of(BufferPool pool, Message message) {
        if (message instanceof SharedMessage shared) {
            shared.retain();
            return shared;
        }
        Opcode opcode = message.isText() ? Opcode.TEXT : Opcode.BINARY;
        SharedMessage made = of(pool, opcode, message.data(), ByteBuffer.allocate(0));
        return message.isCompressible() ? made : made.uncompressed();
    }

    static SharedMessage of(BufferPool pool, Opcode opcode, ByteBuffer head, ByteBuffer body) {
        int length = Math.addExact(head.remaining(), body.remaining());
        PooledBuffer frame = pool.acquire(Math.addExact(FrameEncoder.headerLength(length, false), length));
        ByteBuffer out = frame.buffer();
        FrameEncoder.putHeader(out, true, false, opcode, length);
        out.put(head.duplicate()).put(body.duplicate()).flip();
        return new SharedMessage(pool, frame, opcode, length);
    }

    @Override
    public boolean isText() {
        return opcode == Opcode.TEXT;
    }

    @Override
    public String text() {
        return StandardCharsets.UTF_8.decode(data()).toString();
    }

    @Override
    public boolean isCompressible() {
        return compressible;
    }

    /**
     * Marks this message as never compressed. Its creator calls this before sending it for the first time.
     *
     * @return this
     */
    @Override
    public SharedMessage uncompressed() {
        compressible = false;
        return this;
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
     * The size of the payload.
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

    /**
     * The frame compressed without context, as a server sends it to every client with this window; the plain frame if
     * compression does not make it smaller. The first call compresses, with its level, and keeps the result.
     */
    PooledBuffer deflated(int level, int windowBits) {
        synchronized (frame) {
            if (deflated == null) {
                deflated = new PooledBuffer[MessageDeflater.WINDOW_BITS_MAX + 1];
            }
            if (deflated[windowBits] == null) {
                deflated[windowBits] = deflate(level, windowBits);
            }
            return deflated[windowBits];
        }
    }

    private PooledBuffer deflate(int level, int windowBits) {
        MessageDeflater deflater = new MessageDeflater(level, false, windowBits);
        try {
            ByteBuffer payload = deflater.deflate(data(), true);
            if (payload.remaining() >= payloadLength) {
                return frame;
            }
            int length = FrameEncoder.headerLength(payload.remaining(), false) + payload.remaining();
            PooledBuffer made = pool.acquire(length);
            FrameEncoder.putHeader(made.buffer(), true, true, opcode, payload.remaining());
            made.buffer().put(payload).flip();
            return made;
        } finally {
            deflater.release();
        }
    }

    @Override
    protected void free() {
        if (deflated != null) {
            for (PooledBuffer made : deflated) {
                if (made != null && made != frame) {
                    made.release();
                }
            }
        }
        frame.release();
    }

    @Override
    public String toString() {
        return "SharedMessage[" + (isText() ? "text, " : "binary, ") + payloadLength + " bytes]";
    }
}
