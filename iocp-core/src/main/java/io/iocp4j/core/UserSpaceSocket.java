package io.iocp4j.core;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A socket that is not the operating system's, the common part of {@link TlsSocket} and {@link MemorySocket}. It has
 * one pending receive and one pending send, and keeps the contract of {@link PortSocket} for them. All fields are
 * guarded by {@code lock}, which is taken after the lock of the connection. No completion is delivered under it.
 */
abstract class UserSpaceSocket implements PortSocket {
    final PortInternals port;
    final Object lock;

    /** The connection that owns the operations; null before the first one. */
    private Counted owner;
    private IoContext receive;
    private ByteBuffer into;
    private int intoStart;
    private IoContext send;
    private ByteBuffer[] from;
    private boolean closed;
    /** The error with which every operation fails from now on; null if there is none. */
    private IoError error;
    private Throwable cause;

    UserSpaceSocket(PortInternals port, Object lock) {
        this.port = port;
        this.lock = lock;
    }

    /** Advances the pending operations as far as possible. The lock is held. */
    abstract void advance();

    // ------------------------------------------------------------------ submits

    @Override
    public final void receive(ByteBuffer buffer, IoContext context) {
        synchronized (lock) {
            if (!buffer.hasRemaining()) {
                throw new IllegalArgumentException("a receive into a buffer without room would look like a disconnect");
            }
            if (receive != null) {
                throw new IllegalStateException("a receive is pending");
            }
            if (begin(context, Operation.RECEIVE, buffer)) {
                receive = context;
                into = buffer;
                intoStart = buffer.position();
                advance();
            }
        }
    }

    @Override
    public final void send(ByteBuffer[] buffers, int count, IoContext context) {
        synchronized (lock) {
            if (count < 1 || count > CompletionPort.GATHER_MAX || remaining(buffers, count) == 0) {
                throw new IllegalArgumentException(
                        "nothing to send, or more than " + CompletionPort.GATHER_MAX + " buffers: " + count);
            }
            if (send != null) {
                throw new IllegalStateException("a send is pending");
            }
            // copied before the operation is begun, since the allocation may fail
            ByteBuffer[] copy = Arrays.copyOf(buffers, count);
            if (begin(context, Operation.SEND, buffers[0])) {
                send = context;
                from = copy;
                advance();
            }
        }
    }

    /** Begins an operation. Returns false if it has failed already. */
    final boolean begin(IoContext context, Operation operation, ByteBuffer buffer) {
        assert Thread.holdsLock(lock);
        port.begin(context, operation, buffer);
        owner = context.owner();
        if (closed) {
            port.finish(context, 0, IoError.BAD_DESCRIPTOR, null);
        } else if (error != null) {
            port.finish(context, 0, error, cause);
        }
        return !closed && error == null;
    }

    private static long remaining(ByteBuffer[] buffers, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += buffers[i].remaining();
        }
        return sum;
    }

    // ------------------------------------------------------------------ the pending operations; the lock is held

    final Counted owner() {
        return owner;
    }

    final boolean isReceiving() {
        return receive != null;
    }

    /** Returns the buffer of the pending receive. */
    final ByteBuffer into() {
        return into;
    }

    /** The bytes that the pending receive has so far. */
    final int got() {
        return into.position() - intoStart;
    }

    /** Ends the pending receive with its bytes; none mean that the peer has ended its sending. */
    final void finishReceive() {
        assert Thread.holdsLock(lock);
        IoContext done = receive;
        int bytes = got();
        receive = null;
        into = null;
        port.finish(done, bytes, null, null);
    }

    final boolean isSending() {
        return send != null;
    }

    /** The buffers of the pending send. */
    final ByteBuffer[] from() {
        return from;
    }

    /** Ends the pending send. */
    final void finishSend(long bytes, IoError why, Throwable thrown) {
        assert Thread.holdsLock(lock);
        IoContext done = send;
        send = null;
        from = null;
        port.finish(done, bytes, why, thrown);
    }

    /** Fails the pending operations at once, and every later operation, with this error. */
    final void breakOff(IoError why, Throwable thrown) {
        assert Thread.holdsLock(lock);
        if (error == null) {
            error = why;
            cause = thrown;
            failPending(why, thrown);
        }
    }

    final IoError error() {
        return error;
    }

    final Throwable cause() {
        return cause;
    }

    /** Marks the socket as closed. Returns false if it was closed before. */
    final boolean markClosed() {
        assert Thread.holdsLock(lock);
        if (closed) {
            return false;
        }
        closed = true;
        failPending(IoError.OPERATION_ABORTED, null);
        return true;
    }

    final boolean isClosed() {
        return closed;
    }

    /** Fails the pending operations. A subclass overrides this if it has more of them. */
    void failPending(IoError why, Throwable thrown) {
        if (receive != null) {
            IoContext done = receive;
            receive = null;
            into = null;
            port.finish(done, 0, why, thrown);
        }
        if (send != null) {
            finishSend(0, why, thrown);
        }
    }
}
