package io.iocp4j.core;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Collection;
import java.util.stream.Stream;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;

/**
 * The records of one TLS connection: turns received ciphertext into bytes of the application, and its bytes into
 * ciphertext to send. It does no I/O and has no thread; the JDK's {@link SSLEngine} does the cryptography. Guarded by
 * the lock of its {@link TlsSocket}, except for {@link #runTasks()}. The engine is locked while its tasks run, so no
 * other method may be called meanwhile.
 *
 * <p>An idle connection holds only the buffer of the pending receive.
 */
final class TlsRecords {
    /** The reasons why {@link #unwrap} stops. */
    enum Stop {
        /** The rest of a record has to come from the network. */
        HUNGRY,
        /** There is no room for more bytes, or the engine must wrap or run a task first. */
        PAUSED,
        /** The peer has ended its side by close_notify (RFC 8446 section 6.1). */
        ENDED
    }

    /** No bytes to wrap, or no room to unwrap into. */
    static final ByteBuffer EMPTY = ByteBuffer.allocate(0);
    /**
     * The most ciphertext that waits for the rest of its record. The largest record that the JDK accepts is about half
     * of it.
     */
    static final int RECEIVED_MAX = 64 << 10;
    /** The most records of one send: they fit a buffer of 64 KiB. */
    private static final int RECORDS_MAX = 3;
    /** RFC 8446 section 5.1. */
    private static final int RECORD_PLAINTEXT_MAX = 16 << 10;
    private static final String TLS_1_3 = "TLSv1.3";

    private final SSLEngine engine;
    private final BufferPool pool;
    private final int receiveMin;
    private final int maxReceive;
    private int receiveSize;
    private boolean handshakeDone;
    private boolean moved;
    /** Received ciphertext that was not unwrapped, between position and limit; null if there is none. */
    private PooledBuffer received;
    /** Plaintext that did not fit into the application's buffer, between position and limit; null if there is none. */
    private PooledBuffer left;
    /** Ciphertext to be sent, between position and limit; null if there is none. */
    private PooledBuffer sealed;

    private TlsRecords(SSLEngine engine, TcpOptions options, BufferPool pool) {
        this.engine = engine;
        this.pool = pool;
        this.receiveMin = options.receiveMin();
        this.maxReceive = options.maxReceive();
        this.receiveSize = receiveMin;
    }

    /** Makes the records of a client. The host's certificate must be valid for that name or address. */
    static TlsRecords ofClient(TcpOptions options, String host, int tcpPort, BufferPool pool) {
        SSLEngine engine = options.tls().createSSLEngine(host, tcpPort);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        options.tlsParameters().accept(parameters);
        // set always, and after the application's own parameters: without it the certificate of any host would be
        // accepted (RFC 2818 section 3.1)
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return new TlsRecords(engine, options, pool);
    }

    static TlsRecords ofServer(TcpOptions options, BufferPool pool) {
        return new TlsRecords(serverEngine(options), options, pool);
    }

    private static SSLEngine serverEngine(TcpOptions options) {
        SSLEngine engine = options.tls().createSSLEngine();
        engine.setUseClientMode(false);
        SSLParameters parameters = engine.getSSLParameters();
        options.tlsParameters().accept(parameters);
        engine.setSSLParameters(parameters);
        return engine;
    }

    /**
     * Refuses options with which no handshake can succeed, above all a context without a key. A context does not tell
     * which keys it has. This method therefore begins a handshake in memory, with a client that supports all versions
     * and cipher suites and names no host. It does not try that if the application chooses the key by the host name.
     *
     * @throws IllegalArgumentException if the server has no answer
     */
    static void requireAnswer(TcpOptions options) {
        SSLEngine server = serverEngine(options);
        Collection<SNIMatcher> names = server.getSSLParameters().getSNIMatchers();
        if (names == null || names.isEmpty()) {
            ByteBuffer hello;
            try {
                hello = helloOfAnyClient();
            } catch (GeneralSecurityException | SSLException e) {
                throw new IllegalStateException("the JDK has no client for TLS", e);
            }
            try {
                answer(server, hello);
            } catch (SSLException e) {
                throw new IllegalArgumentException("the TLS context of a server has no key, or none for these "
                        + "parameters: no client could shake hands. If the key depends on the name that a client "
                        + "asks for, set SSLParameters.setSNIMatchers", e);
            }
        }
    }

