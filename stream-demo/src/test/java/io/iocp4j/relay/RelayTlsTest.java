package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.tls.HttpRedirect;
import io.iocp4j.relay.tls.LocalAuthority;
import io.iocp4j.relay.tls.TlsSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The relay serves https and wss")
class RelayTlsTest {
    private static final int VIEWERS = 50;
    private static final int FRAMES = 5;

    @TempDir
    private static Path directory;
    private static LocalAuthority authority;
    private static TrustManagerFactory trust;

    private Settings settings;
    private HttpClient http;

    @BeforeAll
    static void make() throws IOException, GeneralSecurityException {
        authority = new LocalAuthority(directory.resolve("tls"));
        authority.issue(List.of("localhost", "127.0.0.1"));
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream in = Files.newInputStream(authority.authority())) {
            trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
    }

    /** A new context resumes no session, so that each of its clients sees a certificate. */
    private static SSLContext client() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    @BeforeEach
    void begin() throws GeneralSecurityException {
        settings = RelayRig.patientSettings().with(TlsSettings.CERT, authority.chain().toString())
                .with(TlsSettings.KEY, authority.key().toString());
        http = HttpClient.newBuilder().sslContext(client()).build();
    }

    @AfterEach
    void end() {
        http.shutdownNow();
        http.close();
    }

