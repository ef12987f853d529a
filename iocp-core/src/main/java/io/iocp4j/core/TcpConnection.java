package io.iocp4j.core;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLSession;

/**
 * A TCP connection on a port. Two faces: callbacks of a {@link TcpHandler}, or calls that wait, for virtual threads
 * ({@link #read()}, {@link #write(ByteBuffer)}); {@code send}, {@code end}, {@code close} and {@code abort} belong to both.
 *
 * <p>Every method may be called by any thread and is harmless on a closed connection. No callback runs inside the call that caused it.
 * One receive and one send are in flight at most. The connection is counted: it holds one reference while its transport is open, and
 * each of its operations another, so it is freed, and {@link #closed()} completes, when the last operation was delivered.
 */
public final class TcpConnection extends Strand implements AutoCloseable {
    private static final System.Logger LOG = new GuardedLog(TcpConnection.class);
    /** How many exceptions around one of its own a connection looks through. */
    private static final int CAUSES_MAX = 8;
    private static final VarHandle BYTES_READ;
    /**
     * Memory with which a receive waits for a peer that rests, in bytes: what it is made of cannot be changed while it waits. Larger ones
     * follow while bytes are there.
     */
    static final int RECEIVE_REST = 4 << 10;
    /** Entries of the queue that are charged at a time. */
    private static final int ENTRIES_CHARGED = 64;

