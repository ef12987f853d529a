package io.iocp4j.relay.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/** A key and a certificate that it has signed itself, made by the JDK's keytool. */
record SelfSigned(PrivateKey key, X509Certificate certificate, byte[] store) {
    static final String PASSWORD = "not a secret";
    private static final String ALIAS = "relay";

    /**
     * Makes one.
     *
     * @param details arguments of keytool, such as {@code -keyalg EC}
     */
    static SelfSigned make(String... details) throws IOException {
        Path directory = Files.createTempDirectory("relay-keys");
        Path file = directory.resolve("keys.p12");
        try {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-J-XX:TieredStopAtLevel=1", "-genkeypair", "-alias", ALIAS, "-dname", "CN=localhost", "-storetype",
                    "PKCS12", "-keystore", file.toString(), "-storepass", PASSWORD));
            command.addAll(List.of(details));
            Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (keytool.waitFor() != 0) {
                throw new IOException(said);
            }
            KeyStore store = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
            return new SelfSigned((PrivateKey) store.getKey(ALIAS, PASSWORD.toCharArray()),
                    (X509Certificate) store.getCertificate(ALIAS), Files.readAllBytes(file));
        } catch (GeneralSecurityException | InterruptedException e) {
            throw new IOException(e);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }

    String keyPem() {
        return Pem.write("PRIVATE KEY", key.getEncoded());
    }

    String certificatePem() {
        try {
            return Pem.write("CERTIFICATE", certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }
}
