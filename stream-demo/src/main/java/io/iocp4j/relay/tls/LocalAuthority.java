package io.iocp4j.relay.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An authority of one's own in a directory, for networks that no public authority knows. It makes certificates for the
 * relay with the keytool of the running JDK. Devices that trust its certificate, {@code ca.crt}, trust the relay.
 *
 * <p>Whoever can read {@code ca.p12} can pass for any host towards those devices. Where the file system has
 * permissions, only its owner may read it and the key of the relay. Its password is no secret: keytool wants one.
 */
public final class LocalAuthority {
    /** How long the authority lasts. */
    public static final int AUTHORITY_DAYS = 3650;
    /** How long a certificate lasts. Apple's systems refuse those with more than 398 days. */
    public static final int CERTIFICATE_DAYS = 397;

    private static final String DIRECTORY = "relay-tls";
    private static final String AUTHORITY = "ca";
    private static final String SERVER = "relay";
    private static final String PASSWORD = "not a secret";
    private static final Pattern NAME = Pattern.compile("(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");
    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*");

    private final Path directory;

    /**
     * Names the directory.
     *
     * @param directory made by {@link #issue} if it is missing
     */
    public LocalAuthority(Path directory) {
        this.directory = directory;
    }

    /**
     * Returns the certificate of the authority, which devices have to trust.
     *
     * @return PEM
     */
    public Path authority() {
        return directory.resolve("ca.crt");
    }

    /**
     * Returns the chain for {@code --tls-cert}.
     *
     * @return PEM
     */
    public Path chain() {
        return directory.resolve("relay.pem");
    }

    /**
     * Returns the key for {@code --tls-key}.
     *
     * @return PEM
     */
    public Path key() {
        return directory.resolve("relay-key.pem");
    }

    /**
     * Makes a key and a certificate, and the authority before that if there is none yet. Replaces earlier ones of the
     * relay, so that a running relay takes them over. Blocks, and starts a process.
     *
     * @param hosts names and addresses that browsers will use, one or more
     * @return when the certificate ends
     * @throws IllegalArgumentException if a host is neither a name nor an address
     * @throws IOException if the files cannot be written, or keytool cannot run
     */
    public Instant issue(List<String> hosts) throws IOException {
        List<String> names = hosts.stream().map(LocalAuthority::subject).toList();
        if (names.isEmpty()) {
            throw new IllegalArgumentException("a certificate needs at least one host");
        }
        Files.createDirectories(directory);
        Path store = directory.resolve("ca.p12");
        // only its owner may enter it: keytool makes files that everybody may read
        Path work = Files.createTempDirectory(directory, "new");
        Path made = work.resolve("keys.p12");
        try {
            if (!Files.exists(store)) {
                makeAuthority(made, hosts.getFirst());
                replace(authority(), encoded(open(made).getCertificate(AUTHORITY)));
                replace(store, Files.readAllBytes(made));
            }
            // a copy, so that the key of the relay does not stay in the store
            Files.copy(store, made, StandardCopyOption.REPLACE_EXISTING);
            keytool("-genkeypair", "-alias", SERVER, "-signer", AUTHORITY, "-keyalg", "EC", "-groupname", "secp256r1",
                    "-dname", "CN=" + hosts.getFirst().replace("*", "any"), "-validity",
                    String.valueOf(CERTIFICATE_DAYS), "-ext", "san=" + String.join(",", names), "-ext",
                    "eku=serverAuth", "-ext", "ku:c=digitalSignature", "-keystore", made.toString());
            return write(open(made));
        } catch (GeneralSecurityException e) {
            throw new IOException(store + ": " + e.getMessage(), e);
        } finally {
            Files.deleteIfExists(made);
            Files.delete(work);
        }
    }

    private static String subject(String host) {
        if (ADDRESS.matcher(host).matches()) {
            return "ip:" + host;
        }
        if (NAME.matcher(host).matches()) {
            return "dns:" + host;
        }
        throw new IllegalArgumentException("neither a name nor an address: " + host);
    }