    static {
        try {
            BYTES_READ = MethodHandles.lookup().findVarHandle(TcpConnection.class, "bytesRead", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Where a connection stands. It only moves down this list. */
    public enum State {
        /** The connect or the TLS handshake is under way; what is sent is kept. */
        CONNECTING,
        /** Both directions work, or one of them was ended. */
        OPEN,
        /** {@code close()} was called: the queue is flushed, FIN is sent, what still comes is dropped. */
        CLOSING,
        /** The transport is gone. */
        CLOSED
    }

    /** Our sending side. */
    private enum Output {
        /** Takes data. */
        OPEN,
        /** Takes no more data; FIN follows the queue. */
        ENDING,
        /** FIN was sent. */
        ENDED
    }

    // what most messages meet comes first, so that it shares few lines of the processor's cache

    // written under the lock, read by the strand without it too: data that comes in the usual case needs no lock, see flows()
    private volatile State state;
    private volatile boolean paused;
    /** Made at first need, as linger, stall, writer and flushMarks: most connections never have one. */
    private volatile TcpIdleTimer idle;
    /** Written under the lock; null until the connection is there. */
    private volatile PortSocket socket;

    // used by the strand only
    private TcpHandler handler;
    private TcpReceiveContext current;
    private boolean closeReported;
    /** Something is to be sent, or ended, at the end of this turn. */
    private boolean flushDue;

    /** Written by the strand, opaque: read by anybody. */
    private long bytesRead;

    // guarded by lock
    private TcpSendQueue queue = TcpSendQueue.EMPTY;
    private Output output = Output.OPEN;
    private boolean inputEnded;
    private boolean receiving;
    private boolean sending;
    private boolean aboveHighWater;
    private int highWaterMark;
    private int receiveSize;
    private long bytesWritten;
    /** From {@code startTls} to the end of its handshake; nothing else is sent or received meanwhile. */
    private TcpTlsUpgrade tlsUpgrade;
    /** Came while paused. */
    private TcpReceiveContext held;
    private TcpBlockingWriter writer;
    private TcpFlushMarks flushMarks;
    private TcpLingerTimer linger;
    private TcpStallTimer stall;
    private final TcpOptions options;
    private int lowWaterMark;
    /** Our side ended because the peer's did. */
    private boolean endedByPeer;
    private final CloseRecord ending;
    private final TcpMemory memory;
    /** Charged for entries of the queue, see {@link #chargeEntries}. */
    private int entriesCharged;
    /** Came while memory was tight: nothing is received before it is less so. */
    private boolean heldBack;
    /** The last receive has filled its memory, so more is there already. */
    private boolean moreWaits;
    /** Null if the connection was accepted. */
    private TcpConnector connector;

    private volatile Object attachment;

    TcpConnection(CompletionPort port, PortSocket socket, TcpOptions options, State state, Runnable onFreed) {
        // each message needs the socket anyway, and a lock of its own would be one more object to fetch
        super(port, socket != null ? socket : new Object());
        this.socket = socket;
        this.options = options;
        this.state = state;
        this.ending = new CloseRecord(port.nanoTime(), onFreed);
        this.memory = new TcpMemory(this);
        memory.charge(Kind.HEAP, MemoryBudget.CONNECTION_BYTES);
        this.lowWaterMark = options.lowWaterMark();
        this.highWaterMark = options.highWaterMark();
        this.receiveSize = options.receiveMin();
        this.paused = socket != null && options.pauseOnConnect();
    }

    void connect(InetSocketAddress remote) throws IOException {
        TcpConnector made = null;
        boolean begun = false;
        try {
            made = new TcpConnector(this, lock, port, options, remote);
            begun = begin(made);
        } finally {
            if (!begun) {
                if (made == null) {
                    neverWas();
                }
                // not under the lock: what is told of the end may go on from there
                dropReference();
            }
        }
        made.lookUp();
    }

    private boolean begin(TcpConnector newConnector) throws IoException {
        synchronized (lock) {
            connector = newConnector;
            boolean begun = false;
            try {
                newConnector.start();
                begun = true;
            } finally {
                if (!begun) {
                    newConnector.stop();
                    neverWas();
                }
            }
            return begun;
        }
    }

    /** Nobody has seen this connection, and without a port no turn could tell of its end; the caller releases it, not under the lock. */
    void neverWas() {
        synchronized (lock) {
            state = State.CLOSED;
            ending.begin(new CloseInfo(IoError.OPERATION_ABORTED, Initiator.LOCAL, null, 0));
        }
    }

    /** Sets whom to tell, before the connection is opened. */
    void handler(TcpHandler newHandler) {
        handler = newHandler;
    }

    /** The connector has found the peer; under the lock. */
    void connected(PortSocket found) {
        socket = found;
    }

    /** Begins the life of a connection that was connected, on the worker that found it so. */
    void open() {
        runInTurn(this::opened);
    }

    /**
     * Begins the life of an accepted connection, on the worker that accepted it. The handler is made as the strand: whatever it or
     * another thread does to the connection meanwhile, the callbacks come after onOpen, and to a handler that is there.
     */
    void open(Function<TcpConnection, TcpHandler> handlers) {
        // the reference of this call: the first turn may see the end already
        addReference();
        try {
            runInTurn(() -> {
                handler = handlers.apply(this);
                socket.key(this::onPortClosing);
                if (socket instanceof TlsSocket tls) {
                    shakeHandsWhenThereIsRoom(tls);
                } else {
                    opened();
                }
            });
        } finally {
            dropReference();
        }
    }

    /** A handshake takes memory too, so it waits as the first receive of a plain connection does; no longer than it may take. */
    private void shakeHandsWhenThereIsRoom(TlsSocket tls) {
        Future<?> limit = options.handshakeTimeout().isZero() ? null : port.deadline(options.handshakeTimeout(), this::handshakeTooLate);
        if (port.memory().isTight()) {
            whenRelaxed(() -> shakeHands(tls, limit));
        } else {
            shakeHands(tls, limit);
        }
    }

    private void shakeHands(TlsSocket tls, Future<?> limit) {
        synchronized (lock) {
            // unless it was closed before it had a handler
            if (state == State.CONNECTING) {
                tls.handshake(new TcpTlsHandshake(this, limit));
            }
        }
    }

    /** As the strand; dropped if the connection is closed by then. */
    private void whenRelaxed(Runnable task) {
        port.memory().whenRelaxed(memory, () -> execute(task));
    }

    /**
     * Begins TLS, as a client, on a connection that was plain until now (CONNECT through a proxy, STARTTLS). To be called in
     * {@code onData}, when the peer has agreed and its bytes are used up; whatever follows them in the buffer was sent in the open, and
     * is not to be believed. What is sent from now on waits for the handshake, as it waits for a connect; no callback tells of its end.
     * If it fails, so does the connection, with {@link IoError#TLS_FAILURE}. It has no time limit of its own, but
     * what waits for it has {@link TcpOptions#writeTimeout(Duration)}.
     *
     * @param tls whose {@link TcpOptions#tls()} is used, the rest is not
     * @param host a name, or an address as text; the certificate has to be one of it
     * @param tcpPort of the host, 0 to 65535
     * @throws IllegalArgumentException if the options have no TLS
     * @throws IllegalStateException outside of {@code onData}, if there is TLS already, or something is still to be sent in the open
     */
    public void startTls(TcpOptions tls, String host, int tcpPort) {
        if (tls.tls() == null) {
            throw new IllegalArgumentException("these options are without TLS");
        }
        if (current == null || !onStrand()) {
            throw new IllegalStateException("TLS begins in onData, where the peer has agreed to it");
        }
        // not under the lock: the parameters of TLS are the application's
        TlsRecords records = TlsRecords.ofClient(tls, host, tcpPort, port.buffers());
        synchronized (lock) {
            if (socket instanceof TlsSocket || tlsUpgrade != null || !sending && !queue.isEmpty()) {
                throw new IllegalStateException("there is TLS already, or something is still to be sent in the open");
            }
            if (state == State.OPEN) {
                tlsUpgrade = new TcpTlsUpgrade(this, records, queue.bytes());
                tlsUpgrade.sentInTheOpen(0, sending);
            }
        }
    }

    /** Puts TLS between this connection and its socket, and begins the handshake. */
    void secure(TlsRecords records, TcpTlsHandshake handshake) {
        assert Thread.holdsLock(lock);
        TlsSocket tls = new TlsSocket(PortInternals.of(port), socket, records, options.lingerTimeout());
        socket = tls;
        tls.handshake(handshake);
    }

    /** Hands were shaken. */
    void secured() {
        synchronized (lock) {
            if (tlsUpgrade != null) {
                tlsUpgrade = null;
                flush();
                receiveNext();
                return;
            }
        }
        open();
    }

    private void handshakeTooLate() {
        synchronized (lock) {
            if (state == State.CONNECTING) {
                fail(IoError.TIMED_OUT, null, true);
            }
        }
    }

    // ------------------------------------------------------------------ sending

    /**
     * Queues a copy of the data. What a callback sends leaves together when the callback returns, or before where the queue has been above
     * the high-water mark already.
     *
     * @param data between position and limit, the caller's again on return, with its position at its limit
     * @return false from the moment that the queue is above the high-water mark until {@code onDrain} (the data was taken all the
     *         same), or if the connection no longer sends (the data was dropped)
     */
    public boolean send(ByteBuffer data) {
        synchronized (lock) {
            try {
                if (!mayQueue(data.remaining())) {
                    return false;
                }
                queue.add(data);
                return queued();
            } catch (OutOfMemoryError e) {
                return outOfMemory(e);
            }
        }
    }

    /**
     * Queues copies of two pieces that belong together, such as a header and its payload: nothing comes between them.
     *
     * @param head goes first
     * @param body follows
     * @return as {@link #send(ByteBuffer)}
     */
    public boolean send(ByteBuffer head, ByteBuffer body) {
        synchronized (lock) {
            try {
                if (!mayQueue(Math.addExact(head.remaining(), body.remaining()))) {
                    return false;
                }
                queue.add(head);
                queue.add(body);
                return queued();
            } catch (OutOfMemoryError e) {
                return outOfMemory(e);
            }
        }
    }

    /**
     * Queues a counted buffer without copying it, the same one on any number of connections.
     *
     * @param shared what its view holds between position and limit now; nobody may write to it any more. The queue retains it until
     *        it is sent or dropped
     * @return as {@link #send(ByteBuffer)}
     */
    public boolean send(PooledBuffer shared) {
        synchronized (lock) {
            ByteBuffer view = shared.buffer().duplicate();
            try {
                if (!mayQueue(view.remaining()) || !chargeEntries()) {
                    return false;
                }
                queue.add(shared, view);
                return queued();
            } catch (OutOfMemoryError e) {
                return outOfMemory(e);
            }
        }
    }

    /**
     * Queues a copy of the data, of any length, as the high-water mark lets it, and waits until the queue is not above the mark. Writes
     * of several threads come one after the other. For virtual threads.
     *
     * @param data between position and limit, the caller's again on return, with its position at its limit
     * @throws IOException if the connection no longer sends, ends meanwhile, or the thread is interrupted; the position says how much
     *         was queued
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void write(ByteBuffer data) throws IOException {
        requireNotWorker(port);
        synchronized (lock) {
            if (writer == null) {
                writer = new TcpBlockingWriter(this, lock);
            }
            writer.write(data);
        }
    }

    /**
     * Queues text as UTF-8 and waits like {@link #write(ByteBuffer)}.
     *
     * @param text to send
     * @throws IOException if the connection no longer sends, or ends meanwhile
     */
    public void write(String text) throws IOException {
        write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Ends our sending side: FIN follows what is queued. Receiving goes on. */
    public void end() {
        synchronized (lock) {
            if (state != State.CLOSED && output == Output.OPEN) {
                output = Output.ENDING;
                flushOrDefer();
            }
        }
    }

    /**
     * Sets when {@code send} returns false and when {@code onDrain} follows, for this connection.
     *
     * @param lowBytes 0 or more
     * @param highBytes not below the first
     */
    public void waterMarks(int lowBytes, int highBytes) {
        TcpOptions checked = options.waterMarks(lowBytes, highBytes);
        synchronized (lock) {
            lowWaterMark = checked.lowWaterMark();
            highWaterMark = checked.highWaterMark();
        }
    }

    /**
     * Whether {@code send} has said false and the {@code onDrain} that makes it true again is still to come. An {@code onDrain} that is
     * told late may find it so: the queue has gone down and up once more meanwhile.
     *
     * @return from the high-water mark until the low one is reached
     */
    public boolean awaitsDrain() {
        synchronized (lock) {
            return aboveHighWater;
        }
    }

    /**
     * What was accepted for sending and not yet taken by the operating system.
     *
     * @return bytes
     */
    public long bufferedAmount() {
        synchronized (lock) {
            return queue.bytes();
        }
    }

    /**
     * Tells when the operating system has taken all that was queued before this call.
     *
     * @return completes on a worker; exceptionally with an {@link IoException} if the connection ends before, with
     *         {@link IoError#OPERATION_ABORTED} if this side ended it
     */
    public CompletableFuture<Void> flushed() {
        synchronized (lock) {
            boolean lost = state == State.CLOSED && ending.hasLost();
            if (lost) {
                return CompletableFuture.failedFuture(notFlushed());
            }
            if (queue.bytes() == 0) {
                return CompletableFuture.completedFuture(null);
            }
            if (flushMarks == null) {
                flushMarks = new TcpFlushMarks(this::post);
            }
            return flushMarks.add(bytesWritten);
        }
    }

    private IoException notFlushed() {
        boolean local = ending.told().initiator() == Initiator.LOCAL;
        return ioException("write", local ? IoError.OPERATION_ABORTED : whyNotSending());
    }

    // ------------------------------------------------------------------ receiving

    /** Stops {@code onData}: what has come is held, and the peer is slowed down by TCP. */
    public void pause() {
        synchronized (lock) {
            // after close() the peer's data is dropped up to its FIN, which a pause would never let come
            paused = state == State.CONNECTING || state == State.OPEN;
        }
    }

    /** Lets {@code onData} come again. */
    public void resume() {
        synchronized (lock) {
            if (!paused || state == State.CLOSED) {
                paused = false;
                return;
            }
            paused = false;
            if (held != null) {
                TcpReceiveContext receive = held;
                held = null;
                // nothing is received before these bytes were delivered
                receiving = true;
                post(receive::receivedLater);
            } else {
                receiveNext();
            }
        }
    }

    /**
     * Takes a reference to the buffer whose bytes the current {@code onData} was given.
     *
     * @return the caller's to release
     * @throws IllegalStateException outside of {@code onData}
     */
    public PooledBuffer retainReceived() {
        if (current == null || !onStrand()) {
            throw new IllegalStateException("only a handler in onData can keep what was received");
        }
        return current.share();
    }

    /**
     * Waits for bytes. Only for a connection with the face of calls that wait; one reader at a time.
     *
     * @return what came, at least one byte, the caller's own; null when the peer has ended its side, or this side
     *         closed the connection
     * @throws IOException if the connection was lost, or aborted with an error, which it tells
     */
    public ByteBuffer read() throws IOException {
        return reader().read(this, 0);
    }

    /**
     * Waits for bytes for a limited time; a time-out leaves the connection as it is.
     *
     * @param limit above 0
     * @return as {@link #read()}
     * @throws IOException as {@link #read()}, or with {@link IoError#TIMED_OUT} when nothing came in time
     */
    public ByteBuffer read(Duration limit) throws IOException {
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("a limit must be above 0: " + limit);
        }
        return reader().read(this, TimeUnit.NANOSECONDS.convert(limit));
    }

    /**
     * Waits for exactly so many bytes. Where fewer come, they stay to be read by {@link #read()}.
     *
     * @param length 1 to {@link TcpOptions#readMax()}, in bytes
     * @return as many bytes, the caller's own
     * @throws IOException as {@link #read()}, or with {@link IoError#EOF} when the peer ended its side or this side closed the connection
     *         before so many had come
     */
    public ByteBuffer readFully(int length) throws IOException {
        return reader().readFully(this, length);
    }

    /**
     * Waits for a line of UTF-8 text, which ends with LF or CR LF, or with the peer's end. Bytes that are no UTF-8 are replaced.
     *
     * @return the line without its end; null when the peer has ended its side, or this side closed the connection, and nothing is left
     * @throws IOException as {@link #read()}; with {@link IoError#EOF} when this side closed the connection before the end of a line had
     *         come; or with {@link IoError#NO_BUFFERS} when the line is longer than {@link TcpOptions#readMax()} bytes. What is there then
     *         stays to be read by {@link #read()}
     */
    public String readLine() throws IOException {
        return reader().readLine(this);
    }

    private TcpBlockingReader reader() {
        if (handler instanceof TcpBlockingReader reader) {
            return reader;
        }
        throw new IllegalStateException("the bytes of this connection go to its handler");
    }

    // ------------------------------------------------------------------ time

    /**
     * Asks for {@link TcpHandler#onTimeout} after each such silence in both directions; a notice only.
     *
     * @param silence zero for never
     */
    public void setTimeout(Duration silence) {
        if (silence.isNegative()) {
            throw new IllegalArgumentException("a silence must not be negative: " + silence);
        }
        synchronized (lock) {
            if (idle == null) {
                idle = new TcpIdleTimer(port, lock, this::idle);
            }
            if (ending.told() == null) {
                idle.start(silence);
            }
        }
    }

    /**
     * Turns the probes of the operating system on or off, at the times that it has set or that were set before.
     *
     * @param on or off
     * @throws IOException if the connection is not there yet, or no more
     */
    public void keepAlive(boolean on) throws IOException {
        connectedSocket().option(StandardSocketOptions.SO_KEEPALIVE, on);
    }

    /**
     * Turns the probes of the operating system on at these times, see {@link TcpOptions#keepAlive(Duration, Duration, int)}.
     *
     * @param idle silence before the first probe, whole seconds, 1 to 32,767
     * @param interval between two probes, whole seconds, 1 to 32,767
     * @param count probes without an answer that end the connection, 1 to 127
     * @throws IOException if the connection is not there yet, or no more
     */
    public void keepAlive(Duration idle, Duration interval, int count) throws IOException {
        options.keepAlive(idle, interval, count).applyKeepAlive(connectedSocket());
    }

    private PortSocket connectedSocket() throws IoException {
        PortSocket there = socket;
        if (there == null) {
            throw ioException("option", IoError.NOT_CONNECTED);
        }
        return there;
    }

    /**
     * Runs the task among the callbacks of this connection, after those that are due. Dropped if the connection is closed by then.
     *
     * @param task must not wait
     */
    public void execute(Runnable task) {
        synchronized (lock) {
            if (state != State.CLOSED) {
                post(unlessClosed(task));
            }
        }
    }

    /**
     * Runs the task as {@link #execute} does, but in a later turn of this connection, behind what other connections have waiting: the way
     * to do a work that takes longer than about a millisecond in parts, so that nobody waits for all of it. Tasks that are given this way
     * keep their order; what is given to {@link #execute} meanwhile, and what is received, may come before them. Dropped if the
     * connection is closed by then.
     *
     * @param task must not wait
     */
    public void executeLater(Runnable task) {
        synchronized (lock) {
            if (state != State.CLOSED) {
                postLater(unlessClosed(task));
            }
        }
    }

    private Runnable unlessClosed(Runnable task) {
        return () -> {
            if (!closeReported) {
                task.run();
            }
        };
    }

    /**
     * Runs the task later among the callbacks of this connection. Dropped if the connection is closed by then.
     *
     * @param delay from now
     * @param task must not wait
     * @return cancel it to take the task back
     */
    public Future<?> schedule(Duration delay, Runnable task) {
        return port.schedule(delay, () -> execute(task));
    }

    /**
     * Runs the task when a limit has passed, among the callbacks of this connection, as {@link CompletionPort#deadline} does: one that
     * comes late lets what has come meanwhile be told first. Dropped if the connection is closed by then.
     *
     * @param limit from now
     * @param missed looks whether the peer is still silent; must not wait
     * @return cancel it when the limit was kept
     */
    public Future<?> deadline(Duration limit, Runnable missed) {
        return port.deadline(limit, () -> execute(missed));
    }

    /** Nothing moved; under the lock. */
    private void idle() {
        // nothing comes before onOpen; a connect has its own limit
        if (state == State.CONNECTING) {
            idle.told();
            return;
        }
        post(() -> {
            callback("onTimeout", (c, handler) -> handler.onTimeout(c));
            synchronized (lock) {
                idle.told();
            }
        });
    }

    private void active() {
        if (idle != null) {
            idle.active();
        }
    }

    // ------------------------------------------------------------------ ending

    /**
     * Closes in order: {@code onClose} comes at once, what is queued is sent, then FIN; what the peer still sends is dropped; when the
     * peer's FIN has come, or nothing moved for the linger timeout, the transport goes and {@link #closed()} completes. Does not wait.
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (state == State.CONNECTING) {
                fail(null, null, false);
            }
            if (state != State.OPEN) {
                return;
            }
            state = State.CLOSING;
            paused = false;
            report(new CloseInfo(null, Initiator.LOCAL, null, 0));
            output = output == Output.ENDED ? Output.ENDED : Output.ENDING;
            inputEnded |= held != null && held.transferred() == 0;
            dropHeld();
            if (linger != null) {
                linger.stop();
            }
            linger();
            changed();
            if (inputEnded && output == Output.ENDED) {
                destroy();
            } else {
                receiveNext();
                flushOrDefer();
            }
        }
    }

    /** Closes now: what is queued is dropped, {@code onClose} comes at once. */
    public void abort() {
        fail(null, null, false);
    }

    /**
     * Closes now as {@link #abort()}, and the peer sees a reset instead of an end where the engine can do that: by SO_LINGER 0, which
     * the JDK's channels do not have. There the system resets only a peer whose bytes were not all received, as at any close.
     */
    public void reset() {
        synchronized (lock) {
            if (socket != null && state != State.CLOSED) {
                try {
                    socket.option(StandardSocketOptions.SO_LINGER, 0);
                } catch (IOException e) {
                    LOG.log(Level.DEBUG, "no reset, so an abort", e);
                }
            }
            abort();
        }
    }

    /**
     * Closes now because of an error that the caller found.
     *
     * @param error what {@code onClose} will be told
     * @param cause what was thrown, or null
     */
    public void abort(IoError error, Throwable cause) {
        fail(Objects.requireNonNull(error), cause, false);
    }

    /** Told by the key of each socket. */
    void onPortClosing() {
        fail(IoError.OPERATION_ABORTED, null, false);
    }

    /** The one way to end without ceremony. The handler hears nothing of it after close(), but {@link #closed()} does. */
    void fail(IoError error, Throwable cause, boolean remote) {
        synchronized (lock) {
            if (state != State.CLOSED) {
                boolean ours = !remote || error.group() == IoError.Group.CLOSED;
                // a handle that is closed under an open connection was closed by its port, which tells its key a moment later
                IoError told = error == IoError.BAD_DESCRIPTOR ? IoError.OPERATION_ABORTED : error;
                report(new CloseInfo(told, ours ? Initiator.LOCAL : Initiator.REMOTE, cause, 0));
                ending.failed(told, cause);
                destroy();
            }
        }
    }

    /** The handler hears of the first end only. */
    private void report(CloseInfo info) {
        if (ending.begin(info)) {
            if (idle != null) {
                idle.stop();
            }
            post(() -> {
                callback("onClose", (c, handler) -> handler.onClose(c, info));
                closeReported = true;
            });
        }
    }

    /** Lets the transport go. The references of pending operations keep this object until they were delivered. */
    private void destroy() {
        state = State.CLOSED;
        if (socket != null) {
            socket.close();
        }
        if (connector != null) {
            connector.stop();
        }
        ending.lost(queue.bytes());
        if (!sending) {
            dropQueue();
        }
        dropHeld();
        if (linger != null) {
            linger.stop();
        }
        if (stall != null) {
            stall.stop();
        }
        changed();
        if (flushMarks != null) {
            flushMarks.fail(notFlushed());
        }
        // by the strand, since the last reference must not go under the lock: who waits for closed() may go on from there
        post(this::dropReference);
    }

    @Override
    protected void free() {
        memory.close();
        ending.freed(this);
    }

    private void dropQueue() {
        queue.clear();
        queue = queue.unlessEmpty();
    }

    private void dropHeld() {
        if (held != null) {
            held.release();
            held = null;
        }
    }

    // ------------------------------------------------------------------ facts

    /**
     * Completes when the transport is gone and no operation is left.
     *
     * @return completes normally, always
     */
    public CompletableFuture<CloseInfo> closed() {
        return ending.closed();
    }

    /**
     * What began the end of this connection, as {@link TcpHandler#onClose} is or will be told it.
     *
     * @return null before the end
     */
    public CloseInfo closeInfo() {
        synchronized (lock) {
            return ending.told();
        }
    }

    /**
     * The port whose workers run the callbacks.
     *
     * @return the port
     */
    public CompletionPort completionPort() {
        return port;
    }

    /**
     * Where the connection stands.
     *
     * @return the state now
     */
    public State state() {
        return state;
    }

    /**
     * Our address.
     *
     * @return null before the connection is there
     */
    public InetSocketAddress local() {
        PortSocket there = socket;
        return there == null ? null : there.local();
    }

    /**
     * The peer's address.
     *
     * @return null before the connection is there; known also after its end
     */
    public InetSocketAddress remote() {
        PortSocket there = socket;
        return there == null ? null : there.remote();
    }

    /** The peer's address, or before a connect has succeeded the one that was asked for; null if there is neither. */
    InetSocketAddress peer() {
        PortSocket there = socket;
        TcpConnector asked = connector;
        return there != null ? there.remote() : asked == null ? null : asked.remote();
    }

    /**
     * What TLS negotiated: version, cipher suite, the peer's certificates.
     *
     * @return null without TLS, and before the connection is open
     */
    public SSLSession tlsSession() {
        return socket instanceof TlsSocket tls ? tls.session() : null;
    }

    /**
     * The protocol that was chosen with TLS (ALPN, RFC 7301).
     *
     * @return empty if none was chosen; null without TLS, and before the connection is open
     */
    public String applicationProtocol() {
        return socket instanceof TlsSocket tls ? tls.applicationProtocol() : null;
    }

    /**
     * What was received.
     *
     * @return bytes, including those dropped after close()
     */
    public long bytesRead() {
        return (long) BYTES_READ.getOpaque(this);
    }

    /**
     * What was accepted for sending, sent or not.
     *
     * @return bytes
     */
    public long bytesWritten() {
        synchronized (lock) {
            return bytesWritten;
        }
    }

    /**
     * What this connection makes the port hold: a layer above charges here what it keeps for the peer. It is given back when the
     * connection is freed.
     *
     * @return the account, the same at each call
     */
    public MemoryAccount memory() {
        return memory;
    }

    /**
     * What the operating system has taken of that. It takes nothing more when its own memory is full and the peer's TCP takes nothing.
     *
     * @return bytes
     */
    public long bytesTaken() {
        synchronized (lock) {
            return bytesWritten - queue.bytes();
        }
    }

    /**
     * What the application attached.
     *
     * @return null if nothing
     */
    public Object attachment() {
        return attachment;
    }

    /**
     * Attaches something of the application.
     *
     * @param object anything
     */
    public void attachment(Object object) {
        attachment = object;
    }

    @Override
    public String toString() {
        return "TcpConnection[" + state() + ", local " + local() + ", peer " + peer() + "]";
    }

    // ------------------------------------------------------------------ inside: sending, under the lock

    /** Where memory ran out all the same: it ends this connection, and not the one whose handler sends to it. */
    private boolean outOfMemory(OutOfMemoryError thrown) {
        fail(IoError.NO_BUFFERS, thrown, false);
        return false;
    }

    /**
     * Shared buffers are not this connection's memory, but what they wait in is: charged for many at a time, so that a connection that
     * keeps up, in which few wait, costs nothing. Whether that much is there; else this has failed.
     */
    private boolean chargeEntries() {
        if (queue.entries() >= entriesCharged + ENTRIES_CHARGED) {
            if (!memory.charge(Kind.HEAP, (long) ENTRIES_CHARGED * TcpSendQueue.ENTRY_BYTES)) {
                refused(Kind.HEAP);
                return false;
            }
            entriesCharged += ENTRIES_CHARGED;
        }
        return true;
    }

    private void releaseEntries() {
        memory.release(Kind.HEAP, (long) entriesCharged * TcpSendQueue.ENTRY_BYTES);
        entriesCharged = 0;
    }

    /** The budget has no room for what this connection wants. */
    void refused(Kind kind) {
        synchronized (lock) {
            fail(IoError.NO_BUFFERS, new IOException(memory.budget().refusal(kind, heldNow(kind))), false);
        }
    }

    /** Under the lock. */
    long heldNow(Kind kind) {
        long bytes = memory.charged(kind);
        if (kind == Kind.DIRECT) {
            bytes += queue.bytes() + (receiving || held != null ? receiveRoom() : 0);
            bytes += socket instanceof TlsSocket tls ? tls.heldBytes() : 0;
        }
        return bytes;
    }

    /** Whether so many bytes are taken; if so they are counted as written, and the caller adds them to the queue, which is ready for it. */
    private boolean mayQueue(int length) {
        boolean mayYet = state == State.OPEN || state == State.CONNECTING && options.connectBuffering();
        if (!mayYet || output != Output.OPEN) {
            return false;
        }
        boolean bytesFit = length <= options.sendQueueMax() - queue.bytes();
        if (!bytesFit || queue.entries() >= TcpSendQueue.ENTRIES_MAX) {
            String limit = bytesFit ? "entries than " + TcpSendQueue.ENTRIES_MAX : "bytes than sendQueueMax, " + options.sendQueueMax();
            fail(IoError.NO_BUFFERS, new IOException("the send queue would hold more " + limit), false);
            return false;
        }
        // what is less than a chunk is not worth a look at memory that all workers write to
        if (queue.bytes() + length > TcpSendQueue.CHUNK_MIN) {
            if (!memory.budget().admits(Kind.DIRECT, length, queue.bytes())) {
                refused(Kind.DIRECT);
                return false;
            }
            memory.budget().grown(Kind.DIRECT, port);
        }
        bytesWritten += length;
        queue = queue.toAddTo(port.buffers());
        return true;
    }

    private boolean queued() {
        // a send may be of no bytes
        queue = queue.unlessEmpty();
        flushOrDefer();
        if (queue.bytes() > highWaterMark) {
            aboveHighWater = true;
        }
        return !aboveHighWater;
    }

    /**
     * Inside a callback the send waits for the end of the turn, so that many small messages leave in one call of the system. Not where
     * the queue was above its high-water mark before: a callback that takes long, or sends much, must not fill the queue for a peer that
     * would take it meanwhile. Other workers then do the rest of it.
     */
    private void flushOrDefer() {
        if (!onStrand()) {
            flush();
        } else if (!aboveHighWater || sending) {
            flushDue = true;
        } else {
            Worker.aside(port, this::flush);
        }
    }

    private void flushDeferred() {
        if (flushDue) {
            flushDue = false;
            flush();
        }
    }

    private void flush() {
        if (state == State.CONNECTING || state == State.CLOSED) {
            return;
        }
        if (tlsUpgrade != null) {
            watch();
            return;
        }
        if (!queue.isEmpty()) {
            if (!sending) {
                TcpSendContext send = new TcpSendContext(this);
                try {
                    if (queue.entries() == 1) {
                        socket.send(queue.single(), send);
                    } else {
                        int count = queue.gather();
                        socket.send(queue.gathered(), count, send);
                    }
                    sending = true;
                } finally {
                    if (!sending) {
                        // misuse, or no memory before it was begun: it is ours again
                        send.release();
                    }
                }
                if (send.isUnderWay()) {
                    watch();
                }
            }
            lingerBehindPeer();
        } else if (output == Output.ENDING) {
            output = Output.ENDED;
            try {
                socket.shutdownOutput();
            } catch (IOException e) {
                fail(IoError.of(e), e, true);
                return;
            }
            if (inputEnded) {
                report(new CloseInfo(null, Initiator.REMOTE, null, 0));
                destroy();
            }
        }
    }

    void sent(TcpSendContext send) {
        synchronized (lock) {
            sending = false;
            queue.sent(send.transferred());
            active();
            if (state == State.CLOSED) {
                // the operating system may have taken them before it saw the close
                ending.lost(queue.bytes());
                dropQueue();
            } else if (send.error() != null) {
                // how much of it went out is not known, so nothing may follow it
                fail(send.error(), send.cause(), true);
            } else {
                // not where it failed: the bytes that TLS had taken are counted by the queue alone
                queue = queue.unlessEmpty();
                if (entriesCharged > 0 && queue.isEmpty()) {
                    releaseEntries();
                }
                if (tlsUpgrade != null) {
                    tlsUpgrade.sentInTheOpen(send.transferred(), sending);
                }
                if (flushMarks != null) {
                    // before a flush that may end the connection
                    flushMarks.reached(bytesWritten - queue.bytes());
                }
                flush();
                changed();
                if (aboveHighWater && queue.bytes() <= lowWaterMark) {
                    aboveHighWater = false;
                    if (state == State.OPEN) {
                        post(() -> callback("onDrain", (c, handler) -> handler.onDrain(c)));
                    }
                }
            }
        }
    }

    // ------------------------------------------------------------------ inside: receiving

    private void opened() {
        // what was sent before
        flushDue = true;
        synchronized (lock) {
            // not earlier than as the strand: a resume() by another thread would begin to receive before onOpen
            if (state == State.CONNECTING) {
                state = State.OPEN;
            }
            if (state != State.OPEN) {
                // closed before it was open, of which onClose alone tells
                return;
            }
        }
        if (!options.idleTimeout().isZero()) {
            setTimeout(options.idleTimeout());
        }
        FlightEvents.ConnectionOpened.commit(this, connector == null);
        boolean waits = connector == null && port.memory().isTight();
        synchronized (lock) {
            // before onOpen, which may pause and resume
            heldBack = waits;
        }
        callback("onOpen", (c, handler) -> handler.onOpen(c));
        synchronized (lock) {
            receiveNext();
        }
        if (waits) {
            whenRelaxed(this::goOnReceiving);
        }
    }

    private void goOnReceiving() {
        synchronized (lock) {
            heldBack = false;
            receiveNext();
        }
    }

    /** Submits a receive if one is wanted; under the lock. */
    private void receiveNext() {
        receiveNext(null);
    }

    /**
     * As above, with the memory of the receive before if that is nobody else's, and with its reference to this connection: the way to the
     * pool and back costs more, and so do two atomic steps.
     */
    private void receiveNext(TcpReceiveContext before) {
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

    /** What a receive is given, or was if it is under way: what it depends on changes behind it only. */
    private int receiveRoom() {
        return moreWaits ? receiveSize : Math.min(receiveSize, RECEIVE_REST);
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
                // misuse, or no memory before it was begun: it is ours again
                receive.release();
                if (room != null) {
                    port.buffers().takeBack(room);
                }
            }
        }
    }

    /** A receive has ended; as the strand. */
    void received(TcpReceiveContext receive) {
        boolean data = receive.transferred() > 0;
        if (!(data && flows(receive)) && !comesThrough(receive)) {
            return;
        }
        if (data) {
            current = receive;
            callback("onData", (c, handler) -> handler.onData(c, receive.buffer().flip()));
            current = null;
        } else {
            callback("onEnd", (c, handler) -> handler.onEnd(c));
        }
        synchronized (lock) {
            receiving = false;
            if (data) {
                adapt(receive);
                // here rather than at the end of the turn, which then needs no lock
                flushDeferred();
                receiveNext(receive);
            } else if (state != State.CLOSED) {
                peerEnded();
            }
        }
    }

    /** Whether nothing is in the way of data that has come: most of the time nothing is, and finding that out needs no lock. */
    private boolean flows(TcpReceiveContext receive) {
        if (state != State.OPEN || paused || idle != null || receive.counted()) {
            return false;
        }
        count(receive);
        return true;
    }

    /** Whether what has come goes to the handler; else it was dropped, or held, or was the end. */
    private boolean comesThrough(TcpReceiveContext receive) {
        synchronized (lock) {
            if (!receive.counted()) {
                count(receive);
                active();
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
                receiveNext();
            } else {
                inputEnded = true;
                if (output == Output.ENDED) {
                    destroy();
                }
            }
            return false;
        }
    }

    private void count(TcpReceiveContext receive) {
        receive.markCounted();
        BYTES_READ.setOpaque(this, bytesRead + receive.transferred());
    }

    private void peerEnded() {
        if (output == Output.ENDED) {
            report(new CloseInfo(null, Initiator.REMOTE, null, 0));
            destroy();
        } else {
            if (!options.allowHalfOpen()) {
                endedByPeer = output == Output.OPEN;
                end();
            }
            // also if our side has ended before: from now on, what is queued must not wait for this peer for ever
            flushDue = true;
        }
    }

    /** A peer that has ended its side and takes nothing more must not hold what is queued for it for ever. */
    private void lingerBehindPeer() {
        if (inputEnded && output == Output.ENDING && linger == null && state == State.OPEN) {
            linger();
        }
    }

    /** What is queued is not taken at once. */
    private void watch() {
        if (stall == null && !options.writeTimeout().isZero()) {
            stall = new TcpStallTimer(this, options.writeTimeout());
        }
        if (stall != null) {
            stall.watch();
        }
    }

    /**
     * How many bytes the operating system has taken, in all; below 0 if nothing waits to be taken, or after close(), when lingering limits
     * the wait. Under the lock.
     */
    long takenWhileOpen() {
        return state == State.OPEN && queue.bytes() > 0 ? bytesWritten - queue.bytes() : -1;
    }

    private void linger() {
        linger = new TcpLingerTimer(port, lock, options.lingerTimeout(), options.minLingerRate(), () -> queue.bytes(),
                () -> fail(IoError.TIMED_OUT, null, true));
    }

    /**
     * Doubles after a full receive, unless memory is tight, halves after one that filled less than a quarter. A receive behind one that was
     * not full waits for bytes that may take their time, so it begins with little memory.
     */
    private void adapt(TcpReceiveContext receive) {
        long got = receive.transferred();
        moreWaits = got >= receive.buffer().capacity();
        if (got >= receiveSize && receiveSize < options.receiveMax()) {
            if (!port.memory().isTight(Kind.DIRECT)) {
                receiveSize = Math.min(receiveSize * 2, options.receiveMax());
            }
        } else if (!moreWaits && got < receiveSize / 4 && receiveSize > options.receiveMin()) {
            receiveSize = Math.max(receiveSize / 2, options.receiveMin());
        }
    }

    interface Callback {
        void call(TcpConnection connection, TcpHandler handler) throws IOException;
    }

    /** Calls the handler, as the strand and without a lock; nothing is told after onClose. */
    void callback(String name, Callback callback) {
        if (closeReported) {
            return;
        }
        FlightEvents.SlowHandler slow = new FlightEvents.SlowHandler();
        slow.begin();
        try {
            callback.call(this, handler);
        } catch (Throwable thrown) {
            failed(thrown);
        }
        slow.end();
        if (slow.shouldCommit()) {
            slow.commit(this, name);
        }
    }

    /**
     * What of this connection's own failures the application threw on, as it came or as the cause of IOExceptions around it; null if it
     * threw something else: then it is a mistake of the application, also if the connection has ended meanwhile.
     */
    IoException ownFailure(Throwable thrown) {
        Throwable inner = thrown;
        // causes may go round in a circle
        for (int depth = 0; depth < CAUSES_MAX && (inner instanceof IOException || inner instanceof UncheckedIOException); depth++) {
            if (inner instanceof IoException failure && failure.isOf(this)) {
                return failure;
            }
            inner = inner.getCause();
        }
        return null;
    }

    @Override
    void failed(Throwable thrown) {
        if (state == State.CLOSED && ownFailure(thrown) != null) {
            LOG.log(Level.DEBUG, "a callback of a connection that has ended meanwhile", thrown);
            return;
        }
        try {
            fail(IoError.HANDLER_FAILED, thrown, false);
        } catch (Throwable again) {
            // for want of memory: its pending receive ends by this, and tries once more
            PortSocket there = socket;
            if (there != null) {
                there.close();
            }
            thrown.addSuppressed(again);
        }
        LOG.log(Level.WARNING, () -> "a callback of " + this + " threw; the connection ends", thrown);
    }

    @Override
    void turnEnds() {
        if (flushDue) {
            synchronized (lock) {
                flushDeferred();
            }
        }
    }

    // ------------------------------------------------------------------ inside: waiting

    static void requireNotWorker(CompletionPort port) {
        if (port.isWorker()) {
            throw new IllegalStateException("a worker of the port must not wait for the port: use callbacks, or a thread of your own");
        }
    }

    /** What a thread in {@code write} waits for may have come. */
    private void changed() {
        if (writer != null) {
            writer.changed();
        }
    }

    /** Queues a part of what {@link TcpBlockingWriter} has, under the lock; false if the connection no longer sends. */
    boolean queuePortion(ByteBuffer portion) {
        if (!mayQueue(portion.remaining())) {
            return false;
        }
        try {
            queue.add(portion);
        } catch (OutOfMemoryError e) {
            return outOfMemory(e);
        }
        queued();
        return true;
    }

    /** What the queue still takes, in bytes; under the lock. */
    long room() {
        return options.sendQueueMax() - queue.bytes();
    }

    /** Whether the queue is above its high-water mark; under the lock. */
    boolean isAboveHighWaterMark() {
        return queue.bytes() > highWaterMark;
    }

    /** Whether the transport is gone; under the lock. */
    boolean isGone() {
        return state == State.CLOSED;
    }

    /** Why nothing more is sent, as a write tells it; under the lock. */
    IoError whyNotSending() {
        CloseInfo told = ending.told();
        if (told != null && told.error() != null) {
            return told.error();
        }
        if (told != null && told.initiator() == Initiator.LOCAL) {
            return IoError.BAD_DESCRIPTOR;
        }
        if (state == State.CONNECTING && output == Output.OPEN) {
            return IoError.NOT_CONNECTED;
        }
        return endedByPeer ? IoError.BROKEN_PIPE : IoError.SHUT_DOWN;
    }

    IoException ioException(String operation, IoError error) {
        Throwable cause;
        synchronized (lock) {
            cause = ending.told() == null ? null : ending.told().cause();
        }
        return new IoException(error, operation, local(), peer(), cause);
    }
}
