package io.iocp4j.websocket;

import io.iocp4j.core.IoError;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.TcpConnection;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The messages that were sent while another one is being streamed, which they must not interrupt (RFC 6455 section
 * 5.4). Made with the first of them, and dropped when the stream ends. Guarded by the lock of the WebSocket.
 */
final class StreamBacklog {
    /** The limit in bytes, with {@link #OVERHEAD} for each message. Beyond it: the connection ends. */
    static final int BYTES_MAX = 1 << 20;
    private static final int OVERHEAD = 64;

    private record Waiting(Message message, CompletableFuture<Void> sent) {
    }

    private final Object lock;
    private final TcpConnection tcp;
    private final MemoryCharge charge;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long bytes;

    StreamBacklog(Object lock, TcpConnection tcp) {
        this.lock = lock;
        this.tcp = tcp;
        this.charge = new MemoryCharge(tcp.memory(), Kind.HEAP);
    }

    /** Adds a message, and retains it if it is shared. A message beyond the limit ends the connection. */
    void add(Message message) {
        assert Thread.holdsLock(lock);
        if (message instanceof SharedMessage shared) {
            shared.retain();
        }
        bytes += OVERHEAD + (long) message.data().remaining();
        if (!charge.set(bytes)) {
            tcp.abort(IoError.NO_BUFFERS, new IOException(charge.refusal()));
        }
        waiting.add(new Waiting(message, new CompletableFuture<>()));
        if (bytes > BYTES_MAX) {
            tcp.abort(IoError.NO_BUFFERS,
                    new IOException("more than " + BYTES_MAX + " bytes wait behind a streamed message"));
        }
    }

    long bytes() {
        return bytes;
    }

    /** Completes when the operating system has taken the messages that wait now. */
    CompletableFuture<Void> taken() {
        assert Thread.holdsLock(lock);
        return waiting.peekLast().sent.copy();
    }

    /** Writes all messages. Returns the futures of their senders, to be completed without the lock. */
    List<CompletableFuture<Void>> writeTo(FrameWriter writer) {
        assert Thread.holdsLock(lock);
        for (Waiting next : waiting) {
            writer.message(next.message);
        }
        return drop();
    }

    /** Drops all messages. Returns the futures of their senders, to be completed without the lock. */
    List<CompletableFuture<Void>> drop() {
        assert Thread.holdsLock(lock);
        List<CompletableFuture<Void>> senders = new ArrayList<>(waiting.size());
        for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
            if (next.message instanceof SharedMessage shared) {
                shared.release();
            }
            senders.add(next.sent);
        }
        bytes = 0;
        charge.set(0);
        return senders;
    }
}
