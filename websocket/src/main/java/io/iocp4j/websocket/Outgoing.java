package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import java.nio.ByteBuffer;

/**
 * What this side of a WebSocket sends, frame by frame. Not thread-safe: guarded by the lock of its WebSocket.
 *
 * <p>A client masks what it sends (RFC 6455 section 5.3), and never in the caller's buffer, which is only read: it may be shared with
 * other connections or kept by the application.
 */
final class Outgoing {
    /** What is masked at a time, in bytes. */
    private static final int MASKED_PIECE_MAX = 16 << 10;
    private static final int HEADER_MAX = 14;

    private final TcpConnection tcp;
    /** Null at a server. */
    private final MaskKeys keys;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_MAX);
    /** Where a client masks; made at the first need. */
    private ByteBuffer masked = ByteBuffer.allocate(0);

    Outgoing(TcpConnection tcp, Role role) {
        this.tcp = tcp;
        this.keys = role == Role.CLIENT ? new MaskKeys() : null;
    }

    /** Queues a copy of a frame; the answer is that of {@link TcpConnection#send(ByteBuffer)}. */
    boolean frame(boolean fin, Opcode opcode, ByteBuffer payload) {
        if (keys == null) {
            FrameEncoder.putHeader(header.clear(), fin, false, opcode, payload.remaining());
            return tcp.send(header.flip(), payload);
        }
        int key = keys.next();
        FrameEncoder.putHeader(header.clear(), fin, false, opcode, payload.remaining(), key);
        header.flip();
        boolean room;
        do {
            ByteBuffer piece = copy(payload);
            key = Masker.mask(piece, key);
            room = tcp.send(header, piece);
        } while (payload.hasRemaining());
        return room;
    }

    /** Queues a message that was framed before: the frame itself at a server, a masked copy at a client. */
    boolean shared(SharedMessage message) {
        return keys == null ? tcp.send(message.frame()) : frame(true, message.opcode(), message.data());
    }

    private ByteBuffer copy(ByteBuffer payload) {
        int length = Math.min(payload.remaining(), MASKED_PIECE_MAX);
        if (masked.capacity() < length) {
            masked = ByteBuffer.allocate(Math.min(MASKED_PIECE_MAX, Math.max(256, 2 * length)));
        }
        masked.clear().put(0, payload, payload.position(), length).limit(length);
        payload.position(payload.position() + length);
        return masked;
    }
}
