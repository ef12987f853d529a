package io.iocp4j.relay.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Certificates and keys are read from PEM and from keystores")
class KeySourceTest {
    /** What a PKCS#8 key of RSA with 2048 bits has before its PKCS#1 form. */
    private static final int RSA_HEAD = 26;
    /** How the SEC1 form of a key of P-256 goes on behind its tag and its length. */
    private static final String SEC1_VERSION = "0201010420";
    /** The parameters of SEC1: the curve P-256. */
    private static final byte[] P256 = HexFormat.of().parseHex("a00a06082a8648ce3d030107");

    private static SelfSigned rsa;
    private static SelfSigned ec;
    private static SelfSigned edDsa;

    @TempDir
    private Path directory;

    @BeforeAll
    static void make() throws IOException {
        rsa = SelfSigned.make("-keyalg", "RSA", "-keysize", "2048");
        ec = SelfSigned.make("-keyalg", "EC", "-groupname", "secp256r1");
        edDsa = SelfSigned.make("-keyalg", "Ed25519");
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static byte[] pkcs1(PrivateKey key) {
        return Arrays.copyOfRange(key.getEncoded(), RSA_HEAD, key.getEncoded().length);
    }

    private static byte[] sec1(PrivateKey key) {
        int version = HexFormat.of().formatHex(key.getEncoded()).indexOf(SEC1_VERSION) / 2;
        return Arrays.copyOfRange(key.getEncoded(), version - 2, key.getEncoded().length);
    }

    private ServerIdentity read(SelfSigned made, String keyPem) throws IOException {
        return KeySource.pem(file("chain.pem", made.certificatePem()), file("key.pem", keyPem)).read();
    }

    private void assertReads(SelfSigned made, String keyPem) throws IOException {
        ServerIdentity identity = read(made, keyPem);
        assertEquals(made.key(), identity.key());
        assertEquals(made.certificate(), identity.certificate());
    }

    private void assertRefused(String part, SelfSigned made, String keyPem) {
        String message = assertThrows(IOException.class, () -> read(made, keyPem)).getMessage();
        assertTrue(message.startsWith(directory.toString()) && message.contains(part), message);
    }

    @Test
    @DisplayName("PKCS#8 holds keys of RSA, of elliptic curves and of Edwards curves")
    void pkcs8() throws IOException {
        for (SelfSigned each : new SelfSigned[] {rsa, ec, edDsa}) {
            assertReads(each, each.keyPem());
        }
        assertEquals("EdDSA", read(edDsa, edDsa.keyPem()).algorithm());
    }

    @Test
    @DisplayName("PKCS#1 is the older form of RSA")
    void oldRsa() throws IOException {
        assertReads(rsa, Pem.write("RSA PRIVATE KEY", pkcs1(rsa.key())));
    }

    @Test
    @DisplayName("SEC1 is the older form of elliptic curves, with or without the curve and a file of parameters")
    void oldEc() throws IOException {
        byte[] plain = sec1(ec.key());
        assertReads(ec, Pem.write("EC PRIVATE KEY", plain));
        ByteArrayOutputStream named = new ByteArrayOutputStream();
        named.writeBytes(plain);
        named.writeBytes(P256);
        byte[] withCurve = named.toByteArray();
        withCurve[1] += (byte) P256.length;
        ServerIdentity identity = read(ec, Pem.write("EC PARAMETERS", Arrays.copyOfRange(P256, 2, P256.length))
                + Pem.write("EC PRIVATE KEY", withCurve));
        // the JDK keeps the other encoding, so that the keys are not equal
        assertEquals(((ECPrivateKey) ec.key()).getS(), ((ECPrivateKey) identity.key()).getS());
    }

    @Test
    @DisplayName("certificates and key may be in one file, with text around them and lines that end as in Windows")
    void oneFile() throws IOException {
        Path both = file("both.pem", ("subject: x\n" + ec.certificatePem() + "\nkey:\n" + ec.keyPem() + rsa
                .certificatePem()).replace("\n", "\r\n"));
        KeySource source = KeySource.pem(both, both);
        assertEquals(1, source.files().size());
        assertEquals(2, source.read().chain().size());
        assertEquals(ec.certificate(), source.read().certificate());
    }

    @Test
    @DisplayName("an encrypted key is refused with the command that decrypts it")
    void encrypted() {
        assertRefused("openssl pkey", ec, Pem.write("ENCRYPTED PRIVATE KEY", new byte[40]));
        assertRefused("openssl pkey", rsa, """
                -----BEGIN RSA PRIVATE KEY-----
                Proc-Type: 4,ENCRYPTED
                DEK-Info: AES-256-CBC,B53AE7D8B5BF0F59CE8D77E0AC1C5A5C

                q83vASNFZ4k=
                -----END RSA PRIVATE KEY-----
                """);
    }

    @Test
    @DisplayName("a key of another certificate is refused")
    void otherKey() throws IOException {
        assertRefused("does not belong to the certificate", ec,
                SelfSigned.make("-keyalg", "EC", "-groupname", "secp256r1").keyPem());
        assertRefused("as a key for EC", ec, rsa.keyPem());
        assertRefused("elliptic curve", rsa, Pem.write("EC PRIVATE KEY", sec1(ec.key())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n", "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n----\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"})
    @DisplayName("a broken file is refused with its name")
    void broken(String text) {
        assertRefused("key.pem: ", ec, text);
    }

    @Test
    @DisplayName("every cut of a good file is refused or gives the whole key")
    void cuts() throws IOException {
        String whole = ec.keyPem();
        for (int length = 0; length < whole.length() - 2; length++) {
            assertRefused("key.pem: ", ec, whole.substring(0, length));
        }
    }

    @Test
    @DisplayName("a missing file, a directory and a huge file are refused with their names")
    void noFile() throws IOException {
        Path key = file("key.pem", ec.keyPem());
        Path huge = Files.write(directory.resolve("huge.pem"), new byte[KeySource.FILE_BYTES_MAX + 1]);
        for (Path each : new Path[] {directory.resolve("missing.pem"), directory, huge}) {
            String message = assertThrows(IOException.class, () -> KeySource.pem(each, key).read()).getMessage();
            assertTrue(message.startsWith(each + ": "), message);
        }
    }

    @Test
    @DisplayName("a keystore gives its only key; a wrong password and a store without a key are refused")
    void keystore() throws IOException {
        Path file = Files.write(directory.resolve("relay.p12"), rsa.store());
        ServerIdentity identity = KeySource.keystore(file, SelfSigned.PASSWORD.toCharArray()).read();
        assertEquals(rsa.key(), identity.key());
        assertEquals(rsa.certificate(), identity.certificate());
        KeySource wrong = KeySource.keystore(file, "wrong password".toCharArray());
        String message = assertThrows(IOException.class, wrong::read).getMessage();
        assertTrue(message.startsWith(file + ": ") && message.contains("password"), message);
        assertFalse(wrong.toString().contains("wrong password"));
        KeySource text = KeySource.keystore(file("text.p12", "text"), new char[0]);
        assertThrows(IOException.class, text::read);
    }

    @Test
    @DisplayName("nothing that is printed contains a key")
    void secret() throws IOException {
        ServerIdentity identity = read(ec, ec.keyPem());
        X509Certificate certificate = identity.certificate();
        assertEquals(certificate.getSubjectX500Principal() + ", serial " + certificate.getSerialNumber().toString(16)
                + ", until " + certificate.getNotAfter().toInstant(), identity.toString());
        assertEquals("Pem[PRIVATE KEY]", Pem.read(ec.keyPem()).getFirst().toString());
    }
}
