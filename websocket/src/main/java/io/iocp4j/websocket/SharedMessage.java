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
 * A message framed once, to be sent to any number of clients without a copy: what a server sends is not masked (RFC
 * 6455 section 5.1), so the bytes are the same for all. A client, which has to mask, sends a copy. Counted; each queue
 * that it waits in holds a reference, and its maker has to release it. {@link Message#shared} makes it.
 */
public final class SharedMessage extends RefCounted implements Message {
    private final BufferPool pool;
    private final PooledBuffer frame;
    private final Opcode opcode;
    private final int payloadLength;
    private boolean compressible = true;
    /** Compressed frames by the window, made at the first need; guarded by {@link #frame}. */
    private PooledBuffer[] deflated;

    private SharedMessage(BufferPool pool, PooledBuffer frame, Opcode opcode, int payloadLength) {
        this.pool = pool;
        this.frame = frame;
        this.opcode = opcode;
        this.payloadLength = payloadLength;
    }

    /** Frames a message unless it is framed, with a reference for the caller either way. */
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
     * Says that this message is never compressed. For its maker, before it is sent for the first time.
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

    /**
     * The frame compressed by itself, as a server sends it to every client with this window, or the plain one if
     * compressing gains nothing. The first call compresses, with its level; the message keeps what came out.
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
