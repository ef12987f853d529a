package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * The face of calls that wait, as a handler of the callback face: it keeps the bytes of one receive and pauses the connection until they
 * are read, so that TCP slows the peer down when the reader is slow.
 *
 * <p>The bytes are copied. A pooled buffer lent until the next read would be shorter by a copy, but any thread may close the connection
 * at any time, and then nobody could say when the memory is free.
 */
class BlockingReader implements TcpHandler {
    private final CompletionPort port;

    // guarded by this
    private boolean open;
    private boolean ended;
    private CloseInfo closed;
    private boolean reading;
    private ByteBuffer arrived;

    BlockingReader(CompletionPort port) {
        this.port = port;
    }

    @Override
    public synchronized void onOpen(TcpConnection connection) {
        open = true;
        notifyAll();
    }

    @Override
    public synchronized void onData(TcpConnection connection, ByteBuffer data) {
        arrived = ByteBuffer.allocate(data.remaining()).put(data).flip();
        connection.pause();
        notifyAll();
    }

    @Override
    public synchronized void onEnd(TcpConnection connection) {
        ended = true;
        notifyAll();
    }

    @Override
    public synchronized void onClose(TcpConnection connection, CloseInfo why) {
        closed = why;
        notifyAll();
    }

    /** Waits for the end of a connect. */
    synchronized void awaitOpen(TcpConnection connection, InetSocketAddress remote) throws IOException {
        TcpConnection.requireNotWorker(port);
        try {
            while (!open && closed == null) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            connection.abort();
            throw new IoException(IoError.OPERATION_ABORTED, "connect", null, remote, e);
        }
        if (!open) {
            IoError error = closed.error() == null ? IoError.OPERATION_ABORTED : closed.error();
            throw new IoException(error, "connect", null, remote, closed.cause());
        }
    }

    /** Reads; {@code limitNanos} 0 waits without a limit. */
    synchronized ByteBuffer read(TcpConnection connection, long limitNanos) throws IOException {
        TcpConnection.requireNotWorker(port);
        if (reading) {
            throw new IllegalStateException("another thread is reading from this connection");
        }
        reading = true;
        try {
            if (arrived == null) {
                // not before: the peer's FIN ends this side too, and must not do so while the reader still answers what it read
                connection.resume();
            }
            await(connection, limitNanos);
        } finally {
            reading = false;
        }
        if (arrived != null) {
            ByteBuffer data = arrived;
            arrived = null;
            return data;
        }
        if (closed != null && closed.error() != null && closed.initiator() == CloseInfo.Initiator.REMOTE) {
            throw connection.ioException("read", closed.error());
        }
        return null;
    }

    private void await(TcpConnection connection, long limitNanos) throws IOException {
        long deadline = System.nanoTime() + limitNanos;
        while (arrived == null && !ended && closed == null) {
            try {
                if (limitNanos == 0) {
                    wait();
                } else {
                    long left = deadline - System.nanoTime();
                    if (left <= 0) {
                        throw connection.ioException("read", IoError.TIMED_OUT);
                    }
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw connection.ioException("read", IoError.OPERATION_ABORTED);
            }
        }
    }
}
