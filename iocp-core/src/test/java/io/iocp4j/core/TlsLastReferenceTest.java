package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

@DisplayName("A task of TLS off the workers that lets the last reference of a connection go waits for nothing")
class TlsLastReferenceTest extends TlsFixture {
    private static final Duration ROUND_MAX = Duration.ofSeconds(20);
    /** The name of a system property: how often a test repeats. */
    private static final String ROUNDS = "iocp4j.tls.rounds";

    /** Holds the task of the handshake until it is told to go on, and then trusts nobody. */
    private static final class Holding extends X509ExtendedTrustManager {
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);
        private volatile Thread thread;

        private void hold() throws CertificateException {
            thread = Thread.currentThread();
            asked.countDown();
            try {
                await(goOn);
            } catch (InterruptedException e) {
                throw new CertificateException(e);
            }
            throw new CertificateException("on purpose");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type,
                SSLEngine engine) throws CertificateException {
            hold();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type,
                SSLEngine engine) throws CertificateException {
            hold();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type,
                Socket socket) throws CertificateException {
            hold();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type,
                Socket socket) throws CertificateException {
            hold();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            hold();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            hold();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private final Holding holding = new Holding();
    private final TcpOptions asksForCertificates =
            options.tls(TestKeys.LOCALHOST.context(holding), p -> p.setNeedClientAuth(true));

    /** A client of the JDK whose certificate the server is just looking at. */
    private SSLSocket inHandshake(TcpServer server) throws Exception {
        SSLSocket client = client(TestKeys.CLIENT.context(), server.address(), TLS_1_3);
        inBackground(client::startHandshake);
        await(holding.asked);
        assertFalse(holding.thread instanceof Worker);
        return client;
    }

    private static void awaitEnd(SSLSocket peer) {
        // an end or an exception, as the handshake stood
        failureOf(() -> peer.getInputStream().read());
    }

    @Test
    @DisplayName("of a client that was interrupted: connect returns")
    void client() throws Exception {
        try (ServerSocket listener = listener()) {
            TcpOptions untrusting = options.tls(TestKeys.trusting(holding));
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            Thread connecting = Thread.ofVirtual().start(() -> failure.complete(
                    failureOf(() -> TcpClient.connect(untrusting, "localhost", listener.getLocalPort()))));
            SSLSocket peer = server(TestKeys.LOCALHOST.context(), listener.accept(), TLS_1_3);
            inBackground(peer::startHandshake);
            await(holding.asked);
            connecting.interrupt();
            awaitEnd(peer);
            holding.goOn.countDown();
            assertEquals(IoError.OPERATION_ABORTED, ((IoException) await(failure)).error());
        }
    }

    @Test
    @DisplayName("of a server with a port of its own: close with a deadline returns")
    void ownPort() throws Exception {
        TcpServer server = TcpServer.listen(asksForCertificates, connection -> new Recorder());
        SSLSocket client = inHandshake(server);
        CompletableFuture<Void> close = inBackground(() -> server.close(Duration.ZERO));
        awaitEnd(client);
        holding.goOn.countDown();
        await(close);
    }

    @Test
    @DisplayName("of a server whose end closes the port: the port ends")
    void portOfTheApplication() throws Exception {
        CompletionPort given = CompletionPort.open(PortOptions.defaults().workers(1));
        TcpServer server = TcpServer.listen(given, asksForCertificates, connection -> new Recorder());
        CompletableFuture<Void> closed = server.closed().thenRun(given::close);
        SSLSocket client = inHandshake(server);
        CompletableFuture<Void> close = inBackground(() -> server.close(Duration.ZERO));
        awaitEnd(client);
        holding.goOn.countDown();
        await(closed);
        await(close);
        await(inBackground(given::close));
        assertEquals(1, given.counters().nullCompletions());
    }

    @Test
    @DisplayName("a trust manager that throws an error ends its connection, not the hope of an answer")
    void errorInTask() throws Exception {
        X509ExtendedTrustManager broken = new Broken();
        try (TcpServer server = TcpServer.listen(port, forServer, connection -> new Recorder())) {
            TcpOptions client = options.tls(TestKeys.trusting(broken)).connectTimeout(Duration.ZERO);
            Recorder recorder = new Recorder();
            TcpConnection connection =
                    TcpClient.connect(port, client, "localhost", server.address().getPort(), recorder);
            assertEquals(IoError.TLS_FAILURE, awaitClosed(connection).error());
        }
    }

    /** Cannot be used. */
    private static final class Broken extends X509ExtendedTrustManager {
        private static void fail() {
            throw new NoClassDefFoundError("on purpose");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            fail();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            fail();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
            fail();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
            fail();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            fail();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            fail();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    // ------------------------------------------------------------------ many of them, as they come

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    @DisplayName("openings that fail, and closes of servers with handshakes under way: none hangs")
    void many(TestReporter reporter) throws Exception {
        many(Integer.getInteger(ROUNDS, 300), reporter);
    }

    @Test
    @Tag("long")
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    @DisplayName("the same, for long")
    void veryMany(TestReporter reporter) throws Exception {
        many(Integer.getInteger(ROUNDS, 10_000), reporter);
    }

    private void many(int rounds, TestReporter reporter) throws Exception {
        failedOpenings(rounds);
        closesInHandshakes(rounds);
        reporter.publishEntry("rounds", Integer.toString(rounds));
    }

    private void failedOpenings(int rounds) throws Exception {
        TcpOptions untrusting = options.tls(TestKeys.STRANGER.context());
        try (TcpServer server =
                TcpServer.listen(port, options.tls(TestKeys.STRANGER.context()), connection -> new Recorder())) {
            for (int i = 0; i < rounds; i++) {
                inTime(i, () -> {
                    IoException refused = assertThrows(IoException.class,
                            () -> TcpClient.connect(untrusting, "localhost", server.address().getPort()));
                    assertEquals(IoError.TLS_FAILURE, refused.error());
                });
            }
        }
    }

    private void closesInHandshakes(int rounds) throws Exception {
        TcpOptions keyed = options.tls(TestKeys.LOCALHOST.context());
        TcpOptions trusting = options.tls(TestKeys.trusting());
        for (int i = 0; i < rounds; i++) {
            long nanos = i % 8 * TimeUnit.MICROSECONDS.toNanos(500);
            inTime(i, () -> {
                TcpServer server = TcpServer.listen(keyed, connection -> new Recorder());
                List<TcpConnection> clients = new ArrayList<>();
                for (int c = 0; c < 2; c++) {
                    clients.add(TcpClient.connect(port, trusting, "localhost", server.address().getPort(),
                            new Recorder()));
                }
                server.close(Duration.ofNanos(nanos));
                assertTrue(server.closed().isDone());
                for (TcpConnection client : clients) {
                    client.abort();
                    awaitClosed(client);
                }
            });
        }
    }

    private static void inTime(int round, Work work) throws Exception {
        try {
            inBackground(work).get(ROUND_MAX.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("round " + round + " hangs", e);
        }
    }
}
