package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.EarlyClasses;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.relay.media.MediaLimits;
import io.iocp4j.websocket.Limits;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.UpgradeExchange;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Origins;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpLimits;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A running relay: one port for publishers, viewers and pages. */
public final class RelayServer implements AutoCloseable {
    /** The subprotocol of viewers. The relay speaks it whether or not a viewer requests it. */
    static final String SUBPROTOCOL = "relay.v1";
    /**
     * The fixed size of SO_SNDBUF. By default, Linux lets it grow to megabytes. That would hide seconds of video from
     * the queue that skips.
     */
    static final int SEND_BUFFER_BYTES = 256 << 10;
    /** The longest message that a viewer may send. It is control text, because media is published over HTTP. */
    static final int MAX_TEXT_BYTES = 64 << 10;
    /** The largest number of fragments of such a message. */
    private static final int MAX_TEXT_FRAGMENTS = 64;

    private static final String PUBLISH = "/publish/";
    private static final String LIVE = "/live/";
    private static final String WATCH = "/watch/";

    private final RelayOptions options;
    private final boolean loopbackOnly;
    private final CompletionPort port;
    private final WebSocketServer server;
    private final RelayHub hub;
    private final Pages pages = new Pages();
    private final TestSource testSource;
    private final AtomicLong viewerIds = new AtomicLong();
    private final Clock clock = Clock.systemUTC();

    private RelayServer(RelayOptions options) throws IOException {
        this.options = options;
        InetSocketAddress address = new InetSocketAddress(options.host(), options.tcpPort());
        if (address.isUnresolved()) {
            throw new IoException(IoError.HOST_NOT_FOUND, "bind", address, null, null);
        }
        loopbackOnly = address.getAddress().isLoopbackAddress();
        // The first viewer and publisher may arrive when no file descriptor is left to load their classes.
        EarlyClasses.loadPackageOf(RelayServer.class);
        EarlyClasses.loadPackageOf(MediaLimits.class);
        port = CompletionPort.open(PortOptions.defaults().engine(options.engine()));
        hub = new RelayHub(options, port, clock);
        WebSocketServer listening = null;
        TestSource picture = null;
        try {
            // minBodyRate 0: Ingest limits the silence of a publisher itself
            ServerOptions limited = ServerOptions.defaults().subprotocols(SUBPROTOCOL).minBodyRate(0)
                    .httpLimits(HttpLimits.defaults().maxHeaderBytes(options.maxHeadBytes()))
                    .limits(new Limits(MAX_TEXT_BYTES, MAX_TEXT_BYTES, MAX_TEXT_FRAGMENTS))
                    .tcp(TcpOptions.defaults().address(address).socketBuffers(SEND_BUFFER_BYTES, 0).keepAlive(true));
            listening = WebSocketServer.listen(port, limited, this::watch, this::answer);
            picture = options.testPicture() ? new TestSource(hub, clock) : null;
        } catch (IOException | RuntimeException | Error e) {
            // the port's workers would keep the process running
            if (listening != null) {
                listening.close(Duration.ZERO);
            }
            closeAll(picture);
            throw e;
        }
        server = listening;
        testSource = picture;
    }

    private void closeAll(TestSource picture) {
        if (picture != null) {
            picture.close();
        }
        hub.endAll(CloseCode.GOING_AWAY, "the relay stops");
        port.close();
    }

