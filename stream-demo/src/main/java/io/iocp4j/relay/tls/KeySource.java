package io.iocp4j.relay.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The files that a certificate and its key come from. Reading blocks, so workers of a completion port must not do it.
 */
public abstract sealed class KeySource {
    /** The longest file that is read, in bytes: a chain with its key has less than 20 KiB. */
    static final int FILE_BYTES_MAX = 1 << 20;

    private KeySource() {
    }

    /**
     * A chain of certificates and a private key, both in PEM.
     *
     * @param certificates the certificate of the server first, then those that signed it
     * @param key PKCS#8, PKCS#1 or SEC1, not encrypted; may be the same file
     * @return not read yet
     */
    public static KeySource pem(Path certificates, Path key) {
        return new PemFiles(certificates, key);
    }

    /**
     * A keystore with one private key, PKCS#12 or any other type that the JDK recognizes.
     *
     * @param file the keystore
     * @param password of the store and of the key; its owner may change it later
     * @return not read yet
     */
    public static KeySource keystore(Path file, char[] password) {
        return new StoreFile(file, password.clone());
    }

    /** The files that it consists of, one or two. */
    abstract List<Path> files();

    /**
     * Reads the files.
     *
     * @throws IOException if one is missing, broken, or does not fit the other; the message names the file
     */
    abstract ServerIdentity read() throws IOException;

    /** See {@link #pem}. */
    private static final class PemFiles extends KeySource {
        private final Path certificates;
        private final Path key;

        PemFiles(Path certificates, Path key) {
            this.certificates = Objects.requireNonNull(certificates, "certificates");
            this.key = Objects.requireNonNull(key, "key");
        }

        @Override
        List<Path> files() {
            return Stream.of(certificates, key).distinct().toList();
        }

        @Override
        ServerIdentity read() throws IOException {
            List<X509Certificate> chain = chain();
            try {
                PrivateKey own = PrivateKeys.read(Pem.read(text(key)), chain.getFirst().getPublicKey());
                return new ServerIdentity(own, chain);
            } catch (IOException e) {
                throw in(key, e);
            }
        }

        private List<X509Certificate> chain() throws IOException {
            try {
                CertificateFactory factory = CertificateFactory.getInstance("X.509");
                List<X509Certificate> chain = new ArrayList<>();
                for (Pem each : Pem.read(text(certificates))) {
                    if (each.label().equals("CERTIFICATE")) {
                        chain.add((X509Certificate) factory.generateCertificate(
                                new ByteArrayInputStream(each.bytes())));
                    }
                }
                if (chain.isEmpty()) {
                    throw new IOException("there is no certificate in it");
                }
                return chain;
            } catch (IOException | CertificateException e) {
                throw in(certificates, e);
            }
        }
    }

    /** See {@link #keystore}. */
    private static final class StoreFile extends KeySource {
        private final Path file;
        private final char[] password;

        StoreFile(Path file, char[] password) {
            this.file = Objects.requireNonNull(file, "file");
            this.password = password;
        }

        @Override
        List<Path> files() {
            return List.of(file);
        }

        @Override
        ServerIdentity read() throws IOException {
            try {
                requireFile(file);
                KeyStore store = KeyStore.getInstance(file.toFile(), password);
                List<String> keys = new ArrayList<>();
                for (String alias : Collections.list(store.aliases())) {
                    if (store.isKeyEntry(alias)) {
                        keys.add(alias);
                    }
                }
                if (keys.size() != 1) {
                    throw new IOException(
                            keys.isEmpty() ? "there is no private key in it" : "it has several keys: " + keys);
                }
                if (!(store.getKey(keys.getFirst(), password) instanceof PrivateKey key)) {
                    throw new IOException("there is no private key in it");
                }
                return ServerIdentity.of(key, Stream.of(store.getCertificateChain(keys.getFirst()))
                        .map(X509Certificate.class::cast).toList());
            } catch (IOException | GeneralSecurityException e) {
                throw in(file, e);
            }
        }

        /** Without the password. */
        @Override
        public String toString() {
            return "StoreFile[" + file + "]";
        }
    }

    private static String text(Path file) throws IOException {
        requireFile(file);
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    }

    private static void requireFile(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw Files.exists(file) ? new IOException("not a file") : new NoSuchFileException("there is no such file");
        }
        if (Files.size(file) > FILE_BYTES_MAX) {
            throw new IOException("more than " + FILE_BYTES_MAX + " bytes");
        }
    }

    private static IOException in(Path file, Exception problem) {
        return new IOException(file + ": " + problem.getMessage(), problem);
    }
}
