package io.iocp4j.relay.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The certificate of a running relay can be replaced")
class ServerCertificateTest {
    private static final Logger LOG = Logger.getLogger(ServerCertificate.class.getName());

    private static SelfSigned first;
    private static SelfSigned second;

    @TempDir
    private Path directory;
    private final List<String> warnings = new ArrayList<>();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord record) {
            if (record.getLevel() == Level.WARNING) {
                warnings.add(record.getMessage());
            }
        }

        @Override
        public void flush() {
            // nothing is kept back
        }

        @Override
        public void close() {
            // nothing is open
        }
    };
    private Instant now = Instant.now();
    private final Clock clock = new Clock() {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    };
    private Path chain;
    private Path key;
    /** Each write gets its own second, since some file systems count in seconds. */
    private int writes;

    @BeforeAll
    static void make() throws IOException {
        first = SelfSigned.make("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "100");
        second = SelfSigned.make("-keyalg", "Ed25519", "-validity", "200");
    }

    @BeforeEach
    void listen() throws IOException {
        LOG.addHandler(listener);
        chain = directory.resolve("chain.pem");
        key = directory.resolve("key.pem");
        write(chain, first.certificatePem());
        write(key, first.keyPem());
    }

    @AfterEach
    void end() {
        LOG.removeHandler(listener);
    }

    private void write(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(now.plusSeconds(++writes)));
    }

    private ServerCertificate open() throws IOException {
        return ServerCertificate.open(KeySource.pem(chain, key), clock);
    }

    private static String serial(SelfSigned made) {
        return made.certificate().getSerialNumber().toString(16);
    }

    @Test
    @DisplayName("changed files are taken at the next look")
    void change() throws IOException {
        try (ServerCertificate certificate = open()) {
            certificate.check();
            assertEquals(serial(first), certificate.serial());
            assertEquals(first.certificate().getNotAfter().toInstant(), certificate.notAfter());
            write(chain, second.certificatePem());
            write(key, second.keyPem());
            assertEquals(serial(first), certificate.serial());
            certificate.check();
            assertEquals(serial(second), certificate.serial());
            assertEquals(second.certificate().getNotAfter().toInstant(), certificate.notAfter());
            assertEquals(List.of(), warnings);
        }
    }

    @Test
    @DisplayName("a reload takes what is new at once, and says whether it was new")
    void reload() throws IOException {
        try (ServerCertificate certificate = open()) {
            assertFalse(certificate.reload());
            write(chain, second.certificatePem());
            write(key, second.keyPem());
            assertTrue(certificate.reload());
            assertEquals(serial(second), certificate.serial());
        }
    }

    @Test
    @DisplayName("a broken file changes nothing, is named once and then daily, and is tried again at each look")
    void broken() throws IOException {
        try (ServerCertificate certificate = open()) {
            write(chain, "broken");
            assertThrows(IOException.class, certificate::reload);
            certificate.check();
            certificate.check();
            assertEquals(serial(first), certificate.serial());
            assertEquals(1, warnings.size(), warnings::toString);
            assertTrue(warnings.getFirst().contains(chain + ": there is no certificate in it"), warnings::toString);
            now = now.plus(Duration.ofHours(23));
            certificate.check();
            assertEquals(1, warnings.size(), warnings::toString);
            now = now.plus(Duration.ofHours(1));
            certificate.check();
            assertEquals(2, warnings.size(), warnings::toString);
            Files.delete(chain);
            certificate.check();
            assertEquals(3, warnings.size(), warnings::toString);
            assertTrue(warnings.getLast().contains("there is no such file"), warnings::toString);
            write(chain, second.certificatePem());
            certificate.check();
            assertEquals(serial(first), certificate.serial(), "only half of it was written");
            write(key, second.keyPem());
            certificate.check();
            assertEquals(serial(second), certificate.serial());
        }
    }

    @Test
    @DisplayName("the log warns daily before the end of the certificate, and behind it")
    void warnsOfEnd() throws IOException {
        try (ServerCertificate certificate = open()) {
            Instant end = certificate.notAfter();
            now = end.minus(ServerCertificate.WARN_BEFORE);
            certificate.check();
            assertEquals(List.of(), warnings);
            for (int day = 0; day < 3; day++) {
                now = now.plusSeconds(1);
                certificate.check();
                certificate.check();
                assertEquals("the certificate ends soon: " + end, warnings.removeFirst());
                assertEquals(List.of(), warnings);
                now = now.plus(Duration.ofDays(1));
            }
            now = end.plusSeconds(1);
            certificate.check();
            assertEquals("the certificate has expired: " + end, warnings.removeFirst());
        }
        open().close();
        assertEquals(1, warnings.size(), "the start warns too");
    }

    @Test
    @DisplayName("the timer looks once a minute, on a virtual thread, until it is closed")
    void watch() throws Exception {
        record Task(Duration delay, Runnable task) {
        }

        LinkedBlockingQueue<Task> tasks = new LinkedBlockingQueue<>();
        CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
        try (ServerCertificate certificate = open()) {
            certificate.watch((delay, task) -> {
                tasks.add(new Task(delay, task));
                return new FutureTask<Void>(task, null) {
                    @Override
                    public boolean cancel(boolean interrupt) {
                        return cancelled.complete(interrupt);
                    }
                };
            });
            write(chain, second.certificatePem());
            write(key, second.keyPem());
            Task look = tasks.poll(10, TimeUnit.SECONDS);
            assertEquals(Duration.ofMinutes(1), look.delay());
            look.task().run();
            assertEquals(Duration.ofMinutes(1), tasks.poll(10, TimeUnit.SECONDS).delay());
            assertEquals(serial(second), certificate.serial());
            assertFalse(cancelled.isDone());
        }
        assertFalse(cancelled.getNow(true));
        assertEquals(0, tasks.size());
    }

    @Test
    @DisplayName("the answers to one handshake belong together, even if the certificate is replaced between them")
    void together() throws IOException {
        CertificateKeys keys = new CertificateKeys(identity(first));
        String alias = keys.chooseEngineServerAlias("EC", null, null);
        assertNull(keys.chooseEngineServerAlias("EdDSA", null, null));
        for (int i = 1; i < CertificateKeys.IDENTITIES_MAX; i++) {
            keys.replace(identity(second));
            assertEquals(first.key(), keys.getPrivateKey(alias));
            assertArrayEquals(new X509Certificate[] {first.certificate()}, keys.getCertificateChain(alias));
        }
        String newer = keys.chooseEngineServerAlias("EdDSA", null, null);
        assertNotEquals(alias, newer);
        assertEquals(second.key(), keys.getPrivateKey(newer));
        keys.replace(identity(second));
        assertNull(keys.getPrivateKey(alias));
        assertNull(keys.getCertificateChain(alias));
    }

    private static ServerIdentity identity(SelfSigned made) {
        return new ServerIdentity(made.key(), List.of(made.certificate()));
    }
}
