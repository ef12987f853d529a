package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Future;

/**
 * A connection of {@link WebSocketServer} from its first byte: requests one after the other, and what comes after an upgrade handed to a
 * {@link WebSocket}. All methods run as callbacks of the connection, but for {@link #answer}.
 */
final class HttpConnection implements TcpHandler {
    private static final System.Logger LOG = new GuardedLog(HttpConnection.class);
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private enum State {
        /** Reads the head of a request. */
        HEAD,
        /** Hands on the body of a request. */
        BODY,
        /** Waits for the application's answer; what comes meanwhile is kept. */
        ANSWER,
        /** Waits for the peer to read the answer before the next request has its turn; what comes meanwhile is kept. */
        FLUSH,
        /** Hands everything to the WebSocket. */
        WEBSOCKET,
        /** Closes after the answer; what comes is dropped. */
        ENDED
    }

    /** Who wants to know which connections there are: a server, or the maker of a pair. */
    interface Owner {
        /** It is open. */
        default void added(HttpConnection connection) {
        }

        /** It carries a WebSocket from now on. */
        default void upgraded(WebSocketEnd webSocket) {
        }

        /** It is gone. */
        default void removed(HttpConnection connection, boolean wasWebSocket) {
        }
    }

    private final WebSocketServer.Builder settings;
    private final Owner owner;
    private TcpConnection tcp;
    private final HttpRequestReader reader;
    private State state = State.HEAD;
    private HttpExchange exchange;
    /** Only then may the application ask for the body: later its first bytes may have been kept for the next request. */
    private boolean handling;
    /** Null until the application asks for it, and behind the answer. */
    private RequestBody body;
    /** The request that is being answered asks for the head of the answer only. */
    private boolean headOnly;
    private WebSocketEnd webSocket;
    /** Bytes of the next request that came before the answer to this one, not more than one receive. */
    private ByteBuffer early = NOTHING;
    private Future<?> deadline;
    /** A client may end its side behind its last request and still wait for the answer. */
    private boolean peerEnded;

    HttpConnection(WebSocketServer.Builder settings, Owner owner) {
        this.settings = settings;
        this.owner = owner;
        this.reader = new HttpRequestReader(settings.httpLimits);
    }

    InetSocketAddress remote() {
        return tcp.remote();
    }

    // ------------------------------------------------------------------ from the connection

    @Override
    public void onOpen(TcpConnection connection) {
        tcp = connection;
        owner.added(this);
        expectHead(settings.requestTimeout);
    }

    @Override
    public void onData(TcpConnection connection, ByteBuffer data) {
        take(data);
    }

    @Override
    public void onEnd(TcpConnection connection) {
        peerEnded = true;
        if (state == State.HEAD && reader.isStarted()) {
            refuse(new HttpException(400, "the request ended before its end"));
        } else if (state != State.ANSWER) {
            if (webSocket != null) {
                webSocket.onEnd();
            }
            abortBody("the peer ended the connection before the end of the body");
            state = State.ENDED;
            tcp.close();
        }
    }

    @Override
    public void onDrain(TcpConnection connection) {
        if (webSocket != null) {
            webSocket.onDrain();
        } else if (state == State.FLUSH) {
            nextRequest();
        }
    }

    @Override
    public void onClose(TcpConnection connection, CloseInfo why) {
        stopDeadline();
        if (webSocket != null) {
            webSocket.onTcpClose(why);
        } else {
            abortBody(why.error() == null ? "the connection was closed" : why.error().toString());
        }
        state = State.ENDED;
        owner.removed(this, webSocket != null);
    }

    /** The server stops: a WebSocket says goodbye, everything else ends after what is queued. Any thread. */
    void stop() {
        tcp.execute(() -> {
            if (webSocket != null) {
                webSocket.close(CloseCode.GOING_AWAY, "the server stops");
            } else {
                boolean idle = state == State.HEAD && !reader.isStarted() && tcp.bufferedAmount() == 0;
                abortBody("the server stops");
                state = State.ENDED;
                if (idle) {
                    // nothing is under way in either direction, and browsers take their time to end a kept connection
                    tcp.abort();
                } else {
                    tcp.close();
                }
            }
        });
    }

    // ------------------------------------------------------------------ requests

    private void expectHead(Duration limit) {
        state = State.HEAD;
        startDeadline(limit);
    }

    private void startDeadline(Duration limit) {
        stopDeadline();
        deadline = tcp.schedule(limit, this::timedOut);
    }

    private void timedOut() {
        if (state == State.HEAD && (reader.isStarted() || exchange == null)) {
            refuse(new HttpException(408, "no complete request in " + settings.requestTimeout.toSeconds() + " s"));
        } else if (state == State.HEAD || state == State.FLUSH) {
            // between requests of a kept connection silence is not an error
            state = State.ENDED;
            tcp.close();
        }
    }

    private void stopDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    private void take(ByteBuffer data) {
        try {
            while (data.hasRemaining()) {
                switch (state) {
                    case HEAD -> takeHead(data);
                    case BODY -> takeBody(data);
                    case ANSWER, FLUSH -> {
                        keep(data);
                        return;
                    }
                    case WEBSOCKET -> webSocket.onData(data);
                    case ENDED -> {
                        return;
                    }
                }
            }
        } catch (HttpException e) {
            abortBody(e.getMessage());
            refuse(e);
        }
    }

    private void keep(ByteBuffer data) {
        early = ByteBuffer.allocate(data.remaining()).put(data).flip();
        tcp.pause();
    }