    private static SSLSocket connect(RelayServer server) throws IOException, GeneralSecurityException {
        SSLSocket socket = (SSLSocket) client().getSocketFactory().createSocket("127.0.0.1",
                server.address().getPort());
        try {
            socket.setSoTimeout((int) Duration.ofSeconds(RelayRig.DEADLINE_SECONDS).toMillis());
            socket.startHandshake();
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** The serial number that a new client sees. */
    private static String serial(RelayServer server) throws IOException, GeneralSecurityException {
        try (SSLSocket socket = connect(server)) {
            X509Certificate seen = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            return seen.getSerialNumber().toString(16);
        }
    }

    private static void send(SSLSocket publisher, byte[] bytes) throws IOException {
        publisher.getOutputStream().write((Integer.toHexString(bytes.length) + "\r\n").getBytes(
                StandardCharsets.US_ASCII));
        publisher.getOutputStream().write(bytes);
        publisher.getOutputStream().write(new byte[] {'\r', '\n'});
    }

    /** Waits until viewers find the stream. A timer of the port looks for it repeatedly. */
    private static void awaitStream(RelayServer server) throws InterruptedException {
        CountDownLatch found = new CountDownLatch(1);
        look(server, found);
        assertTrue(found.await(RelayRig.DEADLINE_SECONDS, TimeUnit.SECONDS), "there is no stream");
    }

    private static void look(RelayServer server, CountDownLatch found) {
        if (server.hub().find("cam") != null) {
            found.countDown();
        } else {
            server.completionPort().schedule(Duration.ofMillis(2),
                    () -> Thread.ofVirtual().start(() -> look(server, found)));
        }
    }

    private static SSLSocket publish(RelayServer server) throws IOException, GeneralSecurityException {
        SSLSocket publisher = connect(server);
        publisher.getOutputStream().write(("PUT /publish/cam HTTP/1.1\r\nHost: localhost\r\nContent-Type: video/mp4\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        send(publisher, Sample.INIT);
        send(publisher, Sample.unit(0));
        return publisher;
    }

    private static void frames(SSLSocket publisher, int first, List<TestViewer> viewers) throws Exception {
        for (int i = first; i < first + FRAMES; i++) {
            send(publisher, Sample.unit(i));
        }
        for (TestViewer viewer : viewers) {
            for (int i = first; i < first + FRAMES; i++) {
                TestViewer.Event event = viewer.next();
                assertTrue(event.unit() != null && event.toString().endsWith(String.valueOf(i)), event::toString);
            }
        }
    }

    @Test
    @Shows("A4")
    @DisplayName("a certificate is replaced under 50 viewers: none drops, the next handshake shows the new one, and a"
            + " broken file changes nothing")
    void replaced() throws Exception {
        List<TestViewer> viewers = new ArrayList<>();
        try (RelayServer server = RelayServer.start(settings); SSLSocket publisher = publish(server)) {
            URI live = URI.create("wss://127.0.0.1:" + server.address().getPort() + "/live/cam");
            awaitStream(server);
            String first = serial(server);
            for (int i = 0; i < VIEWERS; i++) {
                TestViewer viewer = TestViewer.open(http, live);
                viewers.add(viewer);
                for (TestViewer.Event event = viewer.next(); !event.toString().startsWith("K");) {
                    event = viewer.next();
                }
            }
            frames(publisher, 1, viewers);

            authority.issue(List.of("localhost", "127.0.0.1"));
            assertEquals(first, serial(server), "before it was looked at");
            assertTrue(server.tls().prepare().getAsBoolean());
            String second = serial(server);
            assertNotEquals(first, second);
            frames(publisher, 1 + FRAMES, viewers);

            byte[] good = Files.readAllBytes(authority.chain());
            Files.write(authority.chain(), new byte[] {1, 2, 3});
            assertThrows(IOException.class, () -> server.tls().prepare());
            assertEquals(second, serial(server));
            frames(publisher, 1 + 2 * FRAMES, viewers);
            Files.write(authority.chain(), good);
            assertFalse(server.tls().prepare().getAsBoolean());
        } finally {
            viewers.forEach(TestViewer::close);
        }
    }

    private HttpResponse<String> get(URI uri) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(RelayRig.DEADLINE_SECONDS)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    @DisplayName("the plain port sends browsers to https, serves challenges of ACME and refuses publishers")
    void redirect() throws Exception {
        Path folder = Files.createDirectory(directory.resolve("acme"));
        Files.writeString(Files.createDirectories(folder.resolve(".well-known/acme-challenge")).resolve("token-1"),
                "token-1.thumbprint");
        Settings both = settings.with(TlsSettings.REDIRECT, 0).with(TlsSettings.CHALLENGES, folder.toString());
        try (RelayServer server = RelayServer.start(both)) {
            InetSocketAddress plain = server.tls().plainAddress().orElseThrow();
            String base = "http://127.0.0.1:" + plain.getPort();
            String secure = "https://127.0.0.1:" + server.address().getPort();
            HttpResponse<String> moved = get(URI.create(base + "/watch/a%20b?x=/1"));
            assertEquals(301, moved.statusCode());
            assertEquals(secure + "/watch/a%20b?x=/1", moved.headers().firstValue("Location").orElseThrow());
            assertEquals(200, get(URI.create(secure + "/")).statusCode());
            assertEquals("token-1.thumbprint", get(URI.create(base + HttpRedirect.CHALLENGES + "token-1")).body());
            assertEquals(404, get(URI.create(base + HttpRedirect.CHALLENGES + "token-2")).statusCode());
            assertEquals(400, get(URI.create(base + HttpRedirect.CHALLENGES + "..%2f..%2ftls%2frelay-key.pem"))
                    .statusCode());
            assertEquals(403, http.send(HttpRequest.newBuilder(URI.create(base + "/publish/cam"))
                    .PUT(HttpRequest.BodyPublishers.ofString("secret")).build(),
                    HttpResponse.BodyHandlers.ofString()).statusCode());
            String metric = get(URI.create(secure + "/metrics")).body().lines()
                    .filter(line -> line.startsWith("relay_tls_certificate_expiry_timestamp_seconds ")).findFirst()
                    .orElseThrow();
            assertEquals(server.tls().notAfter().orElseThrow().getEpochSecond(),
                    Double.parseDouble(metric.split(" ")[1]));
        }
    }

    @Test
    @DisplayName("a client that speaks no TLS harms nobody")
    void plainClient() throws Exception {
        try (RelayServer server = RelayServer.start(settings);
                RawPeer peer = new RawPeer(server.address())) {
            peer.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals(200, get(URI.create("https://127.0.0.1:" + server.address().getPort() + "/")).statusCode());
        }
    }

    @Test
    @DisplayName("the line with the address has https, and without TLS there is no end of a certificate")
    void announced() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (RelayServer server = RelayServer.start(settings)) {
            Main.announce(server, settings, new PrintStream(out, true, StandardCharsets.UTF_8));
            assertTrue(out.toString(StandardCharsets.UTF_8).contains(
                    "open     https://127.0.0.1:" + server.address().getPort() + "/"), out::toString);
        }
        try (RelayServer server = RelayServer.start(RelayRig.settings())) {
            assertTrue(server.tls().notAfter().isEmpty());
            assertFalse(server.tls().prepare().getAsBoolean());
        }
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            --tls-key k,                                                --tls-key needs --tls-cert
            --tls-cert c --tls-keystore k,                              exclude one another
            --tls-keystore-password p,                                  needs --tls-keystore
            --tls-keystore k --tls-keystore-password p --tls-keystore-password-file f, exclude one another
            --http-redirect 80,                                         --http-redirect needs
            --tls-cert c --acme-folder f,                               --acme-folder needs --http-redirect
            --tls-cert missing.pem,                                     missing.pem: there is no such file
            --tls-keystore missing.p12,                                 missing.p12: there is no such file
            --tls-keystore k --tls-keystore-password-file missing.txt,  missing.txt
            """)
    @DisplayName("wrong settings end the start with one line and exit code 2")
    void wrong(String line, String part) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertEquals(2, Main.run(List.of(("serve --port 0 " + line).split(" ")), System.out,
                new PrintStream(err, true, StandardCharsets.UTF_8), thrown -> {
                    throw new AssertionError(thrown);
                }));
        String text = err.toString(StandardCharsets.UTF_8);
        assertTrue(text.startsWith("relay: ") && text.contains(part), text);
        assertEquals(1, text.lines().count(), text);
    }

    @Test
    @DisplayName("a plain port that is taken ends the start, and leaves nothing running")
    void plainPortTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Settings both = settings.with(TlsSettings.REDIRECT, taken.getLocalPort());
            String message = assertThrows(IOException.class, () -> RelayServer.start(both)).getMessage();
            assertTrue(message.contains("--http-redirect " + taken.getLocalPort()), message);
        }
    }
}
