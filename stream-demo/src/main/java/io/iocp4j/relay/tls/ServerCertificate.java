package io.iocp4j.relay.tls;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * The certificate of a running relay, which can be replaced without an end of any connection: handshakes that begin
 * after {@link #reload} use the new one, all others keep what they have. A client that resumes a session sees no
 * certificate at all, as always in TLS.
 *
 * <p>Files that are broken, incomplete or do not fit together change nothing: the certificate before stays, and the log
 * says why once, then daily. Safe for use by any thread.
 */
public final class ServerCertificate implements AutoCloseable {
    /** How often the times of the files are looked at. */
    public static final Duration CHECK_INTERVAL = Duration.ofMinutes(1);
    /** From this time before the end of the certificate, the log warns daily. */
    public static final Duration WARN_BEFORE = Duration.ofDays(14);

    private static final Duration DAY = Duration.ofDays(1);
    private static final Logger LOG = System.getLogger(ServerCertificate.class.getName());

    /** What tells whether a file was replaced: without a look into it. */
    private record Stamp(Path file, Object time, long bytes) {
    }

    private final KeySource source;
    private final Clock clock;
    private final CertificateKeys keys;
    private final SSLContext context;
    /** The files as they were when the current identity was read. Guarded by this. */
    private List<Stamp> loaded;
    /** Why the newest files were refused, or null. Guarded by this. */
    private String problem;
    /** When the log has last warned of the problem, and of the end. Guarded by this. */
    private Instant problemWarned = Instant.MIN;
    private Instant endWarned = Instant.MIN;
    /** The next look at the files, or null. Guarded by this. */
    private Future<?> next;
    /** Guarded by this. */
    private boolean closed;

    private ServerCertificate(KeySource source, Clock clock, List<Stamp> stamps, ServerIdentity identity) {
        this.source = source;
        this.clock = clock;
        this.loaded = stamps;
        this.keys = new CertificateKeys(identity);
        try {
            context = SSLContext.getInstance("TLS");
            // no trust: viewers and publishers have no certificates
            context.init(new KeyManager[] {keys}, new TrustManager[0], null);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no TLS", e);
        }
    }

    /**
     * Reads the certificate and its key. Blocks.
     *
     * @param source the files
     * @param clock tells what a day is
     * @return with the certificate of now
     * @throws IOException if a file is missing, broken, or does not fit the other; the message names the file
     */
    public static ServerCertificate open(KeySource source, Clock clock) throws IOException {
        // before the files are read, so that a change meanwhile is seen later
        List<Stamp> stamps = stamps(Objects.requireNonNull(source, "source"));
        ServerCertificate opened = new ServerCertificate(source, clock, stamps, source.read());
        opened.warnOfEnd();
        return opened;
    }

    /**
     * Returns the context for {@code TcpOptions.tls}.
     *
     * @return the same one always; its keys change
     */
    public SSLContext context() {
        return context;
    }

    /**
     * Returns when the certificate ends, for the metrics.
     *
     * @return notAfter of the certificate that new handshakes use
     */
    public Instant notAfter() {
        return keys.newest().notAfter();
    }

    /**
     * Returns the serial number of the certificate.
     *
     * @return in hexadecimal, without leading zeros
     */
    public String serial() {
        return keys.newest().serial();
    }

    /**
     * Looks at the times of the files every {@link #CHECK_INTERVAL}, until it is closed or the timer is.
     *
     * @param timer of a completion port: {@code CompletionPort.schedule}; it starts a virtual thread for each look
     */
    public synchronized void watch(BiFunction<Duration, Runnable, Future<?>> timer) {
        if (!closed) {
            next = timer.apply(CHECK_INTERVAL, () -> Thread.ofVirtual().name("relay-certificate").start(() -> {
                try {
                    check();
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "the certificate could not be looked at", e);
                } finally {
                    watch(timer);
                }
            }));
        }
    }

    /** Reads the files if one has changed since they were read, and warns where that is due. */
    synchronized void check() {
        if (problem != null || !stamps(source).equals(loaded)) {
            try {
                reload();
            } catch (IOException e) {
                // logged by reload, and tried again at the next look
                LOG.log(Level.DEBUG, "the certificate stays", e);
            }
        }
        warnOfEnd();
    }

    /**
     * Reads the files and uses them for new handshakes. Blocks: not for workers of a completion port.
     *
     * @return true if the certificate is another one now
     * @throws IOException if a file is missing, broken, or does not fit the other: then the certificate stays as it is
     */
    public boolean reload() throws IOException {
        return prepare().getAsBoolean();
    }

    /**
     * Reads the files, as {@link #reload} does, and leaves their use to the caller.
     *
     * @return uses them for new handshakes; true if the certificate is another one now
     * @throws IOException as {@link #reload}
     */
    public synchronized BooleanSupplier prepare() throws IOException {
        List<Stamp> stamps = stamps(source);
        try {
            ServerIdentity identity = source.read();
            return () -> use(identity, stamps);
        } catch (IOException e) {
            warnOfProblem(e.getMessage());
            throw e;
        }
    }

    private synchronized boolean use(ServerIdentity identity, List<Stamp> stamps) {
        loaded = stamps;
        problem = null;
        if (identity.chain().equals(keys.newest().chain())) {
            return false;
        }
        keys.replace(identity);
        endWarned = Instant.MIN;
        LOG.log(Level.INFO, "new certificate: " + identity);
        return true;
    }

    private void warnOfProblem(String message) {
        Instant now = clock.instant();
        if (!message.equals(problem) || !now.isBefore(problemWarned.plus(DAY))) {
            LOG.log(Level.WARNING, "the certificate stays, serial " + serial()
                    + ", because the new one cannot be used: " + message);
            problemWarned = now;
        }
        problem = message;
    }

    private synchronized void warnOfEnd() {
        Instant now = clock.instant();
        if (now.isAfter(notAfter().minus(WARN_BEFORE)) && !now.isBefore(endWarned.plus(DAY))) {
            LOG.log(Level.WARNING, now.isAfter(notAfter()) ? "the certificate has expired: " + notAfter()
                    : "the certificate ends soon: " + notAfter());
            endWarned = now;
        }
    }

    /** A missing file has a stamp too, so that its return is a change. */
    private static List<Stamp> stamps(KeySource source) {
        List<Stamp> stamps = new ArrayList<>();
        for (Path file : source.files()) {
            try {
                stamps.add(new Stamp(file, Files.getLastModifiedTime(file), Files.size(file)));
            } catch (IOException e) {
                stamps.add(new Stamp(file, e.getClass(), -1));
            }
        }
        return stamps;
    }

    /** Stops the looks at the files. The context goes on working. */
    @Override
    public synchronized void close() {
        closed = true;
        if (next != null) {
            next.cancel(false);
        }
    }
}
