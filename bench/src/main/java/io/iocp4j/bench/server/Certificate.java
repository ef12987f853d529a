package io.iocp4j.bench.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A self-signed certificate of this machine. The JDK's keytool makes it for one process. */
final class Certificate {
    private static final String PASSWORD = "not a secret";
    private static final long SECONDS_MAX = 60;
    /** Guarded by the class. */
    private static SSLContext made;

    private Certificate() {
    }

    /** Returns the context of a server. The first call makes the key, which takes about a second. */
    static synchronized SSLContext context() throws IOException {
        if (made == null) {
            made = make();
        }
        return made;
    }

    private static SSLContext make() throws IOException {
        Path directory = Files.createTempDirectory("iocp4j-bench");
        Path file = directory.resolve("key.p12");
        try {
            generate(file);
            return context(file);
        } catch (GeneralSecurityException e) {
            throw new IOException("no TLS with the key that was made", e);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }

    private static void generate(Path file) throws IOException {
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-alias", "bench", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "cn=localhost",
                "-ext", "san=dns:localhost,ip:127.0.0.1", "-storetype", "PKCS12", "-keystore", file.toString(),
                "-storepass", PASSWORD).redirectErrorStream(true).start();
        try {
            keytool.getOutputStream().close();
            String said = new String(keytool.getInputStream().readAllBytes());
            if (!keytool.waitFor(SECONDS_MAX, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
                throw new IOException("keytool made no key: " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while keytool made a key", e);
        } finally {
            keytool.destroy();
        }
    }

    private static SSLContext context(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