    private static void makeAuthority(Path made, String host) throws IOException {
        keytool("-genkeypair", "-alias", AUTHORITY, "-keyalg", "EC", "-groupname", "secp256r1", "-dname",
                "CN=Relay authority (" + host.replace("*", "any") + ")", "-validity", String.valueOf(AUTHORITY_DAYS),
                "-ext", "bc:c=ca:true,pathlen:0", "-ext", "ku:c=keyCertSign,cRLSign", "-keystore", made.toString());
    }

    /** The key first: a relay that looks between the two finds that they do not fit, and looks again. */
    private Instant write(KeyStore store) throws IOException, GeneralSecurityException {
        ByteArrayOutputStream chain = new ByteArrayOutputStream();
        for (Certificate each : store.getCertificateChain(SERVER)) {
            chain.writeBytes(encoded(each));
        }
        replace(key(), pem("PRIVATE KEY", store.getKey(SERVER, PASSWORD.toCharArray()).getEncoded()));
        replace(chain(), chain.toByteArray());
        return ((X509Certificate) store.getCertificate(SERVER)).getNotAfter().toInstant();
    }

    private static byte[] encoded(Certificate certificate) throws CertificateEncodingException {
        return pem("CERTIFICATE", certificate.getEncoded());
    }

    private static byte[] pem(String label, byte[] der) {
        return Pem.write(label, der).getBytes(StandardCharsets.US_ASCII);
    }

    private static KeyStore open(Path store) throws IOException, GeneralSecurityException {
        return KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    }

    /** Replaces a file as a whole, by one that only its owner may read: temporary files of the JDK are so. */
    private void replace(Path file, byte[] content) throws IOException {
        Path next = Files.createTempFile(directory, "new", ".tmp");
        try {
            Files.write(next, content);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(next);
        }
    }

    private static void keytool(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        // the compiler of the JVM is not worth its start for one key
        command.add("-J-XX:TieredStopAtLevel=1");
        command.addAll(Arrays.asList(arguments));
        command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (InputStream said = keytool.getInputStream()) {
            keytool.getOutputStream().close();
            String text = new String(said.readAllBytes(), StandardCharsets.UTF_8);
            if (keytool.waitFor() != 0) {
                throw new IOException("keytool: " + text.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            keytool.destroy();
        }
    }

    /**
     * The command {@code relay cert}: issues a certificate and says how to use it.
     *
     * @param args {@code --host NAME..}, and {@code --dir DIRECTORY}
     * @param out for people
     * @throws IllegalArgumentException for any other argument, or as {@link #issue}
     * @throws IOException as {@link #issue}
     */
    public static void command(List<String> args, PrintStream out) throws IOException {
        List<String> hosts = new ArrayList<>();
        String directory = DIRECTORY;
        String flag = "";
        for (String arg : args) {
            if (arg.startsWith("--")) {
                flag = arg;
            } else if (flag.equals("--host")) {
                hosts.add(arg);
            } else if (flag.equals("--dir")) {
                directory = arg;
            } else {
                throw new IllegalArgumentException("cert takes --host NAME.. and --dir DIRECTORY, not " + arg);
            }
        }
        LocalAuthority authority = new LocalAuthority(Path.of(directory));
        authority.explain(hosts, authority.issue(hosts), out);
    }

    private void explain(List<String> hosts, Instant end, PrintStream out) {
        out.print("""
                A certificate for %1$s, until %2$s:
                  %3$s, and its key %4$s

                Start the relay with it. A running relay takes over a new one within a minute.
                  relay serve --host 0.0.0.0 --tls-cert %3$s --tls-key %4$s

                Browsers trust it when they trust its authority, %5$s. Give ca.p12 to nobody.
                  Windows         certutil -addstore -user Root %5$s
                  macOS           security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db %5$s
                  Debian, Ubuntu  cp %5$s /usr/local/share/ca-certificates/relay.crt && update-ca-certificates
                  Firefox         Settings, Privacy & Security, View Certificates, Authorities, Import
                  Android         copy it to the phone; Settings, search for "CA certificate", install it
                  iPhone, iPad    send it by mail or AirDrop and open it; Settings, General, VPN & Device Management:
                                  install it; then Settings, General, About, Certificate Trust Settings: switch it on
                """.formatted(String.join(", ", hosts), end, chain(), key(), authority())
                .replaceAll("\\R", System.lineSeparator()));
    }
}
