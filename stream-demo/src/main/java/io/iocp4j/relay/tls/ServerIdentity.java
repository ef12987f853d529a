package io.iocp4j.relay.tls;

import java.io.IOException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * A private key with its chain of certificates, checked: they are one pair. Immutable.
 *
 * @param key the private key
 * @param chain the certificate of the server first, then those that signed it
 */
record ServerIdentity(PrivateKey key, List<X509Certificate> chain) {

    ServerIdentity {
        chain = List.copyOf(chain);
    }

    /**
     * Checks that the key and the first certificate are a pair.
     *
     * @throws IOException if they are not
     */
    static ServerIdentity of(PrivateKey key, List<X509Certificate> chain) throws IOException {
        PrivateKeys.requirePair(key, chain.getFirst().getPublicKey());
        return new ServerIdentity(key, chain);
    }

    X509Certificate certificate() {
        return chain.getFirst();
    }

    /** The name of the algorithm as TLS asks a key manager for it: RSA, EC, EdDSA or RSASSA-PSS. */
    String algorithm() {
        return certificate().getPublicKey().getAlgorithm();
    }

    Instant notAfter() {
        return certificate().getNotAfter().toInstant();
    }

    /** The serial number in hexadecimal, as browsers and openssl show it. */
    String serial() {
        return certificate().getSerialNumber().toString(16);
    }

    /** Without the key. */
    @Override
    public String toString() {
        return certificate().getSubjectX500Principal() + ", serial " + serial() + ", until " + notAfter();
    }
}
