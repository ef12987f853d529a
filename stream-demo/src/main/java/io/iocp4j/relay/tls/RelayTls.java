package io.iocp4j.relay.tls;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.relay.config.Settings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * TLS of a relay as its settings ask for it: the certificate, the looks at its files, and the plain port; or nothing of
 * these. Safe for use by any thread.
 */
public final class RelayTls implements AutoCloseable {
    /** Null without TLS. */
    private final ServerCertificate certificate;
    private final Integer plainPort;
    private final Path challenges;
    /** Null before {@link #start} and without a plain port. Guarded by this. */
    private HttpRedirect redirect;

    private RelayTls(ServerCertificate certificate, Integer plainPort, Path challenges) {
        this.certificate = certificate;
        this.plainPort = plainPort;
        this.challenges = challenges;
    }

    /**
     * Reads the certificate and its key. Blocks.
     *
     * @param settings those of {@link TlsSettings}
     * @param clock tells when the certificate ends
     * @return without a certificate if the settings name none
     * @throws IllegalArgumentException if settings contradict one another
     * @throws IOException if a file is missing, broken, or does not fit the other; the message names it
     */
    public static RelayTls open(Settings settings, Clock clock) throws IOException {
        KeySource source = TlsSettings.source(settings);
        String folder = settings.get(TlsSettings.CHALLENGES);
        return new RelayTls(source == null ? null : ServerCertificate.open(source, clock),
                settings.get(TlsSettings.REDIRECT), folder == null ? null : Path.of(folder));
    }

    /**
     * Adds TLS to the options of the server.
     *
     * @param options without TLS
     * @return with TLS, or as they are
     */
    public TcpOptions applyTo(TcpOptions options) {
        return certificate == null ? options : options.tls(certificate.context());
    }

    /**
     * Begins to look at the files, and opens the plain port on the same address.
     *
     * @param port of the relay
     * @param address where the relay listens
     * @param securePort the TCP port that browsers are sent to
     * @throws IOException if the address of the plain port is taken
     */
    public synchronized void start(CompletionPort port, InetSocketAddress address, int securePort)
            throws IOException {
        if (plainPort != null) {
            try {
                redirect = HttpRedirect.listen(port, new InetSocketAddress(address.getAddress(), plainPort), securePort,
                        challenges);
            } catch (IoException e) {
                throw new IOException("cannot listen for " + TlsSettings.REDIRECT.flag() + " " + plainPort + ": "
                        + e.error(), e);
            }
        }
        if (certificate != null) {
            certificate.watch(port::schedule);
        }
    }

    /**
     * Reads the files again, if there are any. Blocks: not for workers of a completion port.
     *
     * @return uses them for new handshakes; true if there is another certificate now
     * @throws IOException as {@link ServerCertificate#reload}: the certificate stays as it is
     */
    public BooleanSupplier prepare() throws IOException {
        return certificate == null ? () -> false : certificate.prepare();
    }

    /**
     * Returns when the certificate ends, for the metrics.
     *
     * @return empty without TLS
     */
    public Optional<Instant> notAfter() {
        return Optional.ofNullable(certificate).map(ServerCertificate::notAfter);
    }

    /**
     * Returns the address of the plain port.
     *
     * @return empty if there is none
     */
    public synchronized Optional<InetSocketAddress> plainAddress() {
        return Optional.ofNullable(redirect).map(HttpRedirect::address);
    }

    /** Closes the plain port, and stops the looks at the files. Connections with TLS are not touched. */
    @Override
    public synchronized void close() {
        if (redirect != null) {
            redirect.close();
        }
        if (certificate != null) {
            certificate.close();
        }
    }
}
