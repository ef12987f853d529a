package io.iocp4j.relay.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Makes a private key from the objects of a PEM file. The JDK reads PKCS#8 (RFC 5208) alone. The older forms of RSA
 * (PKCS#1, RFC 8017 appendix A.1.2) and of elliptic curves (SEC1, RFC 5915) are wrapped into it.
 */
final class PrivateKeys {
    private static final int INTEGER = 0x02;
    private static final int OCTET_STRING = 0x04;
    private static final int SEQUENCE = 0x30;
    private static final byte[] VERSION_0 = {INTEGER, 1, 0};
    /** AlgorithmIdentifier of rsaEncryption (1.2.840.113549.1.1.1), with NULL as its parameters. */
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");

    private PrivateKeys() {
    }

    /**
     * Takes the first private key of the objects.
     *
     * @param owner the key of the certificate, which tells the algorithm and the curve
     * @throws IOException if there is none, if it is encrypted, or if it cannot belong to the certificate
     */
    static PrivateKey read(List<Pem> objects, PublicKey owner) throws IOException {
        for (Pem each : objects) {
            if (each.label().equals("ENCRYPTED PRIVATE KEY")
                    || each.encrypted() && each.label().endsWith("PRIVATE KEY")) {
                throw new IOException("the private key is encrypted, and the relay asks for no pass phrase; decrypt it"
                        + " with: openssl pkey -in OLD -out NEW");
            }
            byte[] pkcs8 = switch (each.label()) {
                case "PRIVATE KEY" -> each.bytes();
                case "RSA PRIVATE KEY" -> wrap(RSA, each.bytes());
                case "EC PRIVATE KEY" -> wrap(curve(owner), each.bytes());
                default -> null;
            };
            if (pkcs8 != null) {
                return decode(each.label(), pkcs8, owner);
            }
        }
        throw new IOException("there is no private key in it");
    }

    private static PrivateKey decode(String label, byte[] pkcs8, PublicKey owner) throws IOException {
        PrivateKey key;
        try {
            key = KeyFactory.getInstance(owner.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException e) {
            throw new IOException("the " + label + " cannot be read as a key for " + owner.getAlgorithm()
                    + ", which the certificate has: " + e.getMessage(), e);
        }
        requirePair(key, owner);
        return key;
    }

    /**
     * Signs with one and verifies with the other.
     *
     * @throws IOException if they are not the two halves of one pair
     */
    static void requirePair(PrivateKey key, PublicKey owner) throws IOException {
        byte[] text = {1, 2, 3};
        boolean fits;
        try {
            Signature signature = signature(owner.getAlgorithm());
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(owner);
            signature.update(text);
            fits = signature.verify(signed);
        } catch (GeneralSecurityException e) {
            throw new IOException("the private key does not belong to the certificate: " + e.getMessage(), e);
        }
        if (!fits) {
            throw new IOException("the private key does not belong to the certificate");
        }
    }

    private static Signature signature(String algorithm) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(switch (algorithm) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> algorithm;
        });
        if (algorithm.equals("RSASSA-PSS")) {
            signature.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        }
        return signature;
    }

    /**
     * The AlgorithmIdentifier of the certificate's own key, which names the curve; the SEC1 form may leave it out. In a
     * SubjectPublicKeyInfo (RFC 5280 section 4.1) it is the first part.
     */
    private static byte[] curve(PublicKey owner) throws IOException {
        if (!(owner instanceof ECPublicKey)) {
            throw new IOException("it has a key of an elliptic curve, but the certificate has " + owner.getAlgorithm());
        }
        byte[] info = owner.getEncoded();
        int start = contentAt(info, 0);
        int end = contentAt(info, start) + length(info, start);
        return Arrays.copyOfRange(info, start, end);
    }

    /** Where the content of the DER value at an index begins: behind its tag and its length. */
    private static int contentAt(byte[] der, int index) {
        int first = der[index + 1] & 0xFF;
        return index + 2 + (first < 0x80 ? 0 : first & 0x7F);
    }

    private static int length(byte[] der, int index) {
        int first = der[index + 1] & 0xFF;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7F); i++) {
            length = length << 8 | der[index + 2 + i] & 0xFF;
        }
        return length;
    }

    /** PrivateKeyInfo of RFC 5208 section 5: version, algorithm, and the key as an octet string. */
    private static byte[] wrap(byte[] algorithm, byte[] key) {
        ByteArrayOutputStream info = new ByteArrayOutputStream();
        info.writeBytes(VERSION_0);
        info.writeBytes(algorithm);
        info.writeBytes(value(OCTET_STRING, key));
        return value(SEQUENCE, info.toByteArray());
    }

    /** A DER value: tag, length, content (X.690 sections 8.1 and 10.1). */
    private static byte[] value(int tag, byte[] content) {
        ByteArrayOutputStream der = new ByteArrayOutputStream();
        der.write(tag);
        if (content.length < 0x80) {
            der.write(content.length);
        } else {
            int bytes = (Integer.SIZE - Integer.numberOfLeadingZeros(content.length) + 7) / 8;
            der.write(0x80 | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                der.write(content.length >>> 8 * i);
            }
        }
        der.writeBytes(content);
        return der.toByteArray();
    }
}
