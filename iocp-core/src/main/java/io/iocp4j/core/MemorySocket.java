package io.iocp4j.core;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * One of two sockets that are joined in memory. Each direction holds a bounded number of bytes. A sender whose peer
 * does not receive therefore waits, as with TCP. Both sockets share one lock.
 *
 * <p>{@link #shutdownOutput()} ends the bytes that the peer receives. A close without it is a reset: the peer's
 * operations fail with {@link IoError#CONNECTION_RESET} from then on. After a close behind it, the peer's sends still
 * fail, since there is no receiver.
 */
final class MemorySocket extends UserSpaceSocket {
    /** The most bytes that one direction holds. */
    static final int CAPACITY = 64 << 10;

    private final InetSocketAddress local;
    private final Handle handle = new Handle();

    // guarded by lock
    private MemorySocket peer;
    /** Bytes of the peer that were not received, between position and limit; null if there are none. */
    private PooledBuffer incoming;
    private boolean ended;

    private MemorySocket(PortInternals port, Object lock, int number) {
        super(port, lock);
        local = new InetSocketAddress(InetAddress.getLoopbackAddress(), number);
    }

    /**
     * Makes both sockets. Their addresses are invented: ports 1 and 2 of this machine.
     *
     * @throws IllegalStateException if the port is closing or closed
     */
    static MemorySocket[] pair(CompletionPort port) {
        PortInternals inside = PortInternals.of(port);
        Object lock = new Object();
        MemorySocket left = new MemorySocket(inside, lock, 1);
        MemorySocket right = new MemorySocket(inside, lock, 2);
        left.peer = right;
        right.peer = left;
        inside.add(left.handle);
        boolean both = false;
        try {
            inside.add(right.handle);
            both = true;
        } finally {
            if (!both) {
                left.close();
            }
        }
        return new MemorySocket[] {left, right};
    }

    @Override
    public void bind(InetSocketAddress address) throws IoException {
        throw new IoException(IoError.INVALID_ARGUMENT, "bind", address, null, null);
    }

    @Override
    public void connect(InetSocketAddress remote, IoContext context) {
        throw new IllegalStateException("connected already");
    }

    @Override
    public void shutdownOutput() throws IoException {
        synchronized (lock) {
            if (isClosed() || error() != null) {
                IoError why = isClosed() ? IoError.BAD_DESCRIPTOR : error();
                throw new IoException(why, "shutdown", local(), remote(), null);
            }
            ended = true;
            peer.advance();
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (markClosed()) {
                gone();
                if (!peer.isClosed()) {
                    peer.left();
                }
            }
        }
    }

    /** Closes both ends with their common port; neither resets the other. */
    private void closeBoth() {
        synchronized (lock) {
            for (MemorySocket end : new MemorySocket[] {this, peer}) {
                if (end.markClosed()) {
                    end.gone();
                }
            }
        }
    }

    private void gone() {
        assert Thread.holdsLock(lock);
        port.remove(handle);
        dropIncoming();
    }

    /** Called when the peer has closed. */
    private void left() {
        assert Thread.holdsLock(lock);
        if (!peer.ended) {
            dropIncoming();
            breakOff(IoError.CONNECTION_RESET, null);
        } else if (isSending()) {
            finishSend(0, IoError.CONNECTION_RESET, null);
        }
    }

    private void dropIncoming() {
        if (incoming != null) {
            incoming.release();
            incoming = null;
        }
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) throws IoException {
        Objects.requireNonNull(option);
        if (isClosedNow()) {
            throw new IoException(IoError.BAD_DESCRIPTOR, "option " + option.name(), local(), remote(), null);
        }
    }

    private boolean isClosedNow() {
        synchronized (lock) {
            return isClosed();
        }
    }

    @Override
    public void key(CompletionKey key) {
        handle.key(key);
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public InetSocketAddress remote() {
        return peer.local;
    }

    @Override
    public String toString() {
        return "memory " + local.getPort() + " to " + peer.local.getPort();
    }

    // ------------------------------------------------------------------ moving bytes; the lock is held

    /** Moves bytes in both directions as far as possible: a receive of ours makes room for a send of the peer's. */
    @Override
    void advance() {
        assert Thread.holdsLock(lock);
        take();
        peer.give();
        take();
        give();
        peer.take();
    }

    /** Moves the bytes of the pending send into the peer's incoming buffer, as far as there is room. */
    private void give() {
        if (isSending()) {
            if (ended) {
                finishSend(0, IoError.SHUT_DOWN, null);
            } else if (peer.isClosed()) {
                finishSend(0, IoError.CONNECTION_RESET, null);
            } else if (peer.room() > 0) {
                long moved;
                try {
                    moved = peer.put(from());
                } catch (OutOfMemoryError e) {
                    // not thrown to the caller, which may be the other end
                    finishSend(0, IoError.NO_BUFFERS, e);
                    return;
                }
                finishSend(moved, null, null);
            }
        }
    }

    private int room() {
        return incoming == null ? CAPACITY : CAPACITY - incoming.buffer().remaining();
    }

    private long put(ByteBuffer[] buffers) {
        if (incoming == null) {
            incoming = port.buffers().acquire(CAPACITY);
            incoming.buffer().limit(0);
        }
        ByteBuffer bytes = incoming.buffer().compact();
        int before = bytes.position();
        for (ByteBuffer buffer : buffers) {
            int length = Math.min(buffer.remaining(), CAPACITY - bytes.position());
            bytes.put(bytes.position(), buffer, buffer.position(), length);
            bytes.position(bytes.position() + length);
            buffer.position(buffer.position() + length);
        }
        int moved = bytes.position() - before;
        bytes.flip();
        return moved;
    }

    private void take() {
        if (isReceiving()) {
            if (incoming != null) {
                ByteBuffer bytes = incoming.buffer();
                int length = Math.min(bytes.remaining(), into().remaining());
                into().put(into().position(), bytes, bytes.position(), length);
                into().position(into().position() + length);
                bytes.position(bytes.position() + length);
                if (!bytes.hasRemaining()) {
                    dropIncoming();
                }
                finishReceive();
            } else if (peer.ended) {
                finishReceive();
            }
        }
    }

    /** The handle by which the port knows this socket. */
    private final class Handle extends PortHandle {
        Handle() {
            super(MemorySocket.this.port, CompletionKey.NONE);
        }

        @Override
        public void close() {
            closeBoth();
        }
    }
}
