package io.iocp4j.core;

import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * The sending half of a connection, from the queue to the socket. It has one send at a time, sends FIN after the last
 * byte, and limits the time of a peer that takes too little.
 *
 * <p> {@link #flush} sends at once what the engine and the system take, and submits a send of the rest. {@link #sent}
 * handles its completion and flushes again.
 */
abstract sealed class TcpFlusher extends TcpCallbacks permits TcpSender {
    // Sending. Guarded by lock.
    /** Null while nothing waits. */
    TcpSendQueue queue;
    /** Bytes accepted for sending, in all. */
    long bytesWritten;
    int highWaterMark;
    int lowWaterMark;
    /** Entries of the queue that the memory account was charged for. */
    int entriesCharged;
    /** The send under way, from its submit to its completion; null if there is none. */
    private TcpSendContext sending;
    /** True if the queue no longer has the bytes of the send under way, see {@link #settle}. */
    private boolean settled;
    /** The delivery in which data was sent at once the last time, as its worker counts. */
    private int sentIn;
    private boolean flushesBehind;   // by a worker, after its current delivery
    /** True from the moment when the queue exceeds the high-water mark until it falls to the low one. */
    boolean aboveHighWater;
    /** True if our side ended because the peer's side did, not because the application ended it. */
    boolean endedByPeer;
    /** True if data was dropped for that reason. */
    boolean droppedBehindPeer;
    /** Null except from the call that begins TLS on a plain connection to the end of the handshake. */
    TcpTlsUpgrade tlsUpgrade;
    // Null until first needed, as most connections never need them.
    TcpFlushMarks flushMarks;
    TcpBlockingWriter writer;
    private TcpStallTimer stall;
    private TcpLingerTimer linger;

    /** True if the end of this turn has data, or FIN, to send. Strand only. */
    private boolean flushDue;
    /** True if a callback of this turn has exceeded the high-water mark. Guarded by lock. */
    private boolean sendsAtOnce;
    final TcpMemory memory;

    TcpFlusher(CompletionPort port, PortSocket socket, TcpOptions options, State state,
            Consumer<TcpConnection> onFreed) {
        super(port, socket, options, state, onFreed);
        this.lowWaterMark = options.lowWaterMark();
        this.highWaterMark = options.highWaterMark();
        this.memory = new TcpMemory(this);
        memory.charge(Kind.HEAP, MemoryBudget.CONNECTION_BYTES);
    }

    /**
     * Closing, step 2: closes the transport if both directions have ended. Returns whether they have. Guarded by lock.
     */
    abstract boolean finishIfBothEnded();

    /** The direct and heap memory that this connection holds now, in bytes. Guarded by lock. */
    abstract long heldNow(Kind kind);

    // ------------------------------------------------------------------ facts

    @Override
    public final MemoryAccount memory() {
        return memory;
    }

    final long queuedBytes() {
        assert Thread.holdsLock(lock);
        return queue == null ? 0 : queue.bytes();
    }

    /** Tells whether a send is under way. */
    final boolean isSending() {
        assert Thread.holdsLock(lock);
        return sending != null;
    }

    // ------------------------------------------------------------------ from the queue to the socket

    /**
     * Sends now, or, inside a callback, at the end of the turn: many small messages then leave in one system call. From
     * the first message above the high-water mark on, a callback sends at once too. It must not fill the queue while
     * the peer would take the data, and the rest must not wait for it either. Such a send that the system takes at once
     * is done at once; else other workers complete it.
     */
    final void flushOrDefer() {
        assert Thread.holdsLock(lock);
        if (!onStrand()) {
            flush();
            return;
        }
        flushDue = true;
        sendsAtOnce |= aboveHighWater;
        if (sendsAtOnce && sending == null) {
            Worker.aside(port, this::flush);
        }
    }

    /** Defers the flush to the end of this turn. Strand only. */
    final void deferFlush() {
        flushDue = true;
    }

    /** Strand only. */
    final void flushDeferred() {
        assert Thread.holdsLock(lock);
        if (flushDue) {
            flushDue = false;
            sendsAtOnce = false;
            flush();
        }
    }

    @Override
    final void turnEnds() {
        if (flushDue) {
            synchronized (lock) {
                flushDeferred();
            }
        }
    }

    /**
     * Sends queued data: at once what the system takes, and the rest by an operation, unless one is under way. Sends
     * FIN if the queue is empty and our side should end.
     */
    final void flush() {
        assert Thread.holdsLock(lock);
        if (state == State.CONNECTING || state == State.CLOSED) {
            return;
        }
        if (tlsUpgrade != null && !tlsUpgrade.sendsInTheOpen()) {
            watch();
            return;
        }
        if (queue != null && !queue.isEmpty() && sending == null && tlsUpgrade == null && !sendNow()) {
            return;
        }
        if (queue != null && !queue.isEmpty()) {
            if (sending == null) {
                submitSend();
            }
            if (inputEnded && output == Output.ENDING && linger == null && state == State.OPEN) {
                // the peer has ended its side and may take the rest too slowly, or not at all
                startLingering();
            }
        } else if (output == Output.ENDING && sending == null) {
            sendFin();
        }
    }

    /**
     * Sends, without an operation, what the system takes at once, where the engine can do so. Returns false if the
     * caller has nothing left to do: the connection is broken and has ended, or the worker flushes it later.
     *
     * <p>Another connection's callback may send to this one many times. Its first message leaves at once. The others
     * wait for the end of the delivery, and leave together.
     */
    private boolean sendNow() {
        Worker worker = Worker.current(port);
        if (worker != null && worker.delivery() == sentIn && !onStrand()
                && (flushesBehind || worker.flushBehind(this))) {
            flushesBehind = true;
            return false;
        }
        long bytes;
        do {
            try {
                bytes = queue.sendNow(socket);
            } catch (IOException e) {
                fail(IoError.of(e), e, true);
                return false;
            }
            if (bytes > 0) {
                noteSentNow();
                taken(0);
                wakeWriter();
                reportDrained();
            }
            // what a callback sends above the high-water mark must not wait for its end
        } while (sendsAtOnce && bytes > 0 && queue != null);
        return true;
    }

    final void noteSentNow() {
        assert Thread.holdsLock(lock);
        Worker worker = Worker.current(port);
        sentIn = worker == null ? 0 : worker.delivery();
        noteActivity();
    }

    /** Returns the view of the calling worker; null if it has sent to this connection in the same delivery before. */
    final ByteBuffer viewOfFirst(PooledBuffer shared) {
        Worker worker = Worker.current(port);
        return worker == null || worker.delivery() == sentIn ? null : worker.view(shared);
    }

    /** Called by a worker after the delivery in which it has promised this. */
    final void flushBehind() {
        try {
            synchronized (lock) {
                flushesBehind = false;
                flush();
            }
        } catch (OutOfMemoryError e) {
            // as at the completion of a send
            fail(IoError.NO_BUFFERS, e, false);
        } finally {
            // without the lock: if the application waits for closed(), its code may run from here
            dropReference();
        }
    }

    /** Sends the data that is queued now. Data that is queued later waits until TLS has begun. */
    final void sendInTheOpen() {
        assert Thread.holdsLock(lock);
        queue.holdBehind();
        flushOrDefer();
    }

    private void submitSend() {
        TcpSendContext send = new TcpSendContext(this);
        try {
            if (queue.entries() == 1) {
                socket.send(queue.single(), send);
            } else {
                int count = queue.gather();
                socket.send(queue.gathered(), count, send);
            }
            sending = send;
        } finally {
            if (sending == null) {
                // misuse, or no memory: the port has not taken it
                send.release();
            }
        }
        if (send.isUnderWay()) {
            watch();
        } else if (tlsUpgrade == null && send.error() == null) {
            settle(send);
        }
    }

    /**
     * Removes the bytes of a send that ended inside its submit from the queue at once, and recycles an empty queue. The
     * rest is done by the completion, so the data that is queued before it still leaves in one send. Without this, each
     * receiver of a fan-out needed a queue of its own until its completion, which made 193 instead of 137 bytes of
     * garbage per receiver.
     */
    private void settle(TcpSendContext send) {
        settled = true;
        queue.sent(send.transferred());
        queue = queue.recycleIfEmpty();
    }

    private void sendFin() {
        output = Output.ENDED;
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            fail(IoError.of(e), e, true);
            return;
        }
        finishIfBothEnded();
    }

    /** Handles the completion of a send. */
    final void sent(TcpSendContext send) {
        synchronized (lock) {
            sending = null;
            long transferred = settled ? 0 : send.transferred();
            if (!settled) {
                queue.sent(transferred);
            }
            settled = false;
            noteActivity();
            if (state == State.CLOSED) {
                // the operating system may have taken them before it saw the close
                record.lost(queuedBytes());
                dropQueue();
            } else if (send.error() != null) {
                // it is not known how many bytes went out, so no bytes may follow
                fail(send.error(), send.cause(), true);
            } else {
                goOnSending(transferred);
            }
        }
    }

    private void goOnSending(long transferred) {
        taken(transferred);
        flush();
        wakeWriter();
        reportDrained();
    }

    /** Frees what the bytes that were sent have needed, and completes the futures that wait for them. */
    private void taken(long inTheOpen) {
        // not after a failed send: only the queue counts the bytes that TLS had taken
        if (queue != null) {
            queue = queue.recycleIfEmpty();
        }
        if (entriesCharged > 0 && queue == null) {
            memory.release(Kind.HEAP, (long) entriesCharged * TcpSendQueue.ENTRY_BYTES);
            entriesCharged = 0;
        }
        if (tlsUpgrade != null) {
            tlsUpgrade.sentInTheOpen(inTheOpen);
        }
        if (flushMarks != null) {
            // before a flush that may end the connection
            flushMarks.reached(bytesWritten - queuedBytes());
        }
    }

    /** Tells the application, once, that the queue has fallen to the low-water mark. */
    final void reportDrained() {
        assert Thread.holdsLock(lock);
        if (aboveHighWater && queuedBytes() <= lowWaterMark) {
            aboveHighWater = false;
            if (state == State.OPEN) {
                post(() -> callback("onDrain", (c, h) -> h.onDrain(c)));
            }
        }
    }

    // ------------------------------------------------------------------ limits of time

    /** Watches queued data that is not taken at once. */
    private void watch() {
        assert Thread.holdsLock(lock);
        if (stall == null && !options.writeTimeout().isZero()) {
            stall = new TcpStallTimer(this, options.writeTimeout());
        }
        if (stall != null) {
            stall.watch();
        }
    }

    /**
     * Counts the bytes that the operating system has taken. Returns -1 if nothing waits to be taken, or after
     * {@code close()}, when lingering limits the wait.
     */
    final long takenWhileOpen() {
        assert Thread.holdsLock(lock);
        return state == State.OPEN && queuedBytes() > 0 ? bytesWritten - queuedBytes() : -1;
    }

    /** Begins to linger, or restarts the time of lingering. */
    final void startLingering() {
        assert Thread.holdsLock(lock);
        if (linger != null) {
            linger.stop();
        }
        linger = new TcpLingerTimer(port, lock, options.lingerTimeout(), options.minLingerRate(), this::queuedBytes,
                why -> fail(IoError.TIMED_OUT, new IOException(why), true));
    }

    // ------------------------------------------------------------------ ending

    /** Part of {@link TcpChannel#destroy}: drops the queue, unless a send still uses it, and stops the timers. */
    final void stopSending() {
        assert Thread.holdsLock(lock);
        record.lost(queuedBytes());
        if (sending == null) {
            dropQueue();
        }
        if (linger != null) {
            linger.stop();
        }
        if (stall != null) {
            stall.stop();
        }
        wakeWriter();
    }

    private void dropQueue() {
        if (queue != null) {
            queue.clear();
            queue = queue.recycleIfEmpty();
        }
    }

    /** Wakes threads that wait in {@code write}, since the condition for which they wait may hold now. */
    final void wakeWriter() {
        assert Thread.holdsLock(lock);
        if (writer != null) {
            writer.wake();
        }
    }
}