    /**
     * Starts a relay.
     *
     * @param options settings and limits
     * @return the relay, which is listening
     * @throws IOException if the address is taken or unknown
     * @throws IllegalArgumentException if no engine has the name that the options, or the system property
     *     {@value PortOptions#ENGINE_PROPERTY}, give
     * @throws UnsupportedOperationException if that engine cannot run here; the message says why
     */
    public static RelayServer start(RelayOptions options) throws IOException {
        return new RelayServer(options);
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
     * Returns the version of the relay.
     *
     * @return the version that its module was built with, or "dev" outside of a module
     */
    public static String version() {
        var descriptor = RelayServer.class.getModule().getDescriptor();
        return descriptor == null ? "dev" : descriptor.rawVersion().orElse("dev");
    }

    /**
     * Stops accepting, answers publishers with 503 and closes viewers with 1001. Waits at most one second until all
     * connections have ended, and aborts the others. Then closes the port.
     *
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    @Override
    public void close() {
        server.close();
        hub.endAll(CloseCode.GOING_AWAY, "the relay stops");
        server.close(Duration.ofSeconds(1));
        // a publisher that was just beginning may have created another stream meanwhile
        closeAll(testSource);
    }

    // ------------------------------------------------------------------ viewers

    private WebSocketListener watch(UpgradeExchange exchange) throws HttpException {
        requireHost(exchange.request());
        String path = exchange.request().path();
        if (!path.startsWith(LIVE) || !RelayHub.isPath(path.substring(LIVE.length()))) {
            throw new HttpException(404, "streams are watched at /live/{path}");
        }
        RelayStream stream = hub.find(path.substring(LIVE.length()));
        if (stream == null) {
            // a page cannot see the status of a refused handshake, but it can see a close code
            return new WebSocketListener() {
                @Override
                public void onOpen(WebSocket socket) {
                    // without the path, which may be longer than a close reason
                    socket.close(Viewer.NO_SUCH_STREAM, "there is no such stream");
                }
            };
        }
        ViewerQueue queue = new ViewerQueue(options.maxLag().toNanos(), stream.isAllKeys());
        return new Viewer("v" + viewerIds.incrementAndGet(), stream, queue, port, clock);
    }

    // ------------------------------------------------------------------ requests

    private void answer(HttpExchange exchange) throws HttpException {
        requireHost(exchange.request());
        String path = exchange.request().path();
        if (path.startsWith(PUBLISH)) {
            publish(exchange, path.substring(PUBLISH.length()));
            return;
        }
        requireMethod(exchange.request(), "GET", "HEAD");
        exchange.respond(page(path));
    }

    private HttpResponse page(String path) throws HttpException {
        return switch (path) {
            case "/" -> pages.file("index.html");
            case "/healthz" -> HttpResponse.text(200, "ok\n");
            case "/api/v1/streams" -> HttpResponse.json(200, hub.json());
            case "/favicon.ico" -> HttpResponse.of(204);
            default -> {
                if (path.startsWith(WATCH) && RelayHub.isPath(path.substring(WATCH.length()))) {
                    yield pages.file("watch.html");
                }
                if (path.startsWith(LIVE)) {
                    throw new HttpException(426, "streams are watched over WebSocket; open /watch/... in a browser",
                            HttpHeaders.builder().add("Upgrade", "websocket").build());
                }
                yield pages.file(path.substring(1));
            }
        };
    }

    private void publish(HttpExchange exchange, String path) throws HttpException {
        HttpRequest request = exchange.request();
        requireMethod(request, "PUT", "POST");
        if (!Origins.sameHost().allows(request)) {
            throw new HttpException(403, "a page of another site may not publish");
        }
        if (options.testPicture() && path.equals(TestSource.PATH)) {
            throw new HttpException(409, "this stream is the built-in test picture;"
                    + " use another name, or start the relay with --no-test-picture");
        }
        if (!RelayHub.isPath(path)) {
            throw new HttpException(404, "a stream path has one to four names with / between them;"
                    + " a name has 1 to 64 letters, digits, - or _");
        }
        exchange.body(new Ingest(path, hub, exchange, port, options.publisherTimeout()));
    }

    /**
     * Refuses any other host name while the relay listens on the loopback address only. A foreign name that resolves to
     * this machine is a sign of DNS rebinding: a page of an attacker would pass for one of ours.
     */
    private void requireHost(HttpRequest request) throws HttpException {
        if (!loopbackOnly || request.authority() == null) {
            return;
        }
        String host = request.authority().replaceFirst(":[0-9]*$", "");
        if (!host.equalsIgnoreCase("localhost") && !host.matches("127(\\.[0-9]{1,3}){3}") && !host.equals("[::1]")
                && !host.equalsIgnoreCase(options.host())) {
            throw new HttpException(421, "this relay serves this machine only, as localhost or 127.0.0.1");
        }
    }

    private static void requireMethod(HttpRequest request, String first, String second) throws HttpException {
        if (!request.method().equals(first) && !request.method().equals(second)) {
            throw new HttpException(405, "only " + first + " and " + second + " are allowed here",
                    HttpHeaders.builder().add("Allow", first + ", " + second).build());
        }
    }
}
