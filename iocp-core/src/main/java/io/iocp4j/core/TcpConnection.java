package io.iocp4j.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import javax.net.ssl.SSLSession;

/**
 * A TCP connection on a completion port. It has two APIs: callbacks (see {@link TcpHandler}), and blocking calls such
 * as {@link #read()} and {@link #write(ByteBuffer)}, which are meant for virtual threads. Sending and closing work with
 * both. Connections come from {@link TcpServer}, {@link TcpClient} and {@link TcpPair}.
 *
 * <p>Any thread may call every method, and every method is harmless on a closed connection. No callback runs inside the
 * call that caused it. A connection has at most one receive and one send under way. The memory of the connection is
 * freed, and {@link #closed()} completes, when the transport is gone and its last operation was delivered.
 *
 * <p>A blocking call whose thread is interrupted throws an {@link IoException} with {@link IoError#OPERATION_ABORTED}.
 * The interrupt status of the thread stays set, and the connection stays as it is.
 */
public sealed interface TcpConnection extends AutoCloseable permits TcpCallbacks {
    /** The life of a connection. It only moves down this list. */
    enum State {
        /**
         * The connection cannot be used yet: the connect or the TLS handshake is under way, or one end of a
         * {@link TcpPair} waits for its {@code onOpen}. Data that is sent now is queued.
         */
        CONNECTING,
        /** Both directions work, or one of them has ended. */
        OPEN,
        /** {@code close()} was called: the queue is flushed, FIN is sent, and received data is dropped. */
        CLOSING,
        /** The transport is gone. */
        CLOSED
    }

    // ------------------------------------------------------------------ sending

    /**
     * Queues a copy of the data. All data that one callback sends leaves together when the callback returns, or earlier
     * if the queue is already above the high-water mark.
     *
     * <p>When the peer has ended its side and {@link TcpOptions#allowHalfOpen(boolean)} is off, this side has ended
     * too, and an answer that comes later is dropped. The first time, a connection logs this at DEBUG with the name of
     * the option, and from then on {@link #flushed()} fails.
     *
     * @param data between position and limit; the caller's again on return, with its position at its limit
     * @return false while the queue is above the high-water mark: the data was taken, and {@code onDrain} follows. Also
     *         false if the connection no longer sends: then the data was dropped
     */
    boolean send(ByteBuffer data);

    /**
     * Queues copies of two pieces that belong together, such as a header and its payload. No other data gets between
     * them.
     *
     * @param head goes first
     * @param body follows
     * @return as {@link #send(ByteBuffer)}
     */
    boolean send(ByteBuffer head, ByteBuffer body);

    /**
     * Queues a counted buffer without copying it. The same buffer may wait on any number of connections.
     *
     * @param shared the bytes between position and limit of its view now; they must not be changed any more. The queue
     *         retains it until it is sent or dropped
     * @return as {@link #send(ByteBuffer)}
     */
    boolean send(PooledBuffer shared);

    /**
     * Queues a copy of data of any length, in portions, and blocks until the queue is not above the high-water mark.
     * Writes of several threads follow one after the other.
     *
     * @param data between position and limit; the caller's again on return, with its position at its limit
     * @throws IOException if the connection no longer sends or ends meanwhile, or the thread is interrupted; the
     *         position tells how much was queued. With {@link IoError#BROKEN_PIPE} if the peer has ended its side, and
     *         with it this side, since {@link TcpOptions#allowHalfOpen(boolean)} is off
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    void write(ByteBuffer data) throws IOException;

    /**
     * Queues a copy of the bytes and blocks like {@link #write(ByteBuffer)}.
     *
     * @param data all of it; the caller's again on return
     * @throws IOException as {@link #write(ByteBuffer)}
     * @throws IllegalStateException on a worker of the port
     */
    default void write(byte[] data) throws IOException {
        write(ByteBuffer.wrap(data));
    }

