package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What this side of a WebSocket sends, frame by frame. Every method is called under the lock of the WebSocket, on which threads wait for
 * room.
 *
 * <p>A client masks what it sends (RFC 6455 section 5.3), and never in the caller's buffer, which is only read: it may be shared with
 * other connections or kept by the application.
 */
final class FrameWriter {
    /** What may wait behind a streamed message, in bytes, with {@link #WAITING_OVERHEAD} for each; above, the connection ends. */
    static final int BEHIND_STREAM_MAX = 1 << 20;
    private static final int WAITING_OVERHEAD = 64;
    /** What is masked at a time, in bytes. */
    private static final int MASKED_PIECE_MAX = 16 << 10;
    private static final int HEADER_MAX = 14;

    /** A message that came while another was being streamed, which it must not interrupt (section 5.4). */
    private record Waiting(Message message, CompletableFuture<Void> sent) {
    }

    private final Object lock;
    private final TcpConnection tcp;
    private final Rest rest;
    /** Run among the callbacks when a streamed message has ended. */
    private final Runnable onRoom;
    /** Null at a server. */
    private final MaskKeys keys;
    /** Null if no compression was agreed on, and at the end. */
    private MessageDeflater deflater;
    private final DeflateAgreement agreement;
    private final Deflate options;
    private final Holding context;
    private final Holding behind;
    /** Whether the message that is being streamed is compressed. */
    private boolean streamDeflates;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_MAX);
    /** Where a client masks; made at the first need. */
    private ByteBuffer masked = ByteBuffer.allocate(0);
    /** What the last send said, or the drain after it. */
    private boolean room = true;
    private int waiters;
    private boolean ended;
    /** The newest ping that found no room for its pong. */
    private ByteBuffer owedPong;
    /** The message that is being streamed, or null. */
    private MessageOutput stream;
    private ArrayDeque<Waiting> behindStream = new ArrayDeque<>(0);
    private long behindBytes;
    private long messages;

    /** The agreement is null if messages go as they are. */
    FrameWriter(Object lock, TcpConnection tcp, Rest rest, Role role, DeflateAgreement agreement, Deflate options, Runnable onRoom) {
        this.onRoom = onRoom;
        this.rest = rest;
        this.lock = lock;
        this.tcp = tcp;
        this.keys = role == Role.CLIENT ? new MaskKeys() : null;
        this.agreement = agreement;
        this.options = options;
        this.deflater = agreement == null ? null : agreement.deflater(role, options);
        this.context = new Holding(tcp.memory(), Kind.DIRECT);
        this.behind = new Holding(tcp.memory(), Kind.HEAP);
    }

    // ------------------------------------------------------------------ frames and messages

    /** Queues a copy of a control frame; the answer is that of {@link TcpConnection#send(ByteBuffer)}. */
    boolean control(Opcode opcode, ByteBuffer payload) {
        return frame(true, false, opcode, payload);
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

    /** A message for whose compression there is no memory goes as it is. */
    private boolean mayDeflate() {
        return deflater != null && (deflater.isHolding() || context.set(MessageDeflater.CONTEXT_BYTES));
    }

    private ByteBuffer deflated(ByteBuffer payload, boolean last) {
        ByteBuffer deflated = deflater.deflate(payload, last);
        rest.kept(deflater.keptBytes());
        if (!deflater.isHolding()) {
            context.set(0);
        }
        return deflated;
    }

    private boolean whole(Opcode opcode, ByteBuffer payload, boolean compressible) {
        boolean compress = compressible && payload.remaining() >= options.threshold() && mayDeflate();
        return frame(true, compress, opcode, compress ? deflated(payload, true) : payload);
    }

    private boolean frame(boolean fin, boolean rsv1, Opcode opcode, ByteBuffer payload) {
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

    /** Queues a copy of a binary message; false as {@link WebSocket#trySend(String)} says it. */
    boolean binary(ByteBuffer payload) {
        messages++;
        return stream == null ? whole(Opcode.BINARY, payload, true) : wait(Message.binary(consumed(payload)));
    }

    /** Queues a message: one that was framed before as it is at a server, everything else in a copy. */
    boolean message(Message message) {
        messages++;
        if (stream != null) {
            if (message instanceof SharedMessage shared) {
                shared.retain();
            }
            return wait(message);
        }
        return write(message);
    }

    private boolean write(Message message) {
        if (keys == null && message instanceof SharedMessage shared) {
            return shared(shared);
        }
        return whole(message.isText() ? Opcode.TEXT : Opcode.BINARY, message.data(), message.isCompressible());
    }

    private boolean shared(SharedMessage message) {
        PooledBuffer frame = message.frame();
        if (deflater != null && message.isCompressible() && message.payloadLength() >= options.threshold()) {
            frame = message.deflated(options.level(), agreement.serverMaxWindowBits());
            if (frame != message.frame()) {
                // the message was compressed by itself and once for all. The peer adds it to its window, where this compressor
                // does not have it, so this one has to start afresh: what it sends next refers to nothing in that window
                deflater.forget();
            }
        }
        room = tcp.send(frame);
        return room;
    }

    private static ByteBuffer consumed(ByteBuffer payload) {
        ByteBuffer view = payload.duplicate();
        payload.position(payload.limit());
        return view;
    }

    /** Answers a ping, or owes the answer to the newest while there is no room: a peer that does not read cannot pile them up. */
    void pong(ByteBuffer payload) {
        if (room) {
            control(Opcode.PONG, payload);
        } else {
            // the newest answers for all before it (section 5.5.3)
            owedPong = ByteBuffer.allocate(payload.remaining()).put(payload.duplicate()).flip();
        }
    }

    /** Tells when the operating system has taken all that was sent up to now. */
    CompletableFuture<Void> taken() {
        return behindStream.isEmpty() ? tcp.flushed() : behindStream.peekLast().sent.copy();
    }

    /** What a message that was not sent fails with, and why if a limit was met. Any thread. */
    IoException aborted(String operation) {
        CloseInfo why = tcp.closeInfo();
        return new IoException(IoError.OPERATION_ABORTED, operation, tcp.local(), tcp.remote(), why == null ? null : why.cause());
    }

    long bufferedAmount() {
        return tcp.bufferedAmount() + behindBytes;
    }

    /** Messages that were queued, streamed ones included. */
    long messages() {
        return messages;
    }

    private ByteBuffer copy(ByteBuffer payload) {
        int length = Math.min(payload.remaining(), MASKED_PIECE_MAX);
        if (masked.capacity() < length) {
            masked = ByteBuffer.allocate(Math.min(MASKED_PIECE_MAX, Math.max(256, 2 * length)));
        }
        rest.kept(masked.capacity());
        masked.clear().put(0, payload, payload.position(), length).limit(length);
        payload.position(payload.position() + length);
        return masked;
    }

    /** Keeps a message behind the one that is being streamed; the answer is that of a send without room. */
    private boolean wait(Message message) {
        behindBytes += bytes(message);
        if (!behind.set(behindBytes)) {
            tcp.abort(IoError.NO_BUFFERS, new IOException(behind.refusal()));
        }
        behindStream.add(new Waiting(message, new CompletableFuture<>()));
        if (behindBytes > BEHIND_STREAM_MAX) {
            tcp.abort(IoError.NO_BUFFERS, new IOException("more than " + BEHIND_STREAM_MAX + " bytes wait behind a streamed message"));
        }
        return false;
    }

    private static long bytes(Message message) {
        return WAITING_OVERHEAD + (long) message.data().remaining();
    }

    private static void release(Message message) {
        if (message instanceof SharedMessage shared) {
            shared.release();
        }
    }

    // ------------------------------------------------------------------ room

    /** Whether the queue is below its mark. */
    boolean hasRoom() {
        return room;
    }

    /** The queue has gone down, and perhaps up again since: then another drain will follow. */
    void drained() {
        room = !tcp.awaitsDrain();
        if (owedPong != null && !ended) {
            ByteBuffer payload = owedPong;
            owedPong = null;
            control(Opcode.PONG, payload);
        }
        changed();
    }

    /** Whether the application may be told that it may go on. */
    boolean mayBeTold() {
        return stream == null && room;
    }

    /** Waits until the queue is below its mark and no other message is being streamed; not on a worker, where nothing may wait. */
    void awaitRoom(MessageOutput own) throws IoException {
        if (tcp.completionPort().isWorker()) {
            return;
        }
        while (!ended && (!room || stream != null && stream != own)) {
            waiters++;
            try {
                lock.wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IoException(IoError.OPERATION_ABORTED, "send", tcp.local(), tcp.remote(), e);
            } finally {
                waiters--;
            }
        }
    }

    private void changed() {
        if (waiters > 0) {
            lock.notifyAll();
        }
    }

    // ------------------------------------------------------------------ streamed messages

    /** Begins a message of several frames; {@link #awaitRoom} has waited for the one before. */
    MessageOutput beginStream(MessageOutput begun) {
        if (stream != null) {
            throw new IllegalStateException("another message is being streamed, and a worker must not wait for its end");
        }
        stream = begun;
        messages++;
        return begun;
    }

    /** What has waited goes out behind the last frame; the returned task tells those who wait for it, without the lock. */
    Runnable endStream() {
        stream = null;
        List<CompletableFuture<Void>> sent = new ArrayList<>();
        for (Waiting next = behindStream.poll(); next != null; next = behindStream.poll()) {
            write(next.message);
            release(next.message);
            sent.add(next.sent);
        }
        forgetBehindStream();
        changed();
        // who was told that a message has to wait behind the stream may go on
        tcp.execute(onRoom);
        CompletableFuture<Void> taken = tcp.closeInfo() == null ? taken() : CompletableFuture.failedFuture(aborted("send"));
        return () -> taken.whenComplete((nothing, thrown) -> sent.forEach(future -> {
            if (thrown == null) {
                future.complete(null);
            } else {
                future.completeExceptionally(thrown);
            }
        }));
    }

    // ------------------------------------------------------------------ the end

    /** Nothing more is sent but a Close frame; who waits is woken. */
    void end() {
        ended = true;
        owedPong = null;
        changed();
    }

    /** What is kept for the next message beside the context, in bytes. */
    int keptBytes() {
        return masked.capacity() + (deflater == null ? 0 : deflater.keptBytes());
    }

    /** Gives back what is kept for the next message. */
    void rest() {
        if (masked.capacity() > Rest.SMALL) {
            masked = ByteBuffer.allocate(0);
        }
        if (deflater != null) {
            deflater.rest();
        }
    }

    /** Memory is tight: the next message refers to itself only. */
    void tight() {
        rest();
        if (deflater != null && stream == null) {
            deflater.dropContext();
            context.set(0);
        }
    }

    /** The connection is gone. */
    void release() {
        context.set(0);
        masked = ByteBuffer.allocate(0);
        if (deflater != null) {
            deflater.release();
            deflater = null;
        }
    }

    /** What will never be sent, for the caller to fail without the lock. */
    List<CompletableFuture<Void>> takeUnsent() {
        List<CompletableFuture<Void>> unsent = new ArrayList<>();
        for (Waiting next = behindStream.poll(); next != null; next = behindStream.poll()) {
            release(next.message);
            unsent.add(next.sent);
        }
        forgetBehindStream();
        return unsent;
    }

    /** A queue that has been long stays long. */
    private void forgetBehindStream() {
        behindBytes = 0;
        behind.set(0);
        behindStream = new ArrayDeque<>(0);
    }
}
