package io.iocp4j.relay.tls;

import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.config.Takes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The settings of TLS, and of the plain port beside it. */
public final class TlsSettings {
    private static final String TLS = "TLS";

    /** The chain of certificates in PEM. */
    public static final Setting<String> CERT = Setting.of("tls-cert", Takes.text("FILE"), null, TLS,
            "serve https and wss with this chain of certificates in PEM, the certificate of this server first");
    /** The key of the certificate. */
    public static final Setting<String> KEY = Setting.of("tls-key", Takes.text("FILE"), null, TLS,
            "take the private key from this file in PEM, not encrypted; without it, from the file of --tls-cert");
    /** A keystore in place of both. */
    public static final Setting<String> KEYSTORE = Setting.of("tls-keystore", Takes.text("FILE"), null, TLS,
            "serve https and wss with the key and the chain of this keystore, such as a .p12 or .pfx file");
    /** The password of the keystore. */
    public static final Setting<String> PASSWORD = Setting.of("tls-keystore-password", Takes.text("TEXT"), null, TLS,
            "open the keystore with this password; other users of the machine can see a flag, but not a file").hidden();
    /** A file with the password of the keystore. */
    public static final Setting<String> PASSWORD_FILE = Setting.of("tls-keystore-password-file", Takes.text("FILE"),
            null, TLS, "open the keystore with the first line of this file");
    /** The plain port; null for none. */
    public static final Setting<Integer> REDIRECT = Setting.of("http-redirect", Takes.number(0, 65_535), null, TLS,
            "answer on this port too, without TLS: send browsers to https, and serve the challenges of ACME");
    /** The folder with the answers to challenges of ACME. */
    public static final Setting<String> CHALLENGES = Setting.of("acme-folder", Takes.text("DIRECTORY"), null, TLS,
            "serve " + HttpRedirect.CHALLENGES + " of this folder on the plain port; it is the webroot of certbot");

    /** All of them, in the order of the help. */
    public static final List<Setting<?>> ALL =
            List.of(CERT, KEY, KEYSTORE, PASSWORD, PASSWORD_FILE, REDIRECT, CHALLENGES);

    private TlsSettings() {
    }

    /**
     * Tells whether the relay serves https.
     *
     * @param settings any
     * @return true if a certificate or a keystore is set
     */
    public static boolean isOn(Settings settings) {
        return settings.get(CERT) != null || settings.get(KEYSTORE) != null;
    }

    /**
     * Finds the files that the settings name.
     *
     * @return null without TLS
     * @throws IllegalArgumentException for a contradiction
     * @throws IOException if the file of the password cannot be read
     */
    static KeySource source(Settings settings) throws IOException {
        check(settings);
        String cert = settings.get(CERT);
        if (cert != null) {
            String key = settings.get(KEY);
            return KeySource.pem(Path.of(cert), Path.of(key == null ? cert : key));
        }
        String keystore = settings.get(KEYSTORE);
        return keystore == null ? null : KeySource.keystore(Path.of(keystore), password(settings));
    }

    private static void check(Settings settings) {
        boolean keystore = settings.get(KEYSTORE) != null;
        require(settings.get(CERT) == null || !keystore, "--tls-cert and --tls-keystore exclude one another");
        require(settings.get(KEY) == null || settings.get(CERT) != null, "--tls-key needs --tls-cert");
        require(settings.get(PASSWORD) == null || settings.get(PASSWORD_FILE) == null,
                "--tls-keystore-password and --tls-keystore-password-file exclude one another");
        require(keystore || settings.get(PASSWORD) == null && settings.get(PASSWORD_FILE) == null,
                "the password of a keystore needs --tls-keystore");
        require(settings.get(REDIRECT) == null || isOn(settings),
                "--http-redirect needs --tls-cert or --tls-keystore");
        require(settings.get(CHALLENGES) == null || settings.get(REDIRECT) != null,
                "--acme-folder needs --http-redirect");
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    private static char[] password(Settings settings) throws IOException {
        String file = settings.get(PASSWORD_FILE);
        if (file == null) {
            String text = settings.get(PASSWORD);
            return text == null ? new char[0] : text.toCharArray();
        }
        try {
            return Files.readString(Path.of(file), StandardCharsets.UTF_8).lines().findFirst().orElse("").toCharArray();
        } catch (IOException e) {
            throw new IOException("the file of the keystore's password cannot be read: " + file, e);
        }
    }
}
