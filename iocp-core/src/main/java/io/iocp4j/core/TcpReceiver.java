package io.iocp4j.core;

import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * The receiving half of a connection. It has one receive at a time, in memory that adapts to the traffic, and none
 * while the application pauses.
 *
 * <p> {@link #receiveNext} submits a receive. Its completion runs {@link #received} as the strand, which calls the
 * handler and submits the next one.
 */
abstract sealed class TcpReceiver extends TcpSender permits TcpChannel {
    /**
     * The memory with which a receive waits for a silent peer, in bytes. It cannot be changed while the receive waits;
     * larger receives follow while bytes arrive.
     */
    static final int RECEIVE_REST = 4 << 10;
    private static final VarHandle BYTES_READ;

    static {
        try {
            BYTES_READ = MethodHandles.lookup().findVarHandle(TcpReceiver.class, "bytesRead", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** True if the application wants no data. Written with lock held; the strand reads it without. */
    private volatile boolean paused;

    // Receiving. Strand only.
    /** The receive whose bytes the handler is reading; null outside of {@code onData}. */
    private TcpReceiveContext current;
    /** Written by the strand, read by any thread, with opaque access. */
    private long bytesRead;

    // Receiving. Guarded by lock.
    /** The memory of the next receive, in bytes, if bytes are waiting for it. */
    private int receiveSize;
    /** True from the submit of a receive until its bytes were delivered, or held, or dropped. */
    private boolean receiving;
    /** True if the last receive has filled its memory, so more bytes are waiting. */
    private boolean moreWaits;
    /** True if the last receive has filled less than a quarter of its memory. */
    private boolean gotFew;
    /** True while an accepted connection waits for memory, before its first receive. */
    private boolean heldBack;
    /** A receive that completed while paused; null if there is none. */
    private TcpReceiveContext held;

    TcpReceiver(CompletionPort port, PortSocket socket, TcpOptions options, State state,
            Consumer<TcpConnection> onFreed) {
        super(port, socket, options, state, onFreed);
        this.receiveSize = options.receiveMin();
        this.paused = socket != null && options.pauseOnConnect();
    }

    // ------------------------------------------------------------------ what the application calls

    @Override
    public final void pause() {
        synchronized (lock) {
            // after close() the peer's data is dropped up to its FIN, and a pause would keep the FIN from arriving
            paused = state == State.CONNECTING || state == State.OPEN;
        }
    }

    @Override
    public final void resume() {
        synchronized (lock) {
            if (!paused || state == State.CLOSED) {
                paused = false;
                return;
            }
            if (held != null) {
                // posted first: if there is no memory for it, the bytes stay held
                post(held::receivedLater);
                held = null;
                // nothing is received before these bytes were delivered
                receiving = true;
            }
            paused = false;
            receiveNext();
        }
    }

    /**
     * Resumes for a thread that waits for data. A silence counts from here on, since before that the peer may have
     * waited for us.
     */
    final void resumeForReader() {
        synchronized (lock) {
            noteActivity();
            resume();
        }
    }

    @Override
    public final PooledBuffer retainReceived() {
        if (!isInOnData()) {
            throw new IllegalStateException("only a handler in onData can keep what was received");
        }
        return current.share();
    }

    /** Tells whether the calling thread is in {@code onData} of this connection. */
    final boolean isInOnData() {
        return current != null && onStrand();
    }

    @Override
    public final ByteBuffer read() throws IOException {
        return reader().read(this, Duration.ZERO);
    }

    @Override
    public final ByteBuffer read(Duration limit) throws IOException {
        return reader().read(this, Limits.aboveZero(limit, "a limit"));
    }

    @Override
    public final ByteBuffer readFully(int length) throws IOException {
        return reader().readFully(this, length, Duration.ZERO);
    }

    @Override
    public final ByteBuffer readFully(int length, Duration limit) throws IOException {
        return reader().readFully(this, length, Limits.aboveZero(limit, "a limit"));
    }

    @Override
    public final String readLine() throws IOException {
        return reader().readLine(this, Duration.ZERO);
    }

    @Override
    public final String readLine(Duration limit) throws IOException {
        return reader().readLine(this, Limits.aboveZero(limit, "a limit"));
    }

    @Override
    public final InputStream inputStream() {
        return new TcpInputStream(this, reader());
    }

    private TcpBlockingReader reader() {
        if (handler instanceof TcpBlockingReader reader) {
            return reader;
        }
        throw new IllegalStateException("the bytes of this connection go to its handler: it has no blocking reads");
    }

    @Override
    public final long bytesRead() {
        return (long) BYTES_READ.getOpaque(this);
    }

    // ------------------------------------------------------------------ submitting

    /** Submits a receive if one is wanted. */
    final void receiveNext() {
        receiveNext(null);
    }

    /**
     * Submits a receive if one is wanted. It reuses the memory of the last receive, unless the handler has kept it, and
     * its reference to this connection. This saves a way to the pool and back, and two atomic steps.
     */
    private void receiveNext(TcpReceiveContext before) {
        assert Thread.holdsLock(lock);
        boolean wanted = state == State.CLOSING || state == State.OPEN && !paused && held == null && !heldBack;
        if (wanted && !receiving && !inputEnded && tlsUpgrade == null) {
            receiving = true;
            try {
                submitReceive(before);
            } catch (OutOfMemoryError e) {
                receiving = false;
                outOfMemory(e);
            }
        }
    }

    private void submitReceive(TcpReceiveContext before) {
        int size = receiveRoom();
        if (before != null && before.mayHandOver(size)) {
            ByteBuffer room = before.buffer();
            BufferPool.makeAsNew(room);
            socket.receive(room, new TcpReceiveContext(before));
            return;
        }
        TcpReceiveContext receive = new TcpReceiveContext(this);
        ByteBuffer room = null;
        boolean submitted = false;
        try {
            room = port.buffers().take(size);
            socket.receive(room, receive);
            submitted = true;
        } finally {
            if (!submitted) {
                // misuse, or no memory: the port has not taken it
                receive.release();
                if (room != null) {
                    port.buffers().takeBack(room);
                }
            }
        }
    }

    /** Returns the memory of the next receive, or of the one under way: these fields change only between receives. */
    private int receiveRoom() {
        return moreWaits ? receiveSize : Math.min(receiveSize, RECEIVE_REST);
    }

    /**
     * Returns the memory for bytes that have arrived, in bytes. Called on engines that read themselves, before the read
     * of a receive under way. A message of 64 KiB takes one read, where 4 KiB at first and then the rest took two, and
     * it lies in one piece.
     */
    final int roomForArrived() {
        // without the lock: the sizes change only between receives. While paused, the bytes are held, so little is best
        if (!moreWaits && receiveSize > RECEIVE_REST && !paused && !port.memory().isTight(Kind.DIRECT)) {
            synchronized (lock) {
                moreWaits = true;
            }
        }
        return receiveRoom();
    }

    /** Returns the memory that waits for bytes or holds them, in bytes. */
    final long receiveMemory() {
        assert Thread.holdsLock(lock);
        return receiving || held != null ? receiveRoom() : 0;
    }

    /** Tells whether a receive is under way, or its bytes wait for the end of a pause. */
    final boolean isReceiving() {
        assert Thread.holdsLock(lock);
        return receiving || held != null;
    }

    /** Tells whether a receive is under way for bytes that are wanted. */
    final boolean awaitsData() {
        assert Thread.holdsLock(lock);
        return isReceiving() && !paused;
    }

    /** Sets whether the first receive of an accepted connection must wait. */
    final void holdBack(boolean wait) {
        assert Thread.holdsLock(lock);
        heldBack = wait;
    }

    /** Submits the first receive of an accepted connection that was held back when memory is not tight any more. */
    final void receiveWhenRelaxed() {
        Future<?> limit = port.schedule(MemoryBudget.NEWCOMER_WAIT_MAX, this::heldBackTooLong);
        whenRelaxed(() -> {
            limit.cancel(false);
            synchronized (lock) {
                heldBack = false;
                receiveNext();
            }
        });
    }

    private void heldBackTooLong() {
        synchronized (lock) {
            // after close() it receives even if memory is tight, within its linger timeout
            if (heldBack && state == State.OPEN) {
                String limit = Deadline.text(MemoryBudget.NEWCOMER_WAIT_MAX);
                fail(IoError.NO_BUFFERS, new IOException("no memory for a new connection within " + limit), false);
            }
        }
    }

    /** Runs the task as the strand when memory is not tight any more, unless the connection is closed by then. */
    final void whenRelaxed(Runnable task) {
        port.memory().whenRelaxed(memory, () -> execute(task));
    }

    // ------------------------------------------------------------------ a receive has ended

    /** Handles the completion of a receive. Strand only. */
    final void received(TcpReceiveContext receive) {
        boolean data = receive.transferred() > 0;
        if (!(data && takeFast(receive)) && !takeSlow(receive)) {
            return;
        }
        if (data) {
            current = receive;
            callback("onData", (c, h) -> h.onData(c, receive.buffer().flip()));
            current = null;
        } else {
            callback("onEnd", (c, h) -> h.onEnd(c));
        }
        synchronized (lock) {
            receiving = false;
            if (data) {
                adapt(receive);
                // flushed here, so the end of the turn needs no lock
                flushDeferred();
                receiveNext(receive);
            } else if (state != State.CLOSED) {
                peerEnded();
            }
        }
    }

    /** Fast path, without the lock. Counts the bytes and returns true if they can go to the handler. Strand only. */
    private boolean takeFast(TcpReceiveContext receive) {
        if (state != State.OPEN || paused || watchesActivity() || receive.counted()) {
            return false;
        }
        count(receive);
        return true;
    }

    /**
     * Handles every other end of a receive: data, the peer's end, or an error. Returns true if the handler must be
     * called. Otherwise the receive was dropped, or held, or it ended the connection, and nothing is left to do. Strand
     * only.
     */
    private boolean takeSlow(TcpReceiveContext receive) {
        synchronized (lock) {
            if (!receive.counted()) {
                count(receive);
                noteActivity();
            }
            boolean data = receive.transferred() > 0;
            if (state == State.OPEN && receive.error() == null && !paused) {
                inputEnded = !data;
                return true;
            }
            receiving = false;
            if (state == State.CLOSED) {
                return false;
            }
            if (receive.error() != null) {
                fail(receive.error(), receive.cause(), true);
            } else if (paused) {
                receive.retain();
                held = receive;
            } else if (data) {
                adapt(receive);
                receiveNext();
            } else {
                inputEnded = true;
                finishIfBothEnded();
            }
            return false;
        }
    }

    private void count(TcpReceiveContext receive) {
        receive.markCounted();
        BYTES_READ.setOpaque(this, bytesRead + receive.transferred());
    }

    private void peerEnded() {
        if (!finishIfBothEnded()) {
            if (!options.allowHalfOpen()) {
                endBehindPeer();
            }
            // even if our side has ended before, since from now on the queue must not wait for this peer for ever
            deferFlush();
        }
    }

    /**
     * Quadruples the memory after a full receive, unless memory is tight, and halves it after two in a row that filled
     * less than a quarter: one of them may be the end of a message. A message of 64 KiB on a new connection takes 5
     * receives, and 8 with doubling. After a receive that was not full, the next may wait long, so it begins with
     * little memory.
     */
    private void adapt(TcpReceiveContext receive) {
        assert Thread.holdsLock(lock);
        long got = receive.transferred();
        moreWaits = got >= receive.buffer().capacity();
        if (got >= receiveSize && receiveSize < options.maxReceive()) {
            if (!port.memory().isTight(Kind.DIRECT)) {
                receiveSize = Math.min(receiveSize * 4, options.maxReceive());
            }
        }
        boolean few = !moreWaits && got < receiveSize / 4;
        if (few && gotFew) {
            receiveSize = Math.max(receiveSize / 2, options.receiveMin());
        }
        gotFew = few;
    }

    // ------------------------------------------------------------------ ending

    /** Part of {@code close()}: drops data from now on, and the held data too, unless it is the peer's end. */
    final void dropReceived() {
        assert Thread.holdsLock(lock);
        paused = false;
        inputEnded |= held != null && held.transferred() == 0;
        dropHeld();
    }

    /** Part of {@link TcpChannel#destroy}. */
    final void dropHeld() {
        assert Thread.holdsLock(lock);
        if (held != null) {
            held.release();
            held = null;
        }
    }
}
