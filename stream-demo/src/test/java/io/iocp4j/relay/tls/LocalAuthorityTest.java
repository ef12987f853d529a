package io.iocp4j.relay.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("An authority of one's own makes certificates")
class LocalAuthorityTest {
    @TempDir
    private Path directory;

    private Set<String> files(Path where) throws IOException {
        try (Stream<Path> files = Files.list(where)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    @Test
    @DisplayName("the first makes the authority, the second only a new certificate of the same authority")
    void issue() throws Exception {
        Path made = directory.resolve("tls");
        LocalAuthority authority = new LocalAuthority(made);
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        LocalAuthority.command(List.of("--host", "cam.example", "*.cam.example", "192.168.1.5", "fd00::1", "--dir",
                made.toString()), new PrintStream(said, true, StandardCharsets.UTF_8));
        ServerIdentity first = KeySource.pem(authority.chain(), authority.key()).read();
        assertEquals(2, first.chain().size());
        X509Certificate root = first.chain().getLast();
        root.verify(root.getPublicKey());
        first.certificate().verify(root.getPublicKey());
        assertEquals(0, root.getBasicConstraints(), "the authority signs servers, but no other authority");
        assertEquals(-1, first.certificate().getBasicConstraints());
        assertEquals(List.of(List.of(2, "cam.example"), List.of(2, "*.cam.example"), List.of(7, "192.168.1.5"),
                List.of(7, "fd00:0:0:0:0:0:0:1")), List.copyOf(first.certificate().getSubjectAlternativeNames()));
        assertEquals(List.of("1.3.6.1.5.5.7.3.1"), first.certificate().getExtendedKeyUsage());
        assertTrue(first.notAfter().isBefore(Instant.now().plus(Duration.ofDays(398))), "Apple refuses more");
        assertEquals(Set.of("ca.p12", "ca.crt", "relay.pem", "relay-key.pem"), files(made));
        String text = said.toString(StandardCharsets.UTF_8);
        for (String part : new String[] {"cam.example", "--tls-cert " + authority.chain() + " --tls-key "
                + authority.key(), authority.authority().toString(), "Windows", "macOS", "Android", "iPhone"}) {
            assertTrue(text.contains(part), text);
        }
        assertFalse(text.contains("PRIVATE KEY"), text);

        authority.issue(List.of("cam.example"));
        ServerIdentity second = KeySource.pem(authority.chain(), authority.key()).read();
        assertEquals(root, second.chain().getLast());
        assertNotEquals(first.serial(), second.serial());
        assertNotEquals(first.key(), second.key());
        assertEquals(4, files(made).size());
        if (made.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            for (String secret : new String[] {"ca.p12", "relay-key.pem"}) {
                assertEquals("rw-------",
                        PosixFilePermissions.toString(Files.getPosixFilePermissions(made.resolve(secret))));
            }
        }
    }

    @Test
    @DisplayName("the command refuses what it does not know")
    void unknown() {
        String message = assertThrows(IllegalArgumentException.class,
                () -> LocalAuthority.command(List.of("--hosts", "x"), System.out)).getMessage();
        assertEquals("cert takes --host NAME.. and --dir DIRECTORY, not x", message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "x,dns:y", "http://x", "x..y", "*", "a.*"})
    @DisplayName("what is neither a name nor an address is refused, and nothing is written")
    void wrongHost(String host) throws IOException {
        assertThrows(IllegalArgumentException.class, () -> new LocalAuthority(directory).issue(List.of(host)));
        assertThrows(IllegalArgumentException.class, () -> new LocalAuthority(directory).issue(List.of()));
        assertEquals(Set.of(), files(directory));
    }
}
