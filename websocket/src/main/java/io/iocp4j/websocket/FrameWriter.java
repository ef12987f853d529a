package io.iocp4j.websocket;

import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.PooledBuffer;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.frame.FrameEncoder;
import io.iocp4j.websocket.frame.MaskKeys;
import io.iocp4j.websocket.frame.Masker;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.Opcode;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.handshake.DeflateAgreement;
import java.nio.ByteBuffer;

/**
 * Writes frames to the TCP connection: header, mask, compression, and pending pongs. Every frame goes through
 * {@link #frame}, except a {@link SharedMessage} at a server, which is framed already. Guarded by the lock of the
 * WebSocket.
 *
 * <p>A client masks its payload (RFC 6455 section 5.3), but never in the caller's buffer, which other connections or
 * the application may share.
 */
final class FrameWriter {
    /** Bytes that are masked at a time. */
    private static final int MASKED_PIECE_MAX = 16 << 10;
    private static final int HEADER_MAX = 14;

    private final Object lock;
    private final TcpConnection tcp;
    private final IdleTrimmer trimmer;
    /** Null at a server. */
    private final MaskKeys keys;
    /** Null if no compression was agreed on, and at the end. */
    private MessageDeflater deflater;
    private final DeflateAgreement agreement;
    private final Deflate options;
    private final MemoryCharge context;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_MAX);
    /** The buffer in which a client masks. Null before the first frame. */
    private ByteBuffer masked = ByteBuffer.allocate(0);
    /** The queue is below its mark: the result of the last send, or of the drain after it. */
    private boolean room = true;
    /** True while a message is being streamed in compressed form. */
    private boolean streamDeflates;
    /** The newest ping whose pong must wait for room, or null. */
    private ByteBuffer owedPong;
    /** Only a Close frame may follow. */
    private boolean ended;

    /** The agreement is null if no compression was agreed on. */
    FrameWriter(Object lock, TcpConnection tcp, IdleTrimmer trimmer, Role role, DeflateAgreement agreement,
            Deflate options) {
        this.lock = lock;
        this.tcp = tcp;
        this.trimmer = trimmer;
        this.keys = role == Role.CLIENT ? new MaskKeys() : null;
        this.agreement = agreement;
        this.options = options;
        this.deflater = agreement == null ? null : agreement.deflater(role, options);
        this.context = new MemoryCharge(tcp.memory(), Kind.DIRECT);
    }

    // ------------------------------------------------------------------ frames

    /** Queues a copy of a frame. No other method copies. Returns the result of {@link TcpConnection#send}. */
    private boolean frame(boolean fin, boolean rsv1, Opcode opcode, ByteBuffer payload) {
        assert Thread.holdsLock(lock);
        if (keys == null) {
            FrameEncoder.putHeader(header.clear(), fin, rsv1, opcode, payload.remaining());
            room = tcp.send(header.flip(), payload);
            return room;
        }
        int key = keys.next();
        FrameEncoder.putHeader(header.clear(), fin, rsv1, opcode, payload.remaining(), key);
        header.flip();
        do {
            ByteBuffer piece = copy(payload);
            key = Masker.mask(piece, key);
            room = tcp.send(header, piece);
        } while (payload.hasRemaining());
        return room;
    }

    private ByteBuffer copy(ByteBuffer payload) {
        int length = Math.min(payload.remaining(), MASKED_PIECE_MAX);
        if (masked.capacity() < length) {
            masked = ByteBuffer.allocate(Math.min(MASKED_PIECE_MAX, Math.max(256, 2 * length)));
        }
        trimmer.kept(masked.capacity());
        masked.clear().put(0, payload, payload.position(), length).limit(length);
        payload.position(payload.position() + length);
        return masked;
    }

    /** Queues a copy of a control frame. Returns as {@link #frame}. */
    boolean control(Opcode opcode, ByteBuffer payload) {
        return frame(true, false, opcode, payload);
    }

    /** Queues a copy of a whole message, or its compressed form. Returns as {@link #frame}. */
    boolean whole(Opcode opcode, ByteBuffer payload, boolean compressible) {
        boolean compress = compressible && payload.remaining() >= options.threshold() && mayDeflate();
        return frame(true, compress, opcode, compress ? deflated(payload, true) : payload);
    }

    /** Queues a copy of a part of a streamed message, or its compressed form. Returns as {@link #frame}. */
    boolean part(boolean last, Opcode opcode, ByteBuffer payload) {
        boolean first = opcode != Opcode.CONTINUATION;
        if (first) {
            streamDeflates = mayDeflate();
        }
        boolean deflates = streamDeflates && deflater != null;
        return frame(last, deflates && first, opcode, deflates ? deflated(payload, last) : payload);
    }

    /** Queues a message. A server does not copy one that is framed already. Returns as {@link #frame}. */
    boolean message(Message message) {
        if (keys == null && message instanceof SharedMessage shared) {
            return shared(shared);
        }
        return whole(message.isText() ? Opcode.TEXT : Opcode.BINARY, message.data(), message.isCompressible());
    }

    private boolean shared(SharedMessage message) {
        assert Thread.holdsLock(lock);
        PooledBuffer frame = message.frame();
        if (deflater != null && message.isCompressible() && message.payloadLength() >= options.threshold()) {
            frame = message.deflated(options.level(), agreement.serverMaxWindowBits());
            if (frame != message.frame()) {
                // another compressor made this frame, once for all receivers. The peer's window now has the message,
                // but the window of this compressor does not. So the next message must not refer to earlier ones
                deflater.forget();
            }
        }
        room = tcp.send(frame);
        return room;
    }

    // ------------------------------------------------------------------ compression

    /** Returns false without an agreement, or without memory: the message is then sent uncompressed. */
    private boolean mayDeflate() {
        return deflater != null && (deflater.isHolding() || context.set(MessageDeflater.CONTEXT_BYTES));
    }

    private ByteBuffer deflated(ByteBuffer payload, boolean last) {
        ByteBuffer deflated = deflater.deflate(payload, last);
        trimmer.kept(deflater.keptBytes());
        if (!deflater.isHolding()) {
            context.set(0);
        }
        return deflated;
    }

    // ------------------------------------------------------------------ room

    /** Returns true if the queue is below its mark. */
    boolean hasRoom() {
        return room;
    }

    /** The queue has fallen to its low-water mark. If it is full again already, another drain follows. */
    void drained() {
        assert Thread.holdsLock(lock);
        room = !tcp.awaitsDrain();
        if (owedPong != null && !ended) {
            ByteBuffer payload = owedPong;
            owedPong = null;
            control(Opcode.PONG, payload);
        }
    }

    /**
     * Answers a ping. Without room, only the pong for the newest ping is kept. A peer that does not read therefore
     * cannot make the queue grow.
     */
    void pong(ByteBuffer payload) {
        assert Thread.holdsLock(lock);
        if (room) {
            control(Opcode.PONG, payload);
        } else {
            // a pong for the newest ping also answers the earlier ones (section 5.5.3)
            owedPong = ByteBuffer.allocate(payload.remaining()).put(payload.duplicate()).flip();
        }
    }

    // ------------------------------------------------------------------ memory and the end

    /** The bytes that are kept for the next message, without the context of compression. */
    int keptBytes() {
        return masked.capacity() + (deflater == null ? 0 : deflater.keptBytes());
    }

    /** Frees the memory that is kept for the next message. */
    void trim() {
        assert Thread.holdsLock(lock);
        if (masked.capacity() > IdleTrimmer.SMALL) {
            masked = ByteBuffer.allocate(0);
        }
        if (deflater != null) {
            deflater.trim();
        }
    }

    /**
     * Frees the context of compression, so that the next message refers only to itself. Not while a message is being
     * streamed.
     */
    void dropContext() {
        assert Thread.holdsLock(lock);
        if (deflater != null) {
            deflater.dropContext();
            context.set(0);
        }
    }

    /** Nothing more is sent except a Close frame. */
    void end() {
        assert Thread.holdsLock(lock);
        ended = true;
        owedPong = null;
    }

    /** Frees everything: the connection has ended. */
    void release() {
        assert Thread.holdsLock(lock);
        context.set(0);
        masked = ByteBuffer.allocate(0);
        if (deflater != null) {
            deflater.release();
            deflater = null;
        }
    }
}