    private static ByteBuffer helloOfAnyClient() throws GeneralSecurityException, SSLException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, null, null);
        SSLEngine client = context.createSSLEngine();
        client.setUseClientMode(true);
        client.setEnabledCipherSuites(client.getSupportedCipherSuites());
        client.setEnabledProtocols(Stream.of(client.getSupportedProtocols())
                .filter(version -> version.startsWith("TLSv")).toArray(String[]::new));
        ByteBuffer hello = ByteBuffer.allocate(client.getSession().getPacketBufferSize());
        client.wrap(EMPTY, hello);
        return hello.flip();
    }

    /** Runs the engine until it has bytes to send, or waits for more. */
    private static void answer(SSLEngine server, ByteBuffer hello) throws SSLException {
        ByteBuffer answer = ByteBuffer.allocate(server.getSession().getPacketBufferSize());
        server.unwrap(hello, ByteBuffer.allocate(server.getSession().getApplicationBufferSize()));
        runTasks(server);
        server.wrap(EMPTY, answer);
    }

    // ------------------------------------------------------------------ facts

    boolean isHandshakeDone() {
        return handshakeDone;
    }

    /** Tells whether the last wrap or unwrap made progress. If not, repeating the same call would make none either. */
    boolean hasMoved() {
        return moved;
    }

    boolean wantsTask() {
        return engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK;
    }

    /** Tells whether the engine has a message of its own to send: handshake, key update or alert. */
    boolean wantsWrap() {
        return engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
    }

    /** Tells whether our close_notify, or a fatal alert, was wrapped. */
    boolean isOutputDone() {
        return engine.isOutboundDone();
    }

    SSLSession session() {
        return engine.getSession();
    }

    String applicationProtocol() {
        return engine.getApplicationProtocol();
    }

    void begin() throws SSLException {
        engine.beginHandshake();
    }

    /** Runs the engine's computations that may take long, mainly signatures. */
    void runTasks() {
        runTasks(engine);
    }

    private static void runTasks(SSLEngine engine) {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    // ------------------------------------------------------------------ sending

    /**
     * Wraps the engine's own messages, then as many bytes of the application as one send carries, into
     * {@link #sealed()}, which must be empty.
     *
     * @return how many bytes of the application were taken
     */
    long wrap(ByteBuffer... from) throws SSLException {
        long before = remaining(from);
        long records = Math.clamp((before + RECORD_PLAINTEXT_MAX - 1) / RECORD_PLAINTEXT_MAX, 1, RECORDS_MAX);
        sealed = pool.acquire((int) records * engine.getSession().getPacketBufferSize());
        moved = false;
        try {
            SSLEngineResult result;
            do {
                result = engine.wrap(from, sealed.buffer());
                note(result);
            } while (result.getStatus() == SSLEngineResult.Status.OK && result.bytesProduced() > 0);
        } finally {
            if (!sealed.buffer().flip().hasRemaining()) {
                sealed = released(sealed);
            }
        }
        return before - remaining(from);
    }

    /** The sealed bytes to send; null if there are none. */
    PooledBuffer sealed() {
        return sealed;
    }

    /** Called when the sealed bytes were sent. */
    void sent() {
        sealed = released(sealed);
    }

    /** Ends the sending: no bytes of the application follow, and the next wrap makes close_notify. */
    void end() {
        engine.closeOutbound();
    }

    // ------------------------------------------------------------------ receiving

    /** Returns room for the next receive. The caller gives it back with {@link #received}. */
    PooledBuffer room() {
        if (received == null) {
            received = pool.acquire(receiveSize);
            return received;
        }
        ByteBuffer part = received.buffer();
        if (part.remaining() < part.capacity()) {
            part.compact();
            return received;
        }
        // the engine has read the record's header by now, and has refused a record that is too long
        PooledBuffer larger = pool.acquire(Math.max(receiveSize, part.capacity() * 2));
        larger.buffer().put(part);
        received.release();
        received = larger;
        return received;
    }

    /** Called when a receive of this many bytes into the room has ended. */
    void received(long bytes) {
        boolean full = !received.buffer().hasRemaining();
        if (full && receiveSize < maxReceive) {
            receiveSize = Math.min(receiveSize * 2, maxReceive);
        } else if (bytes < receiveSize / 4 && receiveSize > receiveMin) {
            receiveSize = Math.max(receiveSize / 2, receiveMin);
        }
        received.buffer().flip();
        releaseEmpty();
    }

    /** Unwraps received ciphertext into the application's buffer, as far as that has room. */
    Stop unwrap(ByteBuffer into) throws SSLException {
        int start = into.position();
        moved = false;
        drain(into);
        while (left == null) {
            SSLEngineResult result = engine.unwrap(received == null ? EMPTY : received.buffer(), into);
            if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
                if (into.position() > start) {
                    return Stop.PAUSED;
                }
                // a record is unwrapped whole or not at all
                result = unwrapAside(into);
            }
            boolean negotiated = handshakeDone;
            note(result);
            releaseEmpty();
            if (negotiated) {
                requireNoNewHandshake(result);
            }
            switch (result.getStatus()) {
                case BUFFER_UNDERFLOW -> {
                    requireRoom();
                    return Stop.HUNGRY;
                }
                case CLOSED -> {
                    return Stop.ENDED;
                }
                default -> {
                    boolean otherFirst = result.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING
                            && result.getHandshakeStatus() != HandshakeStatus.NEED_UNWRAP;
                    if (otherFirst || result.bytesConsumed() == 0) {
                        return Stop.PAUSED;
                    }
                }
            }
        }
        return Stop.PAUSED;
    }

    /**
     * Refuses a new handshake. Before TLS 1.3 a peer may ask for any number; each costs us milliseconds of processor
     * time and the peer a few bytes (RFC 5246 section 7.4.1, CVE-2011-1473). No peer needs one. After the handshake of
     * TLS 1.3 the engine only sends key updates.
     */
    private void requireNoNewHandshake(SSLEngineResult result) throws SSLException {
        boolean wantsMore = switch (result.getHandshakeStatus()) {
            case NEED_TASK, NEED_WRAP, NEED_UNWRAP, NEED_UNWRAP_AGAIN -> true;
            case NOT_HANDSHAKING, FINISHED -> false;
        };
        if (wantsMore && result.getStatus() == SSLEngineResult.Status.OK
                && !engine.getSession().getProtocol().equals(TLS_1_3)) {
            engine.closeOutbound();
            throw new SSLException("the peer asks for a new handshake");
        }
    }

    private SSLEngineResult unwrapAside(ByteBuffer into) throws SSLException {
        left = pool.acquire(engine.getSession().getApplicationBufferSize());
        try {
            return engine.unwrap(received.buffer(), left.buffer());
        } finally {
            left.buffer().flip();
            drain(into);
        }
    }

    private void drain(ByteBuffer into) {
        if (left != null) {
            ByteBuffer from = left.buffer();
            int length = Math.min(from.remaining(), into.remaining());
            into.put(into.position(), from, from.position(), length);
            into.position(into.position() + length);
            from.position(from.position() + length);
            moved |= length > 0;
            if (!from.hasRemaining()) {
                left = released(left);
            }
        }
    }

    /**
     * Limits the waiting ciphertext, although the engine itself refuses records that are too long.
     */
    private void requireRoom() throws SSLException {
        if (received != null && received.buffer().remaining() >= RECEIVED_MAX) {
            throw new SSLException("a record of more than " + RECEIVED_MAX + " bytes");
        }
    }

    private void releaseEmpty() {
        if (received != null && !received.buffer().hasRemaining()) {
            received = released(received);
        }
    }

    // ------------------------------------------------------------------ both

    private void note(SSLEngineResult result) {
        boolean finished = result.getHandshakeStatus() == HandshakeStatus.FINISHED;
        handshakeDone |= finished;
        moved |= finished || result.bytesConsumed() > 0 || result.bytesProduced() > 0;
    }

    /** Releases every buffer except the sealed bytes, which {@link #sent()} releases. */
    void release() {
        received = released(received);
        left = released(left);
    }

    private static PooledBuffer released(PooledBuffer buffer) {
        if (buffer != null) {
            buffer.release();
        }
        return null;
    }

    /** Returns the memory of all buffers here, in bytes. */
    long heldBytes() {
        return capacity(received) + capacity(left) + capacity(sealed);
    }

    private static long capacity(PooledBuffer buffer) {
        return buffer == null ? 0 : buffer.buffer().capacity();
    }

    private static long remaining(ByteBuffer[] buffers) {
        long sum = 0;
        for (ByteBuffer buffer : buffers) {
            sum += buffer.remaining();
        }
        return sum;
    }
}
