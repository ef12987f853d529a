package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.EarlyClasses;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.relay.access.AccessSettings;
import io.iocp4j.relay.access.Login;
import io.iocp4j.relay.access.PublicUrl;
import io.iocp4j.relay.access.Site;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.media.MediaLimits;
import io.iocp4j.relay.observe.Observer;
import io.iocp4j.relay.tls.RelayTls;
import io.iocp4j.websocket.Limits;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Origins;
import io.iocp4j.websocket.http.HttpLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** A running relay: one port for publishers, viewers and pages. */
public final class RelayServer implements AutoCloseable {
    /** The subprotocol of viewers. The relay speaks it whether or not a viewer requests it. */
    static final String SUBPROTOCOL = "relay.v1";
    /**
     * The fixed size of SO_SNDBUF. By default, Linux lets it grow to megabytes, for viewers that take much less: see
     * {@link InFlight}.
     */
    static final int SEND_BUFFER_BYTES = 256 << 10;
    /** The longest message that a viewer may send. It is control text, because media is published over HTTP. */
    static final int MAX_TEXT_BYTES = 64 << 10;
    /** The largest number of fragments of such a message. */
    private static final int MAX_TEXT_FRAGMENTS = 64;

    /**
     * An idle viewer that is half-open ends within the sum of both: it is asked each interval, and must then be heard
     * within the timeout.
     */
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);

    /**
     * The time that a peer has to end its side. A publisher such as ffmpeg reads no answer while it sends, so only the
     * end of the connection tells it that it is refused.
     */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final Settings settings;
    private final CompletionPort port;
    private final WebSocketServer server;
    private final Admission admission;
    private final RelayHub hub;
    private final Observer observer;
    private final RelayTls tls;
    private final Login login;
    private final TestSource testSource;

    private RelayServer(Settings settings) throws IOException {
        ServeSettings.check(settings);
        this.settings = settings;
        Clock clock = Clock.systemUTC();
        InetSocketAddress address = new InetSocketAddress(settings.get(ServeSettings.HOST),
                settings.get(ServeSettings.PORT));
        if (address.isUnresolved()) {
            throw new IoException(IoError.HOST_NOT_FOUND, "bind", address, null, null);
        }
        // The first viewer and publisher may arrive when no file descriptor is left to load their classes.
        EarlyClasses.loadPackageOf(RelayServer.class);
        EarlyClasses.loadPackageOf(MediaLimits.class);
        EarlyClasses.loadPackageOf(Settings.class);
        EarlyClasses.loadPackageOf(Observer.class);
        tls = RelayTls.open(settings, clock);
        EarlyClasses.loadPackageOf(Login.class);
        EarlyClasses.loadPackageOf(RelayTls.class);
        port = CompletionPort.open(PortOptions.defaults().engine(settings.get(ServeSettings.ENGINE)));
        observer = Observer.start(settings, clock, version(), port.engine());
        hub = new RelayHub(settings, port, clock, observer);
        admission = hub.admission();
        WebSocketServer listening = null;
        TestSource picture = null;
        Login opened = null;
        try {
            boolean loopbackOnly = address.getAddress().isLoopbackAddress();
            Site site = new Site(settings, settings.get(ServeSettings.HOST), loopbackOnly);
            opened = Login.open(settings, !loopbackOnly || AccessSettings.isProxied(settings), port::nanoTime, clock,
                    Json::parse, Json::quote);
            Login current = opened;
            Reload.Part loginPart = next -> {
                current.reload(next);
                return () -> { };
            };
            // the login checks and replaces in one step, so it is the last
            Reload reload = new Reload(settings, List.of(next -> () -> admission.reload(next), next -> newCertificate(),
                    loginPart));
            Routes routes = new Routes(settings, port, hub, opened, new Steering(hub, reload), clock);
            Doors doors = new Doors(settings, admission, new Refusals(hub.clientLog()), site, opened, routes,
                    observer.metrics(), port, clock);
            // minBodyRate 0: Ingest limits the silence of a publisher itself; Doors checks origins
            ServerOptions limited = ServerOptions.defaults().subprotocols(SUBPROTOCOL).origins(Origins.any())
                    .minBodyRate(0)
                    .httpLimits(HttpLimits.defaults().maxHeaderBytes(settings.get(ServeSettings.MAX_HEAD).intValue()))
                    .heartbeat(HEARTBEAT, patience(settings.get(LimitSettings.MAX_STALL)))
                    .limits(new Limits(MAX_TEXT_BYTES, MAX_TEXT_BYTES, MAX_TEXT_FRAGMENTS))
                    .tcp(tls.applyTo(TcpOptions.defaults().address(address).socketBuffers(SEND_BUFFER_BYTES, 0)
                            .keepAlive(true).lingerTimeout(LINGER).filter(admission)));
            observer.metrics().certificateExpiry(() -> tls.notAfter().map(Instant::getEpochSecond).orElse(0L));
            listening = WebSocketServer.listen(port, limited, doors::upgrade, doors::request);
            PublicUrl seen = settings.get(AccessSettings.PUBLIC_URL);
            tls.start(port, address, seen == null ? listening.tcpPort() : seen.port());
            picture = settings.get(ServeSettings.TEST_PICTURE) ? new TestSource(hub, clock) : null;
        } catch (IOException | RuntimeException | Error e) {
            // the port's workers would keep the process running
            if (listening != null) {
                listening.close(Duration.ZERO);
            }
            closeAll(picture, opened);
            throw e;
        }
        server = listening;
        login = opened;
        testSource = picture;
    }

    /** Returns the timeout of the heartbeat, which must not end a viewer that may stall for longer. */
    private static Duration patience(Duration stall) {
        return stall.compareTo(HEARTBEAT) > 0 ? stall : HEARTBEAT;
    }

    private Runnable newCertificate() {
        try {
            return tls.prepare()::getAsBoolean;
        } catch (IOException e) {
            throw new IllegalArgumentException("the certificate: " + e.getMessage(), e);
        }
    }

    private void closeAll(TestSource picture, Login asked) {
        if (asked != null) {
            asked.close();
        }
        if (picture != null) {
            picture.close();
        }
        hub.endAll(CloseCode.GOING_AWAY, Drain.REASON);
        tls.close();
        observer.close();
        port.close();
    }

    /**
     * Starts a relay.
     *
     * @param settings those of {@link ServeSettings} and of the other parts; {@link Settings#defaults()} to begin with
     * @return the relay, which is listening
     * @throws IOException if the address is taken or unknown
     * @throws IllegalArgumentException if settings contradict one another, or no engine has the name that they, or the
     *     system property {@value PortOptions#ENGINE_PROPERTY}, give
     * @throws UnsupportedOperationException if that engine cannot run here; the message says why
     */
    public static RelayServer start(Settings settings) throws IOException {
        return new RelayServer(settings);
    }

    /**
     * Returns the address it listens on.
     *
     * @return the address, with the real port number if port 0 was requested
     */
    public InetSocketAddress address() {
        return server.address();
    }

    /**
     * Returns the completion port below, with its counters and its memory.
     *
     * @return the port, open until the relay is closed
     */
    public CompletionPort completionPort() {
        return port;
    }

    /**
     * Returns the TLS of this relay.
     *
     * @return the certificate and the plain port, or neither
     */
    RelayTls tls() {
        return tls;
    }

    /**
     * Returns the login, with the token that the first start made.
     *
     * @return the login, open until the relay is closed
     */
    Login login() {
        return login;
    }

    /**
     * Returns the version of the relay.
     *
     * @return the version that its module was built with, or "dev" outside of a module
     */
    public static String version() {
        var descriptor = RelayServer.class.getModule().getDescriptor();
        return descriptor == null ? "dev" : descriptor.rawVersion().orElse("dev");
    }

    /** Returns the limits in force, with the counts of how often each was reached. */
    Admission admission() {
        return admission;
    }

    /** Returns the streams. */
    RelayHub hub() {
        return hub;
    }

    /**
     * Stops gracefully, within {@link LimitSettings#DRAIN_TIME}: refuses joins and publishers, says so at /readyz,
     * tells each viewer and publisher to come back later, and waits for their end. Then closes the relay.
     *
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void drain() {
        Drain drain = new Drain(port, hub, settings.get(LimitSettings.DRAIN_TIME));
        admission.drain();
        try {
            if (admission.viewers() + admission.publishers() > 0) {
                drain.serveOn(settings.get(LimitSettings.DRAIN_DELAY));
                drain.tell();
            }
        } catch (InterruptedException e) {
            // whoever interrupts wants the end without the wait
            Thread.currentThread().interrupt();
        }
        close(drain.left());
    }

    /**
     * Stops accepting, answers publishers with 503 and closes viewers with 1001. Waits at most one second until all
     * connections have ended, and aborts the others. Then closes the port.
     *
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    @Override
    public void close() {
        close(Duration.ofSeconds(1));
    }

    private void close(Duration limit) {
        server.close();
        hub.endAll(CloseCode.GOING_AWAY, Drain.REASON);
        server.close(limit);
        // a publisher that was just beginning may have created another stream meanwhile
        closeAll(testSource, login);
    }
}
