package io.iocp4j.core;

import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The sending half of a connection, from the application to the queue, with its limits, water marks and blocking
 * writes.
 *
 * <p>All data goes through {@link #reserve}, into the queue, and through {@link #startSending} to {@link #flush}.
 */
abstract sealed class TcpSender extends TcpFlusher permits TcpReceiver {
    /** The entries of the queue that one charge covers. */
    private static final int ENTRIES_CHARGED = 64;
    /**
     * From this many bytes on, data in direct memory is sent before it is copied into the queue. A smaller message is
     * rather copied, since a callback may send many of them, which then leave in one system call. An echo of 64 KiB in
     * one read and without a copy costs 0.7 times the CPU time of one in two reads with two copies.
     */
    private static final int UNCOPIED_MIN = 32 << 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    TcpSender(CompletionPort port, PortSocket socket, TcpOptions options, State state,
            Consumer<TcpConnection> onFreed) {
        super(port, socket, options, state, onFreed);
    }

    // ------------------------------------------------------------------ what the application calls

    @Override
    public final boolean send(ByteBuffer data) {
        synchronized (lock) {
            try {
                int length = data.remaining();
                if (!reserve(length) || !sendLarge(NOTHING, data)) {
                    return false;
                }
                queue.add(data);
                return startSending(length, 0);
            } catch (OutOfMemoryError e) {
                return outOfMemory(e);
            }
        }
    }

    @Override
    public final boolean send(ByteBuffer head, ByteBuffer body) {
        synchronized (lock) {
            try {
                int length = Math.addExact(head.remaining(), body.remaining());
                if (!reserve(length) || !sendLarge(head, body)) {
                    return false;
                }
                queue.add(head, body);
                return startSending(length, 0);
            } catch (OutOfMemoryError e) {
                return outOfMemory(e);
            }
        }
    }

    @Override
    public final boolean send(PooledBuffer shared) {
        synchronized (lock) {
            try {
                int length = shared.buffer().remaining();
                if (!reserve(length) || !chargeEntries()) {
                    return false;
                }
                int atOnce = sendShared(shared);
                return atOnce >= 0 && startSending(length, atOnce);
            } catch (OutOfMemoryError e) {
                return outOfMemory(e);
            }
        }
    }

    @Override
    public final void write(ByteBuffer data) throws IOException {
        Worker.requireNotWorker(port);
        synchronized (lock) {
            if (writer == null) {
                writer = new TcpBlockingWriter(this, lock);
            }
            writer.write(data);
        }
    }

    @Override
    public final void end() {
        synchronized (lock) {
            if (state != State.CLOSED && output == Output.OPEN) {
                output = Output.ENDING;
                flushOrDefer();
            }
        }
    }

    @Override
    public final void waterMarks(int lowBytes, int highBytes) {
        TcpOptions checked = options.waterMarks(lowBytes, highBytes);
        synchronized (lock) {
            lowWaterMark = checked.lowWaterMark();
            highWaterMark = checked.highWaterMark();
        }
    }

    @Override
    public final long bufferedAmount() {
        synchronized (lock) {
            return queuedBytes();
        }
    }

    @Override
    public final long bytesWritten() {
        synchronized (lock) {
            return bytesWritten;
        }
    }

    @Override
    public final long bytesTaken() {
        synchronized (lock) {
            return bytesWritten - queuedBytes();
        }
    }

    @Override
    public final OutputStream outputStream() {
        return new TcpOutputStream(this);
    }

    @Override
    public final CompletableFuture<Void> flushed() {
        synchronized (lock) {
            if (state == State.CLOSED && record.hasLost()) {
                return CompletableFuture.failedFuture(notFlushed());
            }
            if (droppedBehindPeer) {
                return CompletableFuture.failedFuture(notSending());
            }
            if (queuedBytes() == 0) {
                return CompletableFuture.completedFuture(null);
            }
            if (flushMarks == null) {
                flushMarks = new TcpFlushMarks(this::post);
            }
            return flushMarks.add(bytesWritten);
        }
    }

    @Override
    public final boolean awaitsDrain() {
        synchronized (lock) {
            return aboveHighWater;
        }
    }

    // ------------------------------------------------------------------ from the application to the queue

    /**
     * Makes the queue ready for the given bytes, which the caller then adds to it. Returns false if the connection no
     * longer sends, or if a limit was exceeded, which ends the connection.
     */
    private boolean reserve(int length) {
        assert Thread.holdsLock(lock);
        boolean maySend = state == State.OPEN || state == State.CONNECTING && options.connectBuffering();
        if (!maySend || output != Output.OPEN) {
            if (endedByPeer && length > 0) {
                droppedBehindPeer();
            }
            return false;
        }
        long queued = queuedBytes();
        boolean bytesFit = length <= options.maxSendQueue() - queued;
        if (!bytesFit || queue != null && queue.entries() >= TcpSendQueue.ENTRIES_MAX) {
            String limit = bytesFit ? "entries than " + TcpSendQueue.ENTRIES_MAX
                    : "bytes than maxSendQueue, " + options.maxSendQueue();
            fail(IoError.NO_BUFFERS, new IOException("the send queue would hold more " + limit), false);
            return false;
        }
        // for less than a chunk, do not read the budget's counters: all workers write to their cache lines
        if (queued + length > TcpSendQueue.CHUNK_MIN) {
            if (!memory.budget().admits(Kind.DIRECT, length, queued)) {
                refused(Kind.DIRECT);
                return false;
            }
            memory.budget().grown(Kind.DIRECT, port);
        }
        queue = TcpSendQueue.orTakeSpare(queue, port.buffers());
        return true;
    }

    /**
     * Sends from the memory of the caller what the system takes now, if that saves copying much. Only what is left then
     * has to be copied into the queue. Returns false if the connection is broken, which ends it.
     */
    private boolean sendLarge(ByteBuffer head, ByteBuffer body) {
        return body.remaining() < UNCOPIED_MIN || !body.isDirect() || !overtakesNothing() || sendUnqueued(head, body);
    }

    /**
     * Sends what the system takes now of a shared buffer, and queues the rest. A callback mostly sends it to many
     * connections: on the worker that each belongs to this needs nothing but a view, which the worker keeps, and one
     * system call. Returns the bytes sent now, -1 if the connection is broken, which ends it.
     */
    private int sendShared(PooledBuffer shared) {
        ByteBuffer view = onStrand() || !overtakesNothing() ? null : viewOfFirst(shared);
        if (view == null) {
            queue.add(shared, shared.buffer().duplicate());
            return 0;
        }
        int before = view.remaining();
        if (!sendUnqueued(NOTHING, view)) {
            return -1;
        }
        if (view.hasRemaining()) {
            queue.add(shared, view.duplicate());
        }
        return before - view.remaining();
    }

    private boolean overtakesNothing() {
        return queue.isEmpty() && !isSending() && state == State.OPEN && tlsUpgrade == null;
    }

    /** Returns false if the connection is broken, which ends it. */
    private boolean sendUnqueued(ByteBuffer head, ByteBuffer body) {
        try {
            if ((head.hasRemaining() ? socket.sendNow(new ByteBuffer[] {head, body}, 2) : socket.sendNow(body)) > 0) {
                noteSentNow();
            }
            return true;
        } catch (IOException e) {
            fail(IoError.of(e), e, true);
            return false;
        }
    }

    /**
     * Sends the bytes that were added to the queue, now or at the end of the turn. They count as written only from here
     * on, since bytes whose adding failed were never accepted. Returns false if the queue is above its high-water mark.
     *
     * @param atOnce how many of these bytes were sent already, and not added
     */
    private boolean startSending(int length, int atOnce) {
        assert Thread.holdsLock(lock);
        bytesWritten += length;
        // the data may have been empty
        queue = queue.recycleIfEmpty();
        // asked before the flush, which may send all of it: an onDrain follows in each case
        boolean exceeds = queuedBytes() + atOnce > highWaterMark && !aboveHighWater;
        if (queue != null) {
            flushOrDefer();
        }
        if (exceeds) {
            aboveHighWater = true;
            if (!isSending()) {
                reportDrained();
            }
            return false;
        }
        // a send that was done at once may have found the connection broken
        return !aboveHighWater && state != State.CLOSED;
    }

    /** Ends this connection because memory ran out, not the connection whose handler sends to it. */
    final boolean outOfMemory(OutOfMemoryError thrown) {
        fail(IoError.NO_BUFFERS, thrown, false);
        return false;
    }

    /** Ends the connection because the memory budget refuses it more memory. */
    final void refused(Kind kind) {
        synchronized (lock) {
            fail(IoError.NO_BUFFERS, new IOException(memory.budget().refusal(kind, heldNow(kind))), false);
        }
    }

    /**
     * Charges the memory account for entries of the queue, many at a time: a connection whose queue stays short has no
     * charge to make. Shared buffers are not this connection's memory, but their entries are. Returns false if there is
     * no room, which ends the connection.
     */
    private boolean chargeEntries() {
        assert Thread.holdsLock(lock);
        if (queue.entries() >= entriesCharged + ENTRIES_CHARGED) {
            if (!memory.charge(Kind.HEAP, (long) ENTRIES_CHARGED * TcpSendQueue.ENTRY_BYTES)) {
                refused(Kind.HEAP);
                return false;
            }
            entriesCharged += ENTRIES_CHARGED;
        }
        return true;
    }

    // ------------------------------------------------------------------ ending

    /** Ends our side because the peer has ended its own, unless the application has ended it. */
    final void endBehindPeer() {
        assert Thread.holdsLock(lock);
        endedByPeer = output == Output.OPEN;
        end();
    }

    /**
     * Notes that data was dropped because our side has ended behind the peer. The application may not know of that end.
     * After an end that it has asked for, or an error, it knows.
     */
    private void droppedBehindPeer() {
        assert Thread.holdsLock(lock);
        CloseInfo first = record.firstClose();
        boolean knows = first != null && (first.error() != null || first.initiator() == CloseInfo.Initiator.LOCAL);
        if (!knows && !droppedBehindPeer) {
            droppedBehindPeer = true;
            LOG.log(Level.DEBUG, "data was sent behind the end of this side, and is dropped", notSending());
        }
    }

    /**
     * Part of {@link TcpChannel#destroy}: fails the futures that the application waits for. Strand only, without the
     * lock, since the application continues from here.
     */
    final void failWaiting() {
        TcpFlushMarks marks;
        TcpTlsUpgrade upgrade;
        IoException notFlushed;
        // destroy() has the lock until it is done; after that nothing changes these fields
        synchronized (lock) {
            marks = flushMarks;
            upgrade = tlsUpgrade;
            notFlushed = marks == null ? null : notFlushed();
        }
        if (marks != null) {
            marks.fail(notFlushed);
        }
        if (upgrade != null) {
            upgrade.abandon();
        }
    }

    private IoException notFlushed() {
        return record.firstClose().initiator() == CloseInfo.Initiator.LOCAL
                ? ioException("write", IoError.OPERATION_ABORTED, "this side ended the connection before all was sent")
                : notSending();
    }

    /** Makes the exception of a write that the connection does not accept. */
    final IoException notSending() {
        assert Thread.holdsLock(lock);
        CloseInfo first = record.firstClose();
        if (first != null && first.error() != null) {
            return ioException("write", first.error(), null);
        }
        if (first != null && first.initiator() == CloseInfo.Initiator.LOCAL) {
            return ioException("write", IoError.OPERATION_ABORTED, "this side has closed the connection");
        }
        if (state == State.CONNECTING && output == Output.OPEN) {
            return ioException("write", IoError.NOT_CONNECTED, "the connection is not open yet");
        }
        return endedByPeer
                ? ioException("write", IoError.BROKEN_PIPE,
                        "the peer has ended its side, and with it this side, since allowHalfOpen is off")
                : ioException("write", IoError.SHUT_DOWN, "this side has ended its sending");
    }

    // ------------------------------------------------------------------ blocking writes

    /** Queues a portion of a blocking write. Returns false if the connection no longer sends. */
    final boolean queuePortion(ByteBuffer portion) {
        int length = portion.remaining();
        if (!reserve(length)) {
            return false;
        }
        try {
            queue.add(portion);
        } catch (OutOfMemoryError e) {
            return outOfMemory(e);
        }
        startSending(length, 0);
        return true;
    }

    /** Returns the room left in the queue, in bytes. */
    final long queueRoom() {
        return options.maxSendQueue() - queuedBytes();
    }

    final boolean isAboveHighWaterMark() {
        return queuedBytes() > highWaterMark;
    }
}
