package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the tests of TCP share: a port, and connections of ours with a plain socket at their other end. Everything is
 * closed after each test, and no buffer may be missing then.
 */
abstract class TcpFixture {
    static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    static final int MIB = 1 << 20;
    /** Small buffers of the operating system, so that a peer that does not read is felt soon. */
    static final int SMALL = 8 << 10;

    final TcpOptions options = TcpOptions.defaults().loopback(0);
    CompletionPort port;
    private final List<AutoCloseable> toClose = new ArrayList<>();

    /** Which end of a connection is ours. */
    enum Role {
        /** The peer connected to our server. */
        ACCEPTED,
        /** We connected to the peer. */
        CONNECTED
    }

    /** A connection of ours and the plain socket at its other end. */
    record Pair(TcpConnection connection, Socket peer) {
        void peerSends(String text) throws IOException {
            peer.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        }

        String peerReads(int length) throws IOException {
            return new String(peer.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
        }

        /** Everything up to our FIN. */
        byte[] peerReadsAll() throws IOException {
            return peer.getInputStream().readAllBytes();
        }

        /** The peer closes with RST instead of FIN. */
        void peerResets() throws IOException {
            peer.setSoLinger(true, 0);
            peer.close();
        }
    }

    @BeforeEach
    void openPort() throws IOException {
        port = CompletionPort.open(PortOptions.defaults().workers(4));
    }

    @AfterEach
    void closePort() throws Exception {
        for (AutoCloseable open : toClose.reversed()) {
            open.close();
        }
        port.close();
        assertEquals(0, port.buffers().usedBytes(), "bytes that were not given back to the pool");
        assertEquals(0, port.counters().handlerFailures(), "completions that threw");
    }

    /** Closes it after the test, last first, before the port. */
    final <T extends AutoCloseable> T closeLater(T resource) {
        toClose.add(resource);
        return resource;
    }

    final Pair accept(TcpOptions chosen, Recorder handler) throws Exception {
        return pair(Role.ACCEPTED, chosen, handler);
    }

    /** Connects one of ours with a plain socket whose receive buffer is small; returns when the handler knows of it. */
    final Pair pair(Role role, TcpOptions chosen, Recorder handler) throws Exception {
        Pair pair = role == Role.ACCEPTED ? accepted(chosen, handler) : connected(chosen, handler);
        closeLater(pair.connection::abort);
        pair.peer.setSoTimeout((int) Duration.ofSeconds(Recorder.DEADLINE_SECONDS).toMillis());
        return pair;
    }

    private Pair accepted(TcpOptions chosen, Recorder handler) throws Exception {
        try (TcpServer server = TcpServer.listen(port, chosen, connection -> handler)) {
            Socket peer = closeLater(new Socket());
            peer.setReceiveBufferSize(SMALL);
            peer.connect(server.address());
            return new Pair(handler.awaitOpen(), peer);
        }
    }

    private Pair connected(TcpOptions chosen, Recorder handler) throws Exception {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReceiveBufferSize(SMALL);
            listener.bind(new InetSocketAddress(LOOPBACK, 0));
            TcpClient.connect(port, chosen, (InetSocketAddress) listener.getLocalSocketAddress(), handler);
            Socket peer = closeLater(listener.accept());
            return new Pair(handler.awaitOpen(), peer);
        }
    }

    /** An address where a connect neither succeeds nor fails: its queue is full and nobody accepts. */
    final InetSocketAddress silentAddress() throws Exception {
        ServerSocket listener = closeLater(new ServerSocket(0, 1, LOOPBACK));
        for (int i = 0; i < 2; i++) {
            closeLater(new Socket(LOOPBACK, listener.getLocalPort()));
        }
        return new InetSocketAddress(LOOPBACK, listener.getLocalPort());
    }

    /** Returns when everything that was due for the callbacks of this connection has run. */
    static void settle(TcpConnection connection) throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        connection.execute(ran::countDown);
        await(ran);
    }

    static CloseInfo awaitClosed(TcpConnection connection) throws Exception {
        return await(connection.closed());
    }

    static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    static void await(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("still waiting for " + latch.getCount());
        }
    }

    static ByteBuffer text(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    /** Milliseconds since a reading of {@link System#nanoTime()}. */
    static long millisSince(long startNanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    }
}
