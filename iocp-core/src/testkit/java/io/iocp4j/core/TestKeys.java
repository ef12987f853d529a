package io.iocp4j.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * Keys and certificates for tests of TLS: made by the JDK's keytool when the first test asks, kept in memory as long as
 * the tests run. Ed25519 throughout: its signatures are always of the same length, so that simulated runs can be
 * repeated.
 */
public enum TestKeys {
    /** Signs the others. */
    AUTHORITY(null, "-ext", "bc:c"),
    /** The key of this machine, by name and by address. */
    LOCALHOST(AUTHORITY, "-ext", "san=dns:localhost,ip:127.0.0.1,ip:::1"),
    /** The key of another machine. */
    OTHER_HOST(AUTHORITY, "-ext", "san=dns:example.org"),
    /** A key of this machine that has expired. */
    EXPIRED(AUTHORITY, "-ext", "san=dns:localhost,ip:127.0.0.1,ip:::1", "-startdate", "-3y", "-validity", "30"),
    /** A key of this machine that signed itself: nobody trusts it. */
    STRANGER(null, "-ext", "san=dns:localhost,ip:127.0.0.1,ip:::1"),
    /** The key of a client. */
    CLIENT(AUTHORITY, "-ext", "eku=clientAuth");

    private static final char[] PASSWORD = "not a secret".toCharArray();
    /** Opening a store takes ten thousand rounds of a hash. */
    private static final Map<TestKeys, KeyStore> STORES = new ConcurrentHashMap<>();
    private static final Map<TestKeys, KeyManager[]> KEYS = new ConcurrentHashMap<>();
    private static final Map<TestKeys, TrustManager[]> TRUST = new ConcurrentHashMap<>();

    private final TestKeys signer;
    private final List<String> details;

    TestKeys(TestKeys signer, String... details) {
        this.signer = signer;
        this.details = List.of(details);
    }

    /**
     * A context that has this key and trusts the authority; a new one at each call, so that no session is resumed by
     * accident.
     *
     * @return for a server or a client
     */
    public SSLContext context() {
        return contextOf(KEYS.computeIfAbsent(this, TestKeys::keyManagers), authority());
    }

    /**
     * A context without a key that trusts the authority.
     *
     * @return for a client
     */
    public static SSLContext trusting() {
        return contextOf(null, authority());
    }

    /**
     * A context that has this key and asks this manager about the peer's.
     *
     * @param trust decides
     * @return for a server or a client
     */
    public SSLContext context(TrustManager trust) {
        return contextOf(KEYS.computeIfAbsent(this, TestKeys::keyManagers), trust);
    }

    /**
     * A context without a key that asks this manager about the peer's.
     *
     * @param trust decides
     * @return for a client
     */
    public static SSLContext trusting(TrustManager trust) {
        return contextOf(null, trust);
    }

    private static TrustManager[] authority() {
        return TRUST.computeIfAbsent(AUTHORITY, TestKeys::trustManagers);
    }

    private static SSLContext contextOf(KeyManager[] keys, TrustManager... trust) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trust, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyManager[] keyManagers() {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            KeyStore own = empty();
            own.setKeyEntry(name(), store().getKey(name(), PASSWORD), PASSWORD, store().getCertificateChain(name()));
            keys.init(own, PASSWORD);
            return keys.getKeyManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private TrustManager[] trustManagers() {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore trusted = empty();
            trusted.setCertificateEntry(name(), store().getCertificate(name()));
            trust.init(trusted);
            return trust.getTrustManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private KeyStore store() {
        if (signer != null) {
            signer.store();
        }
        return STORES.computeIfAbsent(this, TestKeys::make);
    }

    /** One store for each key, which has its signer's too: keytool signs only with what is beside it. */
    private static KeyStore make(TestKeys wanted) {
        try {
            Path directory = Files.createTempDirectory("iocp4j-keys");
            Path file = directory.resolve("keys.p12");
            try {
                wanted.generate(file);
                KeyStore store = KeyStore.getInstance("PKCS12");
                try (InputStream in = Files.newInputStream(file)) {
                    store.load(in, PASSWORD);
                }
                return store;
            } finally {
                Files.deleteIfExists(file);
                Files.delete(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private void generate(Path file) throws IOException, GeneralSecurityException {
        List<String> command =
                new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1", "-genkeypair", "-keyalg", "Ed25519", "-alias", name(), "-dname",
                "CN=" + name(),
                "-storetype", "PKCS12", "-keystore", file.toString(), "-storepass", new String(PASSWORD)));
        if (!details.contains("-validity")) {
            command.addAll(List.of("-validity", "3"));
        }
        command.addAll(details);
        if (signer != null) {
            command.addAll(List.of("-signer", signer.name()));
            KeyStore beside = empty();
            KeyStore signers = signer.store();
            beside.setKeyEntry(signer.name(), signers.getKey(signer.name(), PASSWORD), PASSWORD,
                    signers.getCertificateChain(signer.name()));
            try (var out = Files.newOutputStream(file)) {
                beside.store(out, PASSWORD);
            }
        }
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            keytool.getOutputStream().close();
            String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (keytool.waitFor() != 0) {
                throw new IOException(command + ": " + said);
            }
        } catch (InterruptedException e) {
            keytool.destroy();
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
