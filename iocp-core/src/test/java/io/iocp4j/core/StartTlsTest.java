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
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
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
            c.startTls(tls, host, 443);
            c.send(text("secret"));
        }
    }

    private Socket plainPeer(ServerSocket listener, Recorder handler) throws Exception {
        TcpConnection connection = TcpClient.connect(port, options, (InetSocketAddress) listener.getLocalSocketAddress(), handler);
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
                TcpOptions asking = TcpOptions.defaults().tls(TestKeys.trusting(), p -> held.complete(Thread.holdsLock(((TcpChannel) c).lock)));
                c.startTls(asking, "localhost", 443);
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
                c.startTls(tls, "localhost", 443);
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
    @DisplayName("begins only when the last send in the open is over, in 300 simulated orders: nothing later leaves in the open")
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
                    c.startTls(tls, "localhost", 443);
                    c.send(text("secret"));
                }
            });
            world.run(Duration.ofSeconds(20).toNanos(), 100_000);
            assertTrue(received.length() > 100 && received.charAt(4) == 0x16, "seed " + seed + ": " + received.length());
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
                assertThrows(IllegalStateException.class, () -> c.startTls(tls, "localhost", 443));
                c.send(text("TLS?"));
                super.onOpen(c);
            }

            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                assertThrows(IllegalArgumentException.class, () -> c.startTls(options, "localhost", 443));
                c.send(text("in the open"));
                thrown.complete(assertThrows(IllegalStateException.class, () -> c.startTls(tls, "localhost", 443)).getMessage());
            }
        };
        try (ServerSocket listener = listener()) {
            Socket plain = plainPeer(listener, handler);
            await(handler.awaitOpen().flushed());
            plain.getOutputStream().write("OK".getBytes());
            assertTrue(await(thrown).contains("in the open"));
            assertEquals("in the open", new String(plain.getInputStream().readNBytes(11)));
            assertThrows(IllegalStateException.class, () -> handler.awaitOpen().startTls(tls, "localhost", 443));
        }
    }
}