    /**
     * Queues text as UTF-8 and blocks like {@link #write(ByteBuffer)}.
     *
     * @param text to send
     * @throws IOException as {@link #write(ByteBuffer)}
     * @throws IllegalStateException on a worker of the port
     */
    default void write(String text) throws IOException {
        write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * The writes as a stream. It keeps no bytes, so {@code flush()} does nothing. Its {@code close()} closes the
     * connection; {@link #end()} ends the sending only.
     *
     * @return a stream, whose writes block and throw as {@link #write(ByteBuffer)} does
     */
    OutputStream outputStream();

    /** Ends our sending side: FIN follows the queued data. Receiving goes on. */
    void end();

    /**
     * Sets when {@code send} returns false and when {@code onDrain} follows, for this connection.
     *
     * @param lowBytes 0 or more
     * @param highBytes not below the first
     */
    void waterMarks(int lowBytes, int highBytes);

    /**
     * Tells whether {@code send} has returned false and the {@code onDrain} that follows is still due. A late
     * {@code onDrain} may find this true, because the queue went down and up again before it ran.
     *
     * @return true from the high-water mark until the low one is reached
     */
    boolean awaitsDrain();

    /**
     * Counts the data that this connection has accepted for sending and the operating system has not yet taken.
     *
     * @return bytes
     */
    long bufferedAmount();

    /**
     * Tells when the operating system has taken all data that was queued before this call.
     *
     * @return a future of the caller's own, which completes on a worker; exceptionally with an {@link IoException} if
     *         the connection ends before, with {@link IoError#OPERATION_ABORTED} if this side ended it; and with
     *         {@link IoError#BROKEN_PIPE} if data was dropped because this side had ended behind the peer, see
     *         {@link #send(ByteBuffer)}
     */
    CompletableFuture<Void> flushed();

    // ------------------------------------------------------------------ receiving

    /**
     * Stops {@code onData}: received data is held, and TCP slows the peer down. An {@code onData} that a worker has
     * begun already may still run when this returns on another thread.
     *
     * <p>A proxy, which slows down one connection for another, must check {@link #awaitsDrain()} again after the pause.
     * Callbacks of two connections overlap, so the {@code onDrain} that should resume this connection may have run
     * before the pause:
     * {@snippet :
     * if (!other.send(data)) {
     *     c.pause();
     *     if (!other.awaitsDrain()) c.resume();
     * }
     * }
     */
    void pause();

    /** Lets {@code onData} continue. */
    void resume();

    /**
     * Takes a reference to the buffer that the current {@code onData} was given. It may be as large as
     * {@link TcpOptions#maxReceive()} however few bytes have arrived: to keep a small message for long, copy it.
     *
     * @return the caller's to release
     * @throws IllegalStateException outside of {@code onData}
     */
    PooledBuffer retainReceived();

    /**
     * Blocks until bytes arrive. For connections with the blocking API; one reader at a time.
     *
     * <p>When a read says that the peer has ended its side, this side has ended too, and writes throw. A session that
     * reads a request to the end and then answers it needs {@link TcpOptions#allowHalfOpen(boolean)}.
     *
     * @return at least one byte, the caller's own; null when the peer has ended its side, or this side closed the
     *         connection
     * @throws IOException if the connection was lost, or aborted with an error, which it carries; or if the thread is
     *         interrupted
     * @throws IllegalStateException if the connection has a handler, another thread is reading, or this is a worker of
     *         the port
     */
    ByteBuffer read() throws IOException;

    /**
     * Blocks until bytes arrive, for a limited time. A time-out leaves the connection as it is.
     *
     * @param limit above 0
     * @return as {@link #read()}
     * @throws IOException as {@link #read()}; with {@link IoError#TIMED_OUT} if nothing arrived in time
     * @throws IllegalStateException as {@link #read()}
     */
    ByteBuffer read(Duration limit) throws IOException;

    /**
     * Blocks until exactly so many bytes arrived. If it throws, the bytes that did arrive stay to be read.
     *
     * @param length 0 to {@link TcpOptions#maxRead()}, in bytes; check a length that the peer has sent. 0 takes nothing
     *        and does not wait
     * @return as many bytes, the caller's own
     * @throws IOException as {@link #read()}; with {@link IoError#EOF} if the peer ended its side, or this side closed
     *         the connection, before so many arrived
     * @throws IllegalArgumentException if the length is out of its range
     * @throws IllegalStateException as {@link #read()}
     */
    ByteBuffer readFully(int length) throws IOException;

    /**
     * Blocks until exactly so many bytes arrived, for a limited time. If it throws, the bytes that did arrive stay to
     * be read, and a time-out leaves the connection as it is.
     *
     * @param length as {@link #readFully(int)}
     * @param limit above 0, for all of them together
     * @return as many bytes, the caller's own
     * @throws IOException as {@link #readFully(int)}; with {@link IoError#TIMED_OUT} if fewer arrived in time
     * @throws IllegalArgumentException if the length is out of its range, or the limit not above 0
     * @throws IllegalStateException as {@link #read()}
     */
    ByteBuffer readFully(int length, Duration limit) throws IOException;

    /**
     * Blocks until a line of UTF-8 text arrived. A line ends with LF, CR LF or the peer's end. Malformed bytes are
     * replaced. If it throws, the bytes that did arrive stay to be read.
     *
     * @return the line without its end; null when the peer has ended its side, or this side closed the connection, and
     *         nothing is left
     * @throws IOException as {@link #read()}; with {@link IoError#EOF} if this side closed the connection in the middle
     *         of a line; with {@link IoError#NO_BUFFERS} if the line is longer than {@link TcpOptions#maxRead()} bytes
     * @throws IllegalStateException as {@link #read()}
     */
    String readLine() throws IOException;

    /**
     * Blocks until a line of UTF-8 text arrived, for a limited time. If it throws, the bytes that did arrive stay to be
     * read, and a time-out leaves the connection as it is.
     *
     * @param limit above 0, for the whole line
     * @return as {@link #readLine()}
     * @throws IOException as {@link #readLine()}; with {@link IoError#TIMED_OUT} if the line was not complete in time
     * @throws IllegalStateException as {@link #read()}
     */
    String readLine(Duration limit) throws IOException;

    /**
     * The reads as a stream. It keeps no bytes, so it can be mixed with the other reads. Its {@code close()} closes the
     * connection.
     *
     * @return a stream, whose reads block and throw as {@link #read()} does
     * @throws IllegalStateException if the connection has a handler
     */
    InputStream inputStream();

    // ------------------------------------------------------------------ time

    /**
     * Sets the time of silence in both directions after which the silence is reported. The connection stays open.
     *
     * <p>With callbacks, {@link TcpHandler#onTimeout} follows each such silence. In the blocking API the read that
     * waits throws {@link IoError#TIMED_OUT}; its silence counts from the last byte or the beginning of the wait,
     * whichever is later. If no thread reads, nothing happens, since the peer may be waiting for this side.
     *
     * @param silence zero for never
     */
    void idleTimeout(Duration silence);

    /**
     * Turns the keep-alive probes of the operating system on or off. Their intervals are those that were set before, or
     * else the system's own.
     *
     * @param on or off
     * @throws IOException if the connection is not there yet, or no more
     */
    void keepAlive(boolean on) throws IOException;

    /**
     * Turns the keep-alive probes of the operating system on at these intervals, see
     * {@link TcpOptions#keepAlive(Duration, Duration, int)}.
     *
     * @param idle silence before the first probe, whole seconds, 1 to 32,767
     * @param interval between two probes, whole seconds, 1 to 32,767
     * @param count probes without an answer that end the connection, 1 to 127
     * @throws IOException if the connection is not there yet, or no more
     */
    void keepAlive(Duration idle, Duration interval, int count) throws IOException;

    /**
     * Runs the task among the callbacks of this connection, after those that are due. The task is dropped if the
     * connection is closed by then.
     *
     * <p>A future that waits for an answer should be registered by its caller, not by such a task. {@code onClose} can
     * then fail what is registered, and the caller does so if {@link #state()} afterwards is beyond OPEN.
     *
     * @param task must not block
     */
    void execute(Runnable task);

    /**
     * Runs the task as {@link #execute} does, but in a later turn of this connection, after the work of other
     * connections that waits. Work of more than about a millisecond should run in parts this way. These tasks keep
     * their order; tasks given to {@link #execute} meanwhile, and received data, may run before them. The task is
     * dropped if the connection is closed by then.
     *
     * @param task must not block
     */
    void executeLater(Runnable task);

    /**
     * Runs the task later among the callbacks of this connection. The task is dropped if the connection is closed by
     * then.
     *
     * @param delay from now
     * @param task must not block
     * @return cancel it to take the task back
     */
    Future<?> schedule(Duration delay, Runnable task);

    /**
     * Runs the task when a limit has passed, among the callbacks of this connection, as {@link CompletionPort#deadline}
     * does: if the process was delayed, data that has arrived meanwhile is delivered first. The task is dropped if the
     * connection is closed by then.
     *
     * @param limit from now
     * @param missed checks whether the peer is still silent; must not block
     * @return cancel it when the limit was kept
     */
    Future<?> deadline(Duration limit, Runnable missed);

    // ------------------------------------------------------------------ TLS

    /**
     * Begins TLS as its client, on a connection that was plain until now (STARTTLS), and blocks until the handshake has
     * ended. For connections with the blocking API: call it when the peer's agreement was read, on a virtual thread or
     * another thread of the application.
     *
     * <p>Data that any thread sends from now on waits for the handshake, as it waits for a connect. Unencrypted bytes
     * behind the agreement are dropped, since an attacker may have injected them, and fail the connection. So does a
     * handshake that fails, or takes longer than {@link TcpOptions#handshakeTimeout()}. An interrupt ends only the
     * wait, and the handshake goes on.
     *
     * @param tls its {@link TcpOptions#tls()}, parameters and {@link TcpOptions#handshakeTimeout()} are used, nothing
     *         else
     * @param host a name, or an address as text; the certificate must be valid for it
     * @param tcpPort of the host, 0 to 65535
     * @return the session, as {@link #tlsSession()} from now on
     * @throws IOException if the connection ends before, with {@link IoError#TLS_FAILURE} if the handshake failed or
     *         unencrypted bytes were found, {@link IoError#TIMED_OUT} if it took too long, or
     *         {@link IoError#OPERATION_ABORTED} if this side ended the connection or the thread is interrupted
     * @throws IllegalArgumentException if the options have no TLS
     * @throws IllegalStateException on a worker of the port, which would wait for itself; if the connection has a
     *         handler, or TLS already; if unencrypted data is still queued; or if no agreement was read and a receive
     *         still waits for it. The connection stays as it is
     */
    SSLSession startTls(TcpOptions tls, String host, int tcpPort) throws IOException;

    /**
     * Begins TLS as its server, on a connection that was plain until now, and blocks as {@link #startTls} does for a
     * client. Data that was sent before, such as the agreement to TLS, leaves unencrypted; data sent from now on waits
     * for the handshake.
     *
     * @param tls as in {@link #startTls}
     * @return the session, as {@link #tlsSession()} from now on
     * @throws IOException as {@link #startTls}
     * @throws IllegalArgumentException if the options have no TLS
     * @throws IllegalStateException as {@link #startTls}, except that unencrypted data may be queued
     */
    SSLSession acceptTls(TcpOptions tls) throws IOException;

    /**
     * Begins TLS as its client, as {@link #startTls}, and does not wait. For connections with callbacks: call it in
     * {@code onData}, when the peer has agreed and its bytes are used up: STARTTLS, or CONNECT through a proxy. Discard
     * whatever follows in the buffer: it arrived unencrypted, so an attacker may have injected it.
     *
     * @param tls as in {@link #startTls}
     * @param host a name, or an address as text; the certificate must be valid for it
     * @param tcpPort of the host, 0 to 65535
     * @return a future of the caller's own, which completes on a worker when the handshake has succeeded; exceptionally
     *         with the {@link IoException} that {@link #startTls} would throw. {@code onClose} follows such a failure
     *         too
     * @throws IllegalArgumentException if the options have no TLS
     * @throws IllegalStateException outside of {@code onData}, if there is TLS already, or if unencrypted data is still
     *         queued
     */
    CompletableFuture<SSLSession> startTlsAsync(TcpOptions tls, String host, int tcpPort);

    /**
     * Begins TLS as its server, as {@link #acceptTls}, and does not wait. For connections with callbacks, as
     * {@link #startTlsAsync}.
     *
     * @param tls as in {@link #startTls}
     * @return as {@link #startTlsAsync}
     * @throws IllegalArgumentException if the options have no TLS
     * @throws IllegalStateException outside of {@code onData}, or if there is TLS already
     */
    CompletableFuture<SSLSession> acceptTlsAsync(TcpOptions tls);

    // ------------------------------------------------------------------ ending

    /**
     * Closes gracefully and does not wait. {@code onClose} runs at once. The queue is sent, then FIN; data that the
     * peer still sends is dropped. When the peer's FIN has arrived, or the peer has made no progress for the linger
     * timeout, the transport is closed and {@link #closed()} completes.
     */
    @Override
    void close();

    /**
     * Closes now: the queue is dropped, and {@code onClose} runs at once. The peer may see an orderly end, see
     * {@link #reset()}.
     */
    void abort();

    /**
     * Closes now because of an error that the caller found.
     *
     * @param error reported by {@code onClose}
     * @param cause what was thrown, or null
     */
    void abort(IoError error, Throwable cause);

    /**
     * Closes now as {@link #abort()}, and lets the peer see a reset where the engine can do that (SO_LINGER 0). The
     * JDK's asynchronous channels cannot: there the system resets only a peer whose bytes were not all received.
     */
    void reset();

    /**
     * Completes when the transport is gone and no operation is left.
     *
     * @return a future of the caller's own, which always completes normally
     */
    CompletableFuture<CloseInfo> closed();

    /**
     * Tells what began the end of this connection, as {@link TcpHandler#onClose} reports it.
     *
     * @return null before the end, which may be a little later than a read that reports the end of the peer;
     *         {@link #closed()} waits for it
     */
    CloseInfo closeInfo();

    // ------------------------------------------------------------------ facts

    /**
     * The completion port whose workers run the callbacks.
     *
     * @return the port
     */
    CompletionPort completionPort();

    /**
     * The life of the connection.
     *
     * @return the state now
     */
    State state();

    /**
     * Our address.
     *
     * @return null before the connection is there
     */
    InetSocketAddress local();

    /**
     * The peer's address.
     *
     * @return null before the connection is there; known also after its end
     */
    InetSocketAddress remote();

    /**
     * The negotiated TLS session: version, cipher suite, the peer's certificates.
     *
     * @return null without TLS, and before the connection is open
     */
    SSLSession tlsSession();

    /**
     * The protocol that was chosen with TLS (ALPN, RFC 7301).
     *
     * @return empty if none was chosen; null without TLS, and before the connection is open
     */
    String applicationProtocol();

    /**
     * Counts the received data.
     *
     * @return bytes, including those dropped after {@code close()}
     */
    long bytesRead();

    /**
     * Counts the data accepted for sending, sent or not.
     *
     * @return bytes
     */
    long bytesWritten();

    /**
     * Counts the data that the operating system has taken. It takes no more when its own memory is full and the peer's
     * TCP takes nothing.
     *
     * @return bytes
     */
    long bytesTaken();

    /**
     * The account of the memory that this connection makes its port hold. A layer above charges here what it keeps for
     * the peer. Everything is given back when the connection is freed.
     *
     * @return the account, the same at each call
     */
    MemoryAccount memory();

    /**
     * Hands the connection to another handler, for a protocol that is upgraded to another, such as HTTP to WebSocket.
     * The next callback goes to the new handler. Its {@code onOpen} is not called, since the connection is open. The
     * caller must pass on the received data that the running callback has not read.
     *
     * @param next gets every further callback
     * @throws IllegalStateException if the caller is not in a callback or a task of this connection, or the connection
     *         has the blocking API
     */
    void handler(TcpHandler next);

    /**
     * The object that the application attached.
     *
     * @return null if there is none
     */
    Object attachment();

    /**
     * Attaches an object of the application.
     *
     * @param object anything
     */
    void attachment(Object object);
}
