package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.Opcode;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.DeflateAgreement;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * The sending half of a WebSocket. It sends regardless of the queue ({@code trySend}, {@code sendAsync}), by the policy
 * for slow consumers ({@code send}, topics), or while a message is written ({@code outputStream}). Any thread; the lock
 * guards sending, and threads wait on it for room. It is a superclass of {@link WebSocketConnection} and not a part, so
 * a message touches one object less.
 */
abstract sealed class MessageSender implements WebSocket permits WebSocketConnection {
    final TcpConnection tcp;
    final Object lock = new Object();
    final IdleTrimmer trimmer;
    private final SlowConsumer policy;

    // Guarded by lock.
    final FrameWriter writer;
    final ClosingHandshake closing;
    private long messages;
    private long dropped;
    private int waiters;
    /** The message that is being streamed, or null. */
    private MessageOutput stream;
    /** The messages that wait behind it, or null. */
    private StreamBacklog backlog;

    MessageSender(TcpConnection tcp, Role role, DeflateAgreement agreement, WebSocketOptions<?> options) {
        this.tcp = tcp;
        this.policy = options.slowConsumer();
        this.trimmer = new IdleTrimmer(this, tcp);
        this.writer = new FrameWriter(lock, tcp, trimmer, role, agreement, options.deflate());
        this.closing = new ClosingHandshake(lock, tcp, role, writer, options.closeTimeout(), this::over);
    }

    /** The end has begun. Strand only. */
    abstract void over();

    /** Tells the application that there may be room. Strand only. */
    abstract void drained();

    /** The number of messages in both directions. Strand only. */
    abstract long messages();

    /** Frees the memory that is kept for the next message, in both directions. Strand only. */
    abstract void trim();

    // ------------------------------------------------------------------ at once

    @Override
    public boolean trySend(ByteBuffer data) {
        synchronized (lock) {
            return closing.isOpen() && (write(data) || noRoom());
        }
    }

    @Override
    public boolean trySend(Message message) {
        synchronized (lock) {
            return closing.isOpen() && (write(message) || noRoom());
        }
    }

    @Override
    public boolean ping(ByteBuffer payload) {
        synchronized (lock) {
            return closing.isOpen() && (writer.control(Opcode.PING, payload) || noRoom());
        }
    }

    @Override
    public CompletableFuture<Void> sendAsync(Message message) {
        synchronized (lock) {
            if (closing.isOpen() && (write(message) || noRoom() || closing.isOpen())) {
                return taken();
            }
        }
        return CompletableFuture.failedFuture(aborted());
    }

    /** Writes a copy of a binary message, or keeps it behind a streamed one. Returns false as {@code trySend} does. */
    private boolean write(ByteBuffer data) {
        messages++;
        return stream == null ? writer.whole(Opcode.BINARY, data, true) : keep(Message.binary(consumed(data)));
    }

    private boolean write(Message message) {
        messages++;
        return stream == null ? writer.message(message) : keep(message);
    }

    private boolean keep(Message message) {
        if (backlog == null) {
            backlog = new StreamBacklog(lock, tcp);
        }
        backlog.add(message);
        return false;
    }

    private static ByteBuffer consumed(ByteBuffer data) {
        ByteBuffer view = data.duplicate();
        data.position(data.limit());
        return view;
    }

    /**
     * Called after a send that returned false: the queue may be full, or the connection has ended, perhaps because this
     * message exceeded the limit. Then the WebSocket is over now, and its callbacks follow later.
     *
     * @return false
     */
    private boolean noRoom() {
        assert Thread.holdsLock(lock);
        CloseInfo why = tcp.closeInfo();
        if (why != null) {
            closing.lost(ClosingHandshake.reason(why), why.initiator());
        }
        return false;
    }

    // ------------------------------------------------------------------ as the policy says

    @Override
    public void send(ByteBuffer data) throws IOException {
        synchronized (lock) {
            if (admit() && !write(data)) {
                requireTaken();
            }
        }
    }

    @Override
    public void send(Message message) throws IOException {
        synchronized (lock) {
            if (admit() && !write(message)) {
                requireTaken();
            }
        }
    }

    /** Sends for a topic: by the policy, without waiting. */
    final void publish(SharedMessage message) {
        synchronized (lock) {
            if (admitNow() && !write(message)) {
                noRoom();
            }
        }
    }

    /** Returns true if the policy lets the message be sent. Waits if the policy says so. */
    private boolean admit() throws IOException {
        if (policy == SlowConsumer.BLOCK) {
            awaitRoom(null);
        }
        boolean admitted = admitNow();
        requireOpen();
        return admitted;
    }

    /** Applies the policy for slow consumers without waiting. */
    private boolean admitNow() {
        assert Thread.holdsLock(lock);
        if (closing.isOpen() && !writer.hasRoom()) {
            switch (policy) {
                case BLOCK -> { }
                case DROP -> {
                    dropped++;
                    return false;
                }
                case CLOSE -> closing.begin(CloseCode.POLICY_VIOLATION, "the peer reads too slowly");
            }
        }
        return closing.isOpen();
    }

    private void requireTaken() throws WebSocketException {
        noRoom();
        requireOpen();
    }

    private void requireOpen() throws WebSocketException {
        if (!closing.isOpen()) {
            throw new WebSocketException("send", closing.status());
        }
    }