    private void takeHead(ByteBuffer data) throws HttpException {
        boolean started = reader.isStarted();
        HttpRequest request = reader.read(data);
        if (request == null) {
            if (!started && exchange != null) {
                // the time for a whole head begins with its first byte, also on a kept connection
                expectHead(settings.requestTimeout);
            }
            return;
        }
        stopDeadline();
        headOnly = request.method().equals("HEAD");
        if (Handshake.isUpgrade(request)) {
            upgrade(request);
        } else {
            handle(request);
        }
    }

    private void upgrade(HttpRequest request) throws HttpException {
        Handshake.check(request, settings.origins);
        String subprotocol = Handshake.subprotocol(request, settings.subprotocols);
        DeflateAgreement deflate = DeflateAgreement.accept(settings.webSocket.deflate(), request.headers());
        WebSocketListener listener = application(() -> Objects.requireNonNull(settings.upgrades.onUpgrade(request), "no listener"));
        HttpResponse switching = Handshake.switching(request, subprotocol, deflate);
        tcp.send(switching.encode(false, true));
        state = State.WEBSOCKET;
        OpeningHandshake facts = new OpeningHandshake(request, switching.headers(), subprotocol, deflate);
        webSocket = new WebSocketEnd(tcp, Role.SERVER, facts, listener, settings.webSocket);
        owner.upgraded(webSocket);
        webSocket.onOpen();
    }

    private void handle(HttpRequest request) throws HttpException {
        exchange = new HttpExchange(this, request);
        state = State.ANSWER;
        handling = true;
        try {
            application(() -> {
                settings.pages.onRequest(exchange);
                return null;
            });
        } finally {
            handling = false;
        }
    }

    void body(HttpExchange asked, BodyListener listener) {
        if (asked != exchange || !handling || body != null) {
            throw new IllegalStateException("the body is asked for once, while the request is handled");
        }
        HttpBodyDecoder decoder = new HttpBodyDecoder(asked.request(), settings.httpLimits);
        if (asked.request().expectsContinue() && !decoder.isDone()) {
            tcp.send(ByteBuffer.wrap(CONTINUE));
        }
        body = new RequestBody(this, decoder, listener);
        state = State.BODY;
        if (decoder.isDone()) {
            tcp.execute(this::endBodyUnlessAnswered);
        } else if (settings.minBodyRate > 0) {
            expectBody();
        }
    }

    private void expectBody() {
        RequestBody expected = body;
        long before = expected.received();
        deadline = tcp.schedule(settings.requestTimeout, () -> {
            if (state != State.BODY || body != expected) {
                return;
            }
            long nanos = settings.requestTimeout.toNanos();
            if (expected.received() - before < settings.minBodyRate * (nanos / 1e9)) {
                abortBody("the body came too slowly");
                refuse(new HttpException(408, "less than " + settings.minBodyRate + " bytes per second"));
            } else {
                expectBody();
            }
        });
    }

    private void endBodyUnlessAnswered() {
        if (state == State.BODY) {
            try {
                endBody();
            } catch (HttpException e) {
                refuse(e);
            }
        }
    }

    private void takeBody(ByteBuffer data) throws HttpException {
        body.take(data);
        if (state == State.BODY && body.isComplete()) {
            endBody();
        }
    }

    private void endBody() throws HttpException {
        state = State.ANSWER;
        body.end();
    }

    private void abortBody(String why) {
        if (body != null) {
            body.abort(why);
        }
    }

    interface Call<T> {
        T call() throws IOException;
    }

    /** Calls the application; whatever it throws becomes an answer. */
    <T> T application(Call<T> call) throws HttpException {
        try {
            return call.call();
        } catch (HttpException e) {
            throw e;
        } catch (Throwable thrown) {
            LOG.log(Level.WARNING, "a handler threw for " + tcp.remote(), thrown);
            throw new HttpException(500, "internal error");
        }
    }

    // ------------------------------------------------------------------ answers

    /** Any thread. */
    void answer(HttpExchange answered, HttpResponse response) {
        tcp.execute(() -> {
            if (answered == exchange && (state == State.ANSWER || state == State.BODY)) {
                finish(response);
            }
        });
    }

    private void finish(HttpResponse response) {
        HttpRequest request = exchange.request();
        // a body that was not read to its end stands between this answer and the next request
        boolean bodyLeft = state == State.BODY || body == null && (request.chunked() || request.contentLength() > 0);
        boolean keepAlive = request.keepAlive() && !bodyLeft && !peerEnded;
        if (body != null) {
            body.drop();
            body = null;
        }
        boolean room = tcp.send(response.encode(headOnly, keepAlive));
        if (!keepAlive) {
            state = State.ENDED;
            tcp.close();
        } else if (room) {
            nextRequest();
        } else {
            // a peer that asks and does not read gets no further
            state = State.FLUSH;
            startDeadline(settings.keepAliveTimeout);
        }
    }

    private void nextRequest() {
        headOnly = false;
        reader.reset();
        expectHead(settings.keepAliveTimeout);
        ByteBuffer next = early;
        early = NOTHING;
        take(next);
        boolean heldByWebSocket = webSocket != null && webSocket.isPaused();
        if (early == NOTHING && !heldByWebSocket) {
            tcp.resume();
        }
    }

    /** Answers with an error and closes: what follows a refused request cannot be trusted to be a request. */
    private void refuse(HttpException e) {
        LOG.log(Level.DEBUG, "{0}: {1} {2}", tcp.remote(), e.status(), e.getMessage());
        if (state != State.ENDED) {
            state = State.ENDED;
            stopDeadline();
            tcp.send(e.response().encode(headOnly, false));
            tcp.close();
        }
    }
}
