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
 * Writes frames to the TCP connection: header, mask, compression, and the pongs that are owed. Everything that one
 * WebSocket sends goes through {@link #frame}. Guarded by lock, the WebSocket's.
 *
 * <p>A client masks what it sends (RFC 6455 section 5.3), and never in the caller's buffer, which is only read: it may
 * be shared with other connections or kept by the application.
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
    /** The buffer in which a client masks; made at the first need. */
    private ByteBuffer masked = ByteBuffer.allocate(0);
    /** True while the queue is below its mark: what the last send returned, or the drain after it. */
    private boolean room = true;
    /** True while a message is being streamed in compressed form. */
    private boolean streamDeflates;
    /** The newest ping that found no room for its pong. */
    private ByteBuffer owedPong;
    /** True when nothing but a Close frame may follow. */
    private boolean ended;

    /** The agreement is null if messages go as they are. */
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

    /** The one way to the connection. Queues a copy of a frame; the answer is that of a {@code send} of TCP. */
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

    /** Queues a copy of a control frame; the answer is that of a {@code send} of TCP. */
    boolean control(Opcode opcode, ByteBuffer payload) {
        return frame(true, false, opcode, payload);
    }

    /** Queues a copy of a whole message, or its compressed form; the answer is that of a {@code send} of TCP. */
    boolean whole(Opcode opcode, ByteBuffer payload, boolean compressible) {
        boolean compress = compressible && payload.remaining() >= options.threshold() && mayDeflate();
        return frame(true, compress, opcode, compress ? deflated(payload, true) : payload);
    }

    /** Queues a copy of a part of a message that is being streamed, or its compressed form. */
    boolean part(boolean last, Opcode opcode, ByteBuffer payload) {
        boolean first = opcode != Opcode.CONTINUATION;
        if (first) {
            streamDeflates = mayDeflate();
        }
        boolean deflates = streamDeflates && deflater != null;
        return frame(last, deflates && first, opcode, deflates ? deflated(payload, last) : payload);
    }

    /** Queues a message: at a server one that was framed before as it is, everything else in a copy. */
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
                // the message was compressed alone, once for all receivers. The peer adds it to its window, where this
                // compressor does not have it, so this one has to start afresh: what it sends next refers to nothing in
                // that window
                deflater.forget();
            }
        }
        room = tcp.send(frame);
        return room;
    }

    // ------------------------------------------------------------------ compression

    /** A message for whose compression there is no memory goes as it is. */
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

    /** Whether the queue is below its mark. */
    boolean hasRoom() {
        return room;
    }

    /** The queue has gone down, and perhaps up again since: then another drain will follow. */
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
     * Answers a ping, or owes the answer to the newest while there is no room: a peer that does not read cannot pile
     * them up.
     */
    void pong(ByteBuffer payload) {
        assert Thread.holdsLock(lock);
        if (room) {
            control(Opcode.PONG, payload);
        } else {
            // the newest answers for all before it (section 5.5.3)
            owedPong = ByteBuffer.allocate(payload.remaining()).put(payload.duplicate()).flip();
        }
    }

    // ------------------------------------------------------------------ memory and the end

    /** Bytes that are kept for the next message beside the context. */
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
     * Gives back the context as well: the next message refers to itself only. Not while a message is being streamed.
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

    /** The connection is gone. */
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
