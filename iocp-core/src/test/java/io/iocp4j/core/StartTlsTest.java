package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("TLS that begins on a plain connection")
class StartTlsTest extends TlsFixture {
    private final TcpOptions tls = TcpOptions.defaults().tls(TestKeys.trusting());

    /** Asks for TLS in the open; begins it at the answer, and sends at once. */
    private class Starting extends Recorder {
        private final String host;
        private boolean started;

        Starting(String host) {
            this.host = host;
        }

        @Override
        public void onOpen(TcpConnection c) throws IOException {
            c.send(text("TLS?"));
            super.onOpen(c);
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) throws IOException {
            if (started) {
                super.onData(c, data);
                return;
            }
            started = true;
            assertNull(c.tlsSession());
            data.position(data.limit());
            c.startTlsAsync(tls, host, 443);
            c.send(text("secret"));
        }
    }

    private Socket plainPeer(ServerSocket listener, Recorder handler) throws Exception {
        TcpConnection connection =
                TcpClient.connect(port, options, (InetSocketAddress) listener.getLocalSocketAddress(), handler);
        closeLater(connection::abort);
        Socket peer = closeLater(listener.accept());
        assertEquals("TLS?", new String(peer.getInputStream().readNBytes(4)));
        return peer;
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_2, TLS_1_3})
    @DisplayName("carries what is sent from then on, in both directions, and ends in order")
    void carries(String version) throws Exception {
        Starting handler = new Starting("localhost");
        try (ServerSocket listener = listener()) {
            Socket plain = plainPeer(listener, handler);
            plain.getOutputStream().write("OK".getBytes());
            SSLSocket peer = server(TestKeys.LOCALHOST.context(), plain, version);
            peer.startHandshake();
            assertEquals("secret", new String(peer.getInputStream().readNBytes(6)));
            byte[] content = random(3 * MIB, 7);
            CompletableFuture<Void> written = inBackground(() -> peer.getOutputStream().write(content));
            handler.awaitBytes(content.length);
            await(written);
            TcpConnection connection = handler.awaitOpen();
            assertNotNull(connection.tlsSession());
            connection.close();
            assertEquals(-1, peer.getInputStream().read());
            peer.close();
            assertTrue(awaitClosed(connection).clean());
        }
    }

    @Test
    @DisplayName("ends with TIMED_OUT if the peer agrees and is silent while something waits for its handshake")
    void silentPeer() throws Exception {
        Starting handler = new Starting("localhost");
        try (ServerSocket listener = listener()) {
            closeLater(TcpClient.connect(port, options.writeTimeout(Duration.ofMillis(80)),
                    (InetSocketAddress) listener.getLocalSocketAddress(), handler)::abort);
            Socket plain = closeLater(listener.accept());
            plain.getOutputStream().write("OK".getBytes());
            assertEquals(IoError.TIMED_OUT, handler.awaitClose().error());
        }
    }

    @Test
    @DisplayName("asks the application for its parameters under no lock")
    void noLock() throws Exception {
        CompletableFuture<Boolean> held = new CompletableFuture<>();
        Recorder handler = new Recorder() {
            @Override
            public void onOpen(TcpConnection c) throws IOException {
                c.send(text("TLS?"));
                super.onOpen(c);
            }

            @Override
            public void onData(TcpConnection c, ByteBuffer data) {
                Object lock = ((TcpChannel) c).lock;
                TcpOptions asking = TcpOptions.defaults().tls(TestKeys.trusting(),
                        parameters -> held.complete(Thread.holdsLock(lock)));
                c.startTlsAsync(asking, "localhost", 443);
            }
        };
        try (ServerSocket listener = listener()) {
            plainPeer(listener, handler).getOutputStream().write("OK".getBytes());
            assertFalse(await(held));
        }
    }

    @Test
    @DisplayName("lets an end() that was asked for meanwhile wait: close_notify and FIN follow the handshake")
    void endWaits() throws Exception {
        Recorder handler = new Recorder() {
            @Override
            public void onOpen(TcpConnection c) throws IOException {
                c.send(text("TLS?"));
                super.onOpen(c);
            }

            @Override
            public void onData(TcpConnection c, ByteBuffer data) {
                c.startTlsAsync(tls, "localhost", 443);
                c.end();
            }
        };
        try (ServerSocket listener = listener()) {
            Socket plain = plainPeer(listener, handler);
            plain.getOutputStream().write("OK".getBytes());
            SSLSocket peer = server(TestKeys.LOCALHOST.context(), plain, TLS_1_3);
            assertEquals(-1, peer.getInputStream().read());
            peer.close();
            assertNull(handler.awaitClose().error());
        }
    }

    @Test
    @DisplayName("begins only when the last send in the open is over, in 300 simulated orders: nothing later leaves "
            + "in the open")
    void anyOrder() throws Throwable {
        int[] late = new int[1];
        Simulation.onThreadOfItsOwn(() -> {
            for (long seed = 0; seed < 300; seed++) {
                simulate(seed, late);
            }
        });
        assertTrue(late[0] > 10, "the completion of the send hardly ever came behind the answer: " + late[0]);
    }

    private void simulate(long seed, int[] late) {
        Faults faults = Faults.draw(new SplittableRandom(seed)).harmless()
                .with(Faults.Kind.SMALL_WINDOW, 0).with(Faults.Kind.DELAY, 0.4);
        Simulation world = new Simulation(seed, faults, new BufferPool(0));
        SimulatedPort simulated = new SimulatedPort(world, "both", 2);
        StringBuilder received = new StringBuilder();
        try {
            TcpServer server = TcpServer.listen(simulated, options, connection -> new TcpHandler() {
                @Override
                public void onData(TcpConnection c, ByteBuffer data) {
                    received.append(StandardCharsets.ISO_8859_1.decode(data));
                    if (received.toString().equals("TLS?")) {
                        c.send(text("OK"));
                    }
                }
            });
            TcpConnection client = TcpClient.connect(simulated, options, server.address(), new TcpHandler() {
                @Override
                public void onOpen(TcpConnection c) {
                    c.send(text("TLS?"));
                }

                @Override
                public void onData(TcpConnection c, ByteBuffer data) {
                    late[0] += c.bufferedAmount() > 0 ? 1 : 0;
                    c.startTlsAsync(tls, "localhost", 443);
                    c.send(text("secret"));
                }
            });
            world.run(Duration.ofSeconds(20).toNanos(), 100_000);
            assertTrue(received.length() > 100 && received.charAt(4) == 0x16,
                    "seed " + seed + ": " + received.length());
            assertEquals(-1, received.indexOf("secret"));
            client.abort();
            server.close();
        } catch (IOException e) {
            throw new AssertionError("seed " + seed, e);
        } finally {
            simulated.close();
            world.run(Long.MAX_VALUE, 100_000);
        }
        assertEquals(List.of(), world.failures(), "seed " + seed);
        assertEquals(0, simulated.counters().handlerFailures(), "seed " + seed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"other.example", "127.0.0.2"})
    @Shows("CVE-2020-11050")
    @DisplayName("fails where the certificate is not one of the host")
    void wrongHost(String host) throws Exception {
        Starting handler = new Starting(host);
        try (ServerSocket listener = listener()) {
            Socket plain = plainPeer(listener, handler);
            plain.getOutputStream().write("OK".getBytes());
            SSLSocket peer = server(TestKeys.LOCALHOST.context(), plain, TLS_1_3);
            failureOf(() -> {
                peer.startHandshake();
                peer.getInputStream().read();
            });
            assertEquals(IoError.TLS_FAILURE, handler.awaitClose().error());
        }
    }

    @Test
    @DisplayName("fails where the peer goes on in the open, and sends nothing of what was secret")
    void noTls() throws Exception {
        Starting handler = new Starting("localhost");
        try (ServerSocket listener = listener()) {
            Socket plain = plainPeer(listener, handler);
            plain.getOutputStream().write("OK".getBytes());
            assertEquals(0x16, plain.getInputStream().read(), "a TLS record of a handshake");
            plain.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes());
            assertEquals(IoError.TLS_FAILURE, handler.awaitClose().error());
        }
    }

    @Test
    @DisplayName("may be closed in the middle: onClose once, and the connection goes")
    void closedMeanwhile() throws Exception {
        Starting handler = new Starting("localhost");
        try (ServerSocket listener = listener()) {
            Socket plain = plainPeer(listener, handler);
            plain.getOutputStream().write("OK".getBytes());
            assertEquals(0x16, plain.getInputStream().read());
            TcpConnection connection = handler.awaitOpen();
            connection.abort();
            assertNull(handler.awaitClose().error());
            awaitClosed(connection);
        }
    }

    @Test
    @DisplayName("is refused outside of onData, without a context, and where something is still to be sent in the open")
    void refused() throws Exception {
        CompletableFuture<String> thrown = new CompletableFuture<>();
        Recorder handler = new Recorder() {
            @Override
            public void onOpen(TcpConnection c) throws IOException {
                assertThrows(IllegalStateException.class, () -> c.startTlsAsync(tls, "localhost", 443));
                c.send(text("TLS?"));
                super.onOpen(c);
            }

            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                assertThrows(IllegalArgumentException.class, () -> c.startTlsAsync(options, "localhost", 443));
                c.send(text("in the open"));
                thrown.complete(assertThrows(IllegalStateException.class, () -> c.startTlsAsync(tls, "localhost", 443))
                        .getMessage());
            }
        };
        try (ServerSocket listener = listener()) {
            Socket plain = plainPeer(listener, handler);
            await(handler.awaitOpen().flushed());
            plain.getOutputStream().write("OK".getBytes());
            assertTrue(await(thrown).contains("in the open"));
            assertEquals("in the open", new String(plain.getInputStream().readNBytes(11)));
            TcpConnection connection = handler.awaitOpen();
            assertThrows(IllegalStateException.class, () -> connection.startTlsAsync(tls, "localhost", 443));
            IllegalStateException wrongApi =
                    assertThrows(IllegalStateException.class, () -> connection.startTls(tls, "localhost", 443));
            assertTrue(wrongApi.getMessage().contains("startTlsAsync"), wrongApi.getMessage());
        }
    }

    // ------------------------------------------------------------------ its end, and the server's side

    /** A server's handler that agrees to TLS in the open and greets behind it. */
    private class Accepting extends Recorder {
        private final TcpOptions server;
        private final CompletableFuture<SSLSession> secured = new CompletableFuture<>();
        private boolean started;

        Accepting(TcpOptions server) {
            this.server = server;
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) throws IOException {
            if (started) {
                super.onData(c, data);
                return;
            }
            started = true;
            c.send(text("yes!"));
            c.acceptTlsAsync(server).whenComplete((session, thrown) -> complete(secured, session, thrown));
            c.send(text("secret"));
        }
    }

    private static <T> void complete(CompletableFuture<T> future, T value, Throwable thrown) {
        if (thrown != null) {
            future.completeExceptionally(thrown);
        } else {
            future.complete(value);
        }
    }

    private static IoException failure(CompletableFuture<?> future) {
        return (IoException) assertThrows(ExecutionException.class, () -> await(future)).getCause();
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_2, TLS_1_3})
    @DisplayName("as a server: the agreement leaves in the open, all else behind the handshake, of whose end a future "
            + "tells")
    void accepts(String version) throws Exception {
        Accepting handler = new Accepting(forServer);
        Pair pair = accept(options, handler);
        pair.peerSends("TLS?");
        assertEquals("yes!", pair.peerReads(4));
        SSLSocketFactory factory = TestKeys.trusting().getSocketFactory();
        SSLSocket peer = (SSLSocket) factory.createSocket(pair.peer(), "localhost", 443, true);
        peer.setEnabledProtocols(new String[] {version});
        peer.startHandshake();
        assertEquals("secret", new String(peer.getInputStream().readNBytes(6)));
        assertEquals(version, await(handler.secured).getProtocol());
        assertEquals(version, pair.connection().tlsSession().getProtocol());
        peer.getOutputStream().write("back".getBytes());
        handler.awaitBytes(4);
    }

    @Test
    @DisplayName("as a server: a large answer leaves in the open before the handshake, and what follows it does not")
    void acceptsBehindMuch() throws Exception {
        int much = 3 * MIB;
        Recorder handler = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) {
                c.send(ByteBuffer.allocate(much));
                c.acceptTlsAsync(forServer);
                c.send(text("secret"));
            }
        };
        Pair pair = accept(options.socketBuffers(SMALL, 0), handler);
        pair.peerSends("TLS?");
        assertEquals(much, pair.peer().getInputStream().readNBytes(much).length);
        SSLSocketFactory factory = TestKeys.trusting().getSocketFactory();
        SSLSocket peer = (SSLSocket) factory.createSocket(pair.peer(), "localhost", 443, true);
        peer.startHandshake();
        assertEquals("secret", new String(peer.getInputStream().readNBytes(6)));
    }

    @Test
    @DisplayName("has the time limit of its handshake, and says so, on either side")
    void limited() throws Exception {
        Accepting handler = new Accepting(forServer.handshakeTimeout(Duration.ofMillis(30)));
        Pair pair = accept(options, handler);
        pair.peerSends("TLS?");
        IoException late = failure(handler.secured);
        assertEquals(IoError.TIMED_OUT, late.error());
        assertTrue(late.getMessage().endsWith("no TLS handshake within handshakeTimeout, 30 ms"), late.getMessage());
        assertEquals(IoError.TIMED_OUT, handler.awaitClose().error());
    }

    // ------------------------------------------------------------------ the blocking API

    private TcpPair plainPair() throws IOException {
        TcpPair pair = TcpPair.open(port, options);
        closeLater(pair.left()::abort);
        closeLater(pair.right()::abort);
        return pair;
    }

    /** Two ends, each of which has read the agreement of the other. */
    private TcpPair agreedPair() throws IOException {
        TcpPair pair = plainPair();
        for (TcpConnection end : new TcpConnection[] {pair.left(), pair.right()}) {
            end.write("agreed\n");
        }
        assertEquals("agreed", pair.left().readLine());
        assertEquals("agreed", pair.right().readLine());
        return pair;
    }

    @Test
    @DisplayName("of two ends with the blocking API: both calls wait for the handshake, and both ends go on over TLS")
    void blocking() throws Exception {
        TcpPair pair = plainPair();
        CompletableFuture<Void> server = inBackground(() -> {
            assertEquals("STARTTLS", pair.right().readLine());
            pair.right().write("220 ready\n");
            assertEquals(TLS_1_3, pair.right().acceptTls(forServer).getProtocol());
            pair.right().write(pair.right().readLine() + " back\n");
        });
        pair.left().write("STARTTLS\n");
        assertEquals("220 ready", pair.left().readLine());
        SSLSession session = pair.left().startTls(tls, "localhost", 443);
        assertEquals(TLS_1_3, session.getProtocol());
        assertEquals(TLS_1_3, pair.left().tlsSession().getProtocol());
        pair.left().write("there and\n");
        assertEquals("there and back", pair.left().readLine());
        await(server);
        assertTrue(refusal(() -> pair.left().startTls(tls, "localhost", 443)).contains("TLS already"));
    }

    private static String refusal(Executable call) {
        return assertThrows(IllegalStateException.class, call).getMessage();
    }

    @Test
    @DisplayName("in the blocking API: bytes behind the agreement came in the open, and end the connection")
    void injected() throws Exception {
        TcpPair pair = plainPair();
        pair.right().write("220 ready\n250 injected\n");
        assertEquals("220 ready", pair.left().readLine());
        IoException refused =
                assertThrows(IoException.class, () -> pair.left().startTls(tls, "localhost", 443));
        assertEquals(IoError.TLS_FAILURE, refused.error());
        assertEquals("handshake", refused.operation());
        assertTrue(refused.getMessage().contains("13 bytes came in the open"), refused.getMessage());
        assertTrue(Arrays.stream(refused.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("startTls")),
                "has the stack of the call");
        assertThrows(IoException.class, () -> pair.left().read(), "they are never handed on");
        awaitClosed(pair.left());
        assertEquals(IoError.TLS_FAILURE,
                assertThrows(IoException.class, () -> pair.left().startTls(tls, "localhost", 443)).error());
    }

    @Test
    @DisplayName("in the blocking API: a thread that is interrupted and reads on gets no byte that came in the open")
    void injectedAndInterrupted() throws Exception {
        TcpPair pair = plainPair();
        pair.right().write("220 ready\n250 injected\n");
        assertEquals("220 ready", pair.left().readLine());
        CountDownLatch read = new CountDownLatch(1);
        pair.left().execute(() -> {
            try {
                await(read);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Thread.currentThread().interrupt();
        assertThrows(IoException.class, () -> pair.left().startTls(tls, "localhost", 443));
        // the status is kept only if the call had to wait
        Thread.interrupted();
        // the strand, which reports the end, still waits
        assertEquals(IoError.TIMED_OUT,
                assertThrows(IoException.class, () -> pair.left().read(Duration.ofMillis(1))).error());
        read.countDown();
        assertEquals(IoError.TLS_FAILURE, assertThrows(IoException.class, () -> pair.left().read()).error());
    }

    @Test
    @DisplayName("in the blocking API: is refused while a read that timed out still waits, and fails at an abort")
    void abandoned() throws Exception {
        TcpPair pair = plainPair();
        assertThrows(IoException.class, () -> pair.left().read(Duration.ofMillis(1)));
        assertTrue(refusal(() -> pair.left().startTls(tls, "localhost", 443)).contains("still waits"));
        pair.right().write("x\n");
        assertEquals("x", pair.left().readLine());
        CompletableFuture<Void> securing = inBackground(() -> pair.left().startTls(tls, "localhost", 443));
        assertTrue(pair.right().read().hasRemaining(), "the hello of the client: the call waits");
        assertFalse(securing.isDone());
        pair.left().abort();
        assertEquals(IoError.OPERATION_ABORTED, failure(securing).error());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("in the blocking API: has the time limit of its handshake, and says so, on either side")
    void blockingLimited(boolean server) throws Exception {
        TcpPair pair = agreedPair();
        Duration limit = Duration.ofMillis(30);
        IoException late = assertThrows(IoException.class, server
                ? () -> pair.left().acceptTls(forServer.handshakeTimeout(limit))
                : () -> pair.left().startTls(tls.handshakeTimeout(limit), "localhost", 443));
        assertEquals(IoError.TIMED_OUT, late.error());
        assertTrue(late.getMessage().endsWith("no TLS handshake within handshakeTimeout, 30 ms"), late.getMessage());
        assertEquals(IoError.TIMED_OUT, awaitClosed(pair.left()).error());
    }

    @Test
    @DisplayName("in the blocking API: a certificate of another host fails the call and the connection")
    void blockingWrongHost() throws Exception {
        TcpPair pair = agreedPair();
        CompletableFuture<Void> server = inBackground(() -> pair.right().acceptTls(forServer));
        assertEquals(IoError.TLS_FAILURE, assertThrows(IoException.class,
                () -> pair.left().startTls(tls, "other.example", 443)).error());
        failure(server);
        assertEquals(IoError.TLS_FAILURE, awaitClosed(pair.left()).error());
    }

    @Test
    @DisplayName("in the blocking API: a worker is refused, and so are the calls of the callback API")
    void onWorker() throws Exception {
        TcpPair pair = plainPair();
        CompletableFuture<List<String>> refused = new CompletableFuture<>();
        pair.left().execute(() -> refused.complete(List.of(
                refusal(() -> pair.left().startTls(tls, "localhost", 443)),
                refusal(() -> pair.left().acceptTls(forServer)),
                refusal(() -> pair.left().startTlsAsync(tls, "localhost", 443)))));
        assertTrue(await(refused).getFirst().contains("worker"), refused.join().getFirst());
        assertTrue(refused.join().get(1).contains("worker"), refused.join().get(1));
        assertTrue(refused.join().getLast().contains("onData"), refused.join().getLast());
        assertTrue(refusal(() -> pair.left().acceptTlsAsync(forServer)).contains("onData"));
        assertThrows(IllegalArgumentException.class, () -> pair.left().startTls(options, "localhost", 443));
        assertEquals(TcpConnection.State.OPEN, pair.left().state());
    }

    @Test
    @DisplayName("in the blocking API: an interrupt ends the wait only, and what is read and written then "
            + "goes over TLS")
    void interrupted() throws Exception {
        TcpPair pair = agreedPair();
        Thread.currentThread().interrupt();
        IoException broken = assertThrows(IoException.class, () -> pair.left().startTls(tls, "localhost", 443));
        assertTrue(Thread.interrupted(), "the status stays set");
        assertEquals(IoError.OPERATION_ABORTED, broken.error());
        assertTrue(broken.getMessage().contains("interrupted"), broken.getMessage());
        pair.left().write("secret\n");
        assertEquals(TLS_1_3, pair.right().acceptTls(forServer).getProtocol());
        assertEquals("secret", pair.right().readLine());
        pair.right().write("kept\n");
        assertEquals("kept", pair.left().readLine());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("in the blocking API: what another thread writes before the strand comes to it waits for the "
            + "handshake, on either side")
    void writtenAtOnce(boolean server) throws Exception {
        TcpPair pair = agreedPair();
        CountDownLatch written = new CountDownLatch(1);
        pair.left().execute(() -> {
            try {
                await(written);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        TcpChannel left = (TcpChannel) pair.left();
        TcpOptions chosen = server ? forServer : tls;
        TlsRecords records = server ? TlsRecords.ofServer(chosen, port.buffers())
                : TlsRecords.ofClient(chosen, "localhost", 443, port.buffers());
        // the blocking call in two halves, so that the write is certain to come between them
        TcpTlsUpgrade begun = TcpTlsUpgrade.begin(left, chosen, records, server,
                TcpTlsUpgrade.requireBlocking(left, chosen));
        pair.left().write("secret\n");
        written.countDown();
        SSLSession right = server ? pair.right().startTls(tls, "localhost", 443) : pair.right().acceptTls(forServer);
        assertEquals(TLS_1_3, right.getProtocol());
        assertEquals(TLS_1_3, begun.await().getProtocol());
        assertEquals("secret", pair.right().readLine());
    }

    @Test
    @DisplayName("ends where there is no memory to go on after the handshake")
    void noMemory() throws Exception {
        Starting handler = new Starting("localhost") {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                super.onData(c, data);
                TcpChannel channel = (TcpChannel) c;
                synchronized (channel.lock) {
                    channel.waiting = new StrandMemoryTest.ShortQueue<>(1);
                }
            }
        };
        try (ServerSocket listener = listener()) {
            Socket plain = plainPeer(listener, handler);
            plain.getOutputStream().write("OK".getBytes());
            server(TestKeys.LOCALHOST.context(), plain, TLS_1_2).startHandshake();
            assertEquals(IoError.NO_BUFFERS, handler.awaitClose().error());
            awaitClosed(handler.awaitOpen());
        }
    }
}
