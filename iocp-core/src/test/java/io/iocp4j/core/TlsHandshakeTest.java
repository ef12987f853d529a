package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A TLS handshake")
class TlsHandshakeTest extends TlsFixture {
    @ParameterizedTest(name = "{0} by {1}")
    @CsvSource({"ACCEPTED,TLSv1.2", "ACCEPTED,TLSv1.3", "CONNECTED,TLSv1.2", "CONNECTED,TLSv1.3"})
    @DisplayName("comes before onOpen, which finds the session, and before what was sent earlier")
    void opens(Role role, String version) throws Exception {
        CompletableFuture<String> found = new CompletableFuture<>();
        Recorder handler = new Recorder() {
            @Override
            public void onOpen(TcpConnection c) throws IOException {
                found.complete(c.tlsSession().getProtocol() + " " + c.applicationProtocol() + " " + c.state());
                super.onOpen(c);
                c.send(text("hello"));
            }
        };
        Pair pair = secure(role, version, handler);
        assertEquals(version + "  OPEN", await(found));
        assertEquals("hello", pair.peerReads(5));
        pair.peerSends("world");
        handler.awaitBytes(5);
        assertEquals("world", handler.received());
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("chooses the application protocol (ALPN)")
    void applicationProtocol(Role role) throws Exception {
        TcpOptions both = role == Role.ACCEPTED ? forServer : forClient;
        String[] known = {"two", "one"};
        TcpOptions chosen = both.tls(both.tls(), parameters -> parameters.setApplicationProtocols(known));
        Recorder handler = new Recorder();
        TcpOptions ofServer = forServer.tls(forServer.tls(), chosen.tlsParameters());
        try (TcpServer server = TcpServer.listen(port, ofServer, connection -> handler); ServerSocket listener =
                listener()) {
            SSLSocket peer;
            if (role == Role.ACCEPTED) {
                peer = client(TestKeys.trusting(), server.address(), TLS_1_3);
            } else {
                TcpConnection connection =
                        TcpClient.connect(port, chosen, "localhost", listener.getLocalPort(), handler);
                closeLater(connection::abort);
                peer = server(TestKeys.LOCALHOST.context(), listener.accept(), TLS_1_3);
            }
            SSLParameters parameters = peer.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"one", "three"});
            peer.setSSLParameters(parameters);
            peer.startHandshake();
            assertEquals("one", peer.getApplicationProtocol());
            assertEquals("one", handler.awaitOpen().applicationProtocol());
            handler.awaitOpen().abort();
        }
    }

    @Test
    @DisplayName("has no server without a key: it does not listen, and says why; unless the key depends on the name "
            + "that is asked for")
    void serverWithoutKey() throws Exception {
        TcpOptions keyless = options.tls(TestKeys.trusting());
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                () -> TcpServer.listen(port, keyless, connection -> new Recorder()));
        assertTrue(refused.getMessage().contains("no key"), refused.getMessage());
        assertThrows(IllegalArgumentException.class, () -> TcpServer.listenBlocking(keyless, connection -> { }));
        TcpOptions rsaOnly = forServer.tls(forServer.tls(),
                parameters -> parameters.setCipherSuites(new String[] {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}));
        assertThrows(IllegalArgumentException.class,
                () -> TcpServer.listen(port, rsaOnly, connection -> new Recorder()));
        TcpOptions byName = keyless.tls(keyless.tls(),
                parameters -> parameters.setSNIMatchers(List.of(SNIHostName.createSNIMatcher(".*"))));
        TcpServer.listen(port, byName, connection -> new Recorder()).close();
        for (String version : List.of(TLS_1_2, TLS_1_3)) {
            TcpServer.listen(port,
                    forServer.tls(forServer.tls(), parameters -> parameters.setProtocols(new String[] {version})),
                    connection -> new Recorder()).close();
        }
    }

    @Test
    @DisplayName("keeps the parameters when only the context is changed")
    void contextChanged() throws Exception {
        TcpOptions needing =
                options.tls(TestKeys.OTHER_HOST.context(), parameters -> parameters.setNeedClientAuth(true))
                .tls(TestKeys.LOCALHOST.context());
        Recorder handler = new Recorder();
        try (TcpServer server = TcpServer.listen(port, needing, connection -> handler)) {
            SSLSocket nobody = client(TestKeys.trusting(), server.address(), TLS_1_3);
            assertInstanceOf(SSLException.class, failureOf(() -> {
                nobody.startHandshake();
                nobody.getInputStream().read();
            }));
            assertFailed(handler, IoError.TLS_FAILURE);
        }
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("happens once: a peer that asks for another under TLS 1.2 is refused")
    void renegotiation(Role role) throws Exception {
        Recorder handler = new Recorder();
        Pair pair = secure(role, TLS_1_2, handler);
        pair.peerSends("x");
        handler.awaitBytes(1);
        SSLSocket peer = (SSLSocket) pair.peer();
        assertInstanceOf(IOException.class, failureOf(() -> {
            peer.startHandshake();
            peer.getInputStream().read();
            peer.getOutputStream().write(1);
            peer.getInputStream().read();
        }));
        assertEquals(IoError.TLS_FAILURE, awaitClosed(pair.connection()).error());
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2", "TLSv1.3"})
    @DisplayName("asks a client for its certificate if the server wants it; one without has no connection, and the "
            + "server lives")
    void clientCertificate(String version) throws Exception {
        TcpOptions needing = forServer.tls(forServer.tls(), parameters -> parameters.setNeedClientAuth(true));
        Recorder without = new Recorder();
        Recorder with = new Recorder();
        List<Recorder> handlers = new ArrayList<>(List.of(without, with));
        try (TcpServer server = TcpServer.listen(port, needing, connection -> handlers.removeFirst())) {
            SSLSocket nobody = client(TestKeys.trusting(), server.address(), version);
            assertInstanceOf(SSLException.class, failureOf(() -> {
                nobody.startHandshake();
                nobody.getInputStream().read();
            }));
            assertFailed(without, IoError.TLS_FAILURE);
            SSLSocket somebody = client(TestKeys.CLIENT.context(), server.address(), version);
            somebody.startHandshake();
            X509Certificate seen = (X509Certificate) with.awaitOpen().tlsSession().getPeerCertificates()[0];
            assertEquals("CN=CLIENT", seen.getSubjectX500Principal().getName());
            with.awaitOpen().abort();
        }
    }

    // ------------------------------------------------------------------ whom a client trusts

    @ParameterizedTest(name = "{0} by {1}")
    @CsvSource({"OTHER_HOST,TLSv1.2", "OTHER_HOST,TLSv1.3", "EXPIRED,TLSv1.2", "EXPIRED,TLSv1.3", "STRANGER,TLSv1.2",
            "STRANGER,TLSv1.3"})
    @Shows("CVE-2020-11050")
    @DisplayName("fails on a client for a certificate of another host, an old one, and one of nobody it knows")
    void refusesCertificate(TestKeys keys, String version) throws Exception {
        Recorder handler = new Recorder();
        try (ServerSocket listener = listener()) {
            TcpClient.connect(port, forClient, "localhost", listener.getLocalPort(), handler);
            SSLSocket peer = server(keys.context(), listener.accept(), version);
            // the client's alert has come
            assertInstanceOf(SSLException.class, failureOf(() -> {
                peer.startHandshake();
                peer.getInputStream().read();
            }));
        }
        assertFailed(handler, IoError.TLS_FAILURE);
        assertInstanceOf(SSLHandshakeException.class, rootOf(handler));
    }

    @Test
    @DisplayName("checks the host even if the application's parameters say that it need not be")
    void hostIsAlwaysChecked() throws Exception {
        Recorder handler = new Recorder();
        TcpOptions careless =
                forClient.tls(forClient.tls(), parameters -> parameters.setEndpointIdentificationAlgorithm(null));
        try (ServerSocket listener = listener()) {
            TcpClient.connect(port, careless, "localhost", listener.getLocalPort(), handler);
            SSLSocket peer = server(TestKeys.OTHER_HOST.context(), listener.accept(), TLS_1_3);
            failureOf(peer::startHandshake);
        }
        assertFailed(handler, IoError.TLS_FAILURE);
    }

    @Test
    @DisplayName("checks an address against the addresses in the certificate")
    void hostMayBeAnAddress() throws Exception {
        for (TestKeys keys : List.of(TestKeys.LOCALHOST, TestKeys.OTHER_HOST)) {
            Recorder handler = new Recorder();
            try (ServerSocket listener = listener()) {
                TcpClient.connect(port, forClient, "127.0.0.1", listener.getLocalPort(), handler);
                failureOf(server(keys.context(), listener.accept(), TLS_1_3)::startHandshake);
                if (keys == TestKeys.LOCALHOST) {
                    handler.awaitOpen().abort();
                } else {
                    assertFailed(handler, IoError.TLS_FAILURE);
                }
            }
        }
    }

    @Test
    @DisplayName("that fails is what the waiting form of connect throws, with what TLS says as its cause")
    void waitingConnectThrows() throws Exception {
        try (ServerSocket listener = listener()) {
            CompletableFuture<Void> server = inBackground(() ->
                    server(TestKeys.STRANGER.context(), listener.accept(), TLS_1_3).startHandshake());
            IoException thrown = assertThrows(IoException.class,
                    () -> TcpClient.connect(port, forClient, "localhost", listener.getLocalPort()));
            assertEquals(IoError.TLS_FAILURE, thrown.error());
            assertTrue(thrown.getMessage().contains("certification path"), thrown.getMessage());
            assertNotNull(failureOf(() -> await(server)));
        }
    }

    // ------------------------------------------------------------------ time

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("has a time limit: a peer that says nothing ends with TIMED_OUT")
    void timesOut(Role role) throws Exception {
        Recorder handler = new Recorder();
        Duration limit = Duration.ofMillis(300);
        long start = System.nanoTime();
        try (TcpServer server = TcpServer.listen(port, forServer.handshakeTimeout(limit), connection -> handler);
                ServerSocket listener = listener()) {
            if (role == Role.ACCEPTED) {
                closeLater(new Socket(LOOPBACK, server.address().getPort()));
            } else {
                TcpClient.connect(port, forClient.connectTimeout(limit), "localhost", listener.getLocalPort(), handler);
            }
            assertFailed(handler, IoError.TIMED_OUT);
        }
        assertTrue(millisSince(start) >= 300, "after " + millisSince(start) + " ms");
    }

    @Test
    @DisplayName("is not there without TLS: no session, no protocol")
    void plainHasNoSession() throws Exception {
        Recorder handler = new Recorder();
        Pair pair = accept(options, handler);
        assertNull(pair.connection().tlsSession());
        assertNull(pair.connection().applicationProtocol());
    }

    // ------------------------------------------------------------------ inside

    /** Never opened, told its end once. */
    private static void assertFailed(Recorder handler, IoError error) throws Exception {
        CloseInfo info = handler.awaitClose();
        assertEquals(error, info.error(), String.valueOf(info.cause()));
        assertEquals(List.of("close"), handler.events());
        assertEquals(CloseInfo.Initiator.REMOTE, info.initiator());
    }

    private static Throwable rootOf(Recorder handler) throws InterruptedException {
        Throwable cause = handler.awaitClose().cause();
        return cause instanceof IoException known ? known.getCause() : cause;
    }
}