    // ------------------------------------------------------------------ while a message is written

    @Override
    public OutputStream outputStream() throws IOException {
        return stream(Opcode.BINARY);
    }

    @Override
    public Writer writer() throws IOException {
        return new OutputStreamWriter(stream(Opcode.TEXT), StandardCharsets.UTF_8);
    }

    private MessageOutput stream(Opcode opcode) throws IOException {
        synchronized (lock) {
            awaitRoom(null);
            requireOpen();
            if (stream != null) {
                throw new IllegalStateException(
                        "another message is being streamed, and a worker must not wait for its end");
            }
            messages++;
            stream = new MessageOutput(this, opcode);
            return stream;
        }
    }

    /** Writes the next frame of a streamed message. */
    final void part(MessageOutput from, boolean last, Opcode opcode, ByteBuffer payload) throws IOException {
        Runnable outside = () -> { };
        synchronized (lock) {
            awaitRoom(from);
            requireOpen();
            if (!writer.part(last, opcode, payload)) {
                // before endStream: the messages that wait behind the stream are lost too
                requireTaken();
            }
            if (last) {
                outside = endStream();
            }
        }
        outside.run();
    }

    /** Sends the backlog behind the last frame. The returned task completes its senders, without the lock. */
    private Runnable endStream() {
        stream = null;
        List<CompletableFuture<Void>> sent = backlog == null ? List.of() : backlog.writeTo(writer);
        backlog = null;
        wakeWaiters();
        // an application that got false because of the stream may send again
        tcp.execute(this::tellDrain);
        CompletableFuture<Void> taken =
                tcp.closeInfo() == null ? taken() : CompletableFuture.failedFuture(aborted());
        return () -> taken.whenComplete((nothing, thrown) -> sent.forEach(future -> {
            if (thrown == null) {
                future.complete(null);
            } else {
                future.completeExceptionally(thrown);
            }
        }));
    }

    // ------------------------------------------------------------------ room, and waiting for it

    /**
     * Waits until the queue is below its mark and no other message is being streamed. Returns at once on a worker,
     * which must not wait.
     */
    private void awaitRoom(MessageOutput own) throws IoException {
        assert Thread.holdsLock(lock);
        if (tcp.completionPort().isWorker()) {
            return;
        }
        while (closing.isOpen() && (!writer.hasRoom() || stream != null && stream != own)) {
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

    private void wakeWaiters() {
        if (waiters > 0) {
            lock.notifyAll();
        }
    }

    /** The queue of TCP has gone down. Strand only. */
    final void queueDrained() {
        synchronized (lock) {
            writer.drained();
            wakeWaiters();
        }
        tellDrain();
    }

    private void tellDrain() {
        boolean tell;
        synchronized (lock) {
            tell = closing.isOpen() && stream == null && writer.hasRoom();
        }
        if (tell) {
            drained();
        }
    }

    @Override
    public void flush() throws IOException {
        requireNotWorker();
        CompletableFuture<Void> taken;
        synchronized (lock) {
            taken = taken();
        }
        try {
            taken.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IoException(IoError.OPERATION_ABORTED, "flush", tcp.local(), tcp.remote(), e);
        } catch (ExecutionException e) {
            throw new WebSocketException("flush: " + e.getCause().getMessage(), closeStatus());
        }
    }

    /** Completes when the operating system has taken everything sent so far. */
    private CompletableFuture<Void> taken() {
        assert Thread.holdsLock(lock);
        return backlog == null ? tcp.flushed() : backlog.taken();
    }

    @Override
    public long bufferedAmount() {
        synchronized (lock) {
            return tcp.bufferedAmount() + (backlog == null ? 0 : backlog.bytes());
        }
    }

    @Override
    public void waterMarks(int lowBytes, int highBytes) {
        tcp.waterMarks(lowBytes, highBytes);
    }

    @Override
    public long messagesDropped() {
        synchronized (lock) {
            return dropped;
        }
    }

    /** Messages that were sent, streamed ones included. Guarded by lock. */
    final long messagesSent() {
        assert Thread.holdsLock(lock);
        return messages;
    }

    // ------------------------------------------------------------------ the end

    /** Frees the memory kept for the next message, and the context of compression if asked. Strand only. */
    final void trimSending(boolean context) {
        synchronized (lock) {
            writer.trim();
            if (context && stream == null) {
                writer.dropContext();
            }
        }
    }

    /** Fails the messages that will never be sent. Strand only. */
    final void failUnsent() {
        List<CompletableFuture<Void>> unsent;
        synchronized (lock) {
            unsent = backlog == null ? List.of() : backlog.drop();
            backlog = null;
        }
        unsent.forEach(future -> future.completeExceptionally(aborted()));
    }

    /** The failure of a message that was not sent: its cause is the limit that was reached, or the end. Any thread. */
    private IoException aborted() {
        CloseInfo why = tcp.closeInfo();
        Throwable cause = why == null ? null : why.cause();
        if (cause == null) {
            cause = new WebSocketException("send", closeStatus());
        }
        return new IoException(IoError.OPERATION_ABORTED, "send", tcp.local(), tcp.remote(), cause);
    }

    final void requireNotWorker() {
        if (tcp.completionPort().isWorker()) {
            throw new IllegalStateException(
                    "a worker of the port must not wait for it: use a listener, or a thread of your own");
        }
    }
}
