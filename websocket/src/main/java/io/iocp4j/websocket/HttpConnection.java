package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.HandshakeInfo;
import io.iocp4j.websocket.handshake.ServerHandshake;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpBodyDecoder;
import io.iocp4j.websocket.http.HttpContent;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpRequestReader;
import io.iocp4j.websocket.http.HttpResponse;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLSession;

/**
 * A connection of {@link WebSocketServer} from its first byte: requests one after the other, and what comes after an
 * upgrade handed to a {@link WebSocket}. All methods run as callbacks of the connection, but for {@link #answer}.
 */
final class HttpConnection implements TcpHandler {
    private static final System.Logger LOG = new GuardedLog(HttpConnection.class);
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    /** How many bytes of early frames are kept while a handshake waits for its answer, before the connection is paused. */
    static final int EARLY_BYTES_MAX = 16 << 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private enum State {
        /** Reads the head of a request. */
        HEAD,
        /** Hands on the body of a request. */
        BODY,
        /** Waits for the application's answer; what comes meanwhile is kept. */
        ANSWER,
        /** Sends content that is made meanwhile; what comes is kept. */
        STREAM,
        /** Waits for the application's decision about a handshake; the first frames are kept. */
        UPGRADE,
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
        default void upgraded(WebSocketConnection webSocket) {
        }

        /** It is gone. */
        default void removed(HttpConnection connection, boolean wasWebSocket) {
        }
    }

    private final ServerOptions options;
    private final UpgradeHandler upgrades;
    private final HttpHandler requests;
    private final Owner owner;
    private TcpConnection tcp;
    private final HttpRequestReader reader;
    private State state = State.HEAD;
    private ServerExchange exchange;
    /** The content that is being sent, or null. */
    private ResponseStream stream;
    /** The next request may follow the content that is being sent. */
    private boolean keepAlive;
    /** Nothing is answered any more; for threads of the application. */
    private volatile boolean over;
    /** The handshake that waits for its answer, or null. */
    private ServerUpgrade upgrade;
    /** The thread that is in the handler: there the body begins at once. Null outside of it. */
    private Thread handling;
    /** Null until the application asks for it, and behind the answer. */
    private RequestBody body;
    /** The request that is being answered asks for the head of the answer only. */
    private boolean headOnly;
    private WebSocketConnection webSocket;
    /**
     * Came and was not looked at: a request before it is not answered yet, or the turn of a body is over. A copy, since received memory
     * is lent, and the same one until all of it was looked at. While there is any the connection is paused, so it is one receive at the
     * most; up to the upgrade nobody else pauses it or lets it go on, and behind that nobody here does. While a handshake waits for its
     * answer the pause begins at {@link #EARLY_BYTES_MAX} only: a paused connection does not see that its client goes.
     */
    private ByteBuffer kept = NOTHING;
    /** Null until the connection is open: one whose TLS handshake fails, or that ends before, never is. */
    private Holding holding;
    /** Enough of the body was handed on in this turn; the rest has a later one. */
    private boolean turnOver;
    private Future<?> deadline;
    /** Counts the deadlines, so that one that has come and was not looked at yet is not taken for the next one. */
    private int deadlines;
    /** A client may end its side behind its last request and still wait for the answer. */
    private boolean peerEnded;

    HttpConnection(ServerOptions options, UpgradeHandler upgrades, HttpHandler requests, Owner owner) {
        this.options = options;
        this.upgrades = upgrades;
        this.requests = requests;
        this.owner = owner;
        this.reader = new HttpRequestReader(options.httpLimits());
    }

    long nanoTime() {
        return tcp.completionPort().nanoTime();
    }

    InetSocketAddress remote() {
        return tcp.remote();
    }

    InetSocketAddress local() {
        return tcp.local();
    }

    SSLSession tlsSession() {
        return tcp.tlsSession();
    }

    MemoryAccount memory() {
        return tcp.memory();
    }

    boolean isOver() {
        return over;
    }

    void requireNotWorker() {
        if (tcp.completionPort().isWorker()) {
            throw new IllegalStateException("a worker of the port must not wait for it: use HttpHandler.blocking, or a BodyListener");
        }
    }

    // ------------------------------------------------------------------ from the connection

    @Override
    public void onOpen(TcpConnection connection) {
        tcp = connection;
        holding = new Holding(connection.memory(), Kind.HEAP);
        owner.added(this);
        startDeadline(options.requestTimeout(), this::headMissed);
    }

    @Override
    public void onData(TcpConnection connection, ByteBuffer data) {
        if (kept == NOTHING) {
            take(data);
        } else if (mayKeep(kept.remaining() + data.remaining())) {
            // it has its turn behind what is kept
            kept = ByteBuffer.allocate(kept.remaining() + data.remaining()).put(kept).put(data).flip();
            pauseForKept();
        }
    }

    @Override
    public void onEnd(TcpConnection connection) {
        peerEnded = true;
        if (state == State.HEAD && reader.isStarted()) {
            refuse(new HttpException(400, "the request ended before its end"));
        } else if (state != State.ANSWER && (state != State.STREAM || stream.isOpenEnded())) {
            if (webSocket != null) {
                webSocket.onEnd();
            }
            abortBody("the peer ended the connection before the end of the body");
            close();
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
        end();
        owner.removed(this, webSocket != null);
    }

    /** The server stops: a WebSocket says goodbye, everything else ends after what is queued. Any thread. */
    void stop() {
        tcp.execute(() -> {
            if (webSocket != null) {
                webSocket.close(CloseCode.GOING_AWAY, "the server stops");
            } else if (state == State.STREAM && !stream.isOpenEnded()) {
                keepAlive = false;
            } else {
                boolean idle = state == State.HEAD && !reader.isStarted() && tcp.bufferedAmount() == 0;
                abortBody("the server stops");
                end();
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

    private void startDeadline(Duration limit, Runnable missed) {
        stopDeadline();
        int mine = deadlines;
        deadline = tcp.deadline(limit, () -> {
            if (mine == deadlines) {
                missed.run();
            }
        });
    }

    private void stopDeadline() {
        deadlines++;
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    private void headMissed() {
        if (reader.isStarted()) {
            refuse(new HttpException(408, "no complete request in " + options.requestTimeout().toSeconds() + " s"));
        } else {
            // silence where nothing was begun is no error, and the next request on a connection of a pool would read an answer as its own
            close();
        }
    }

    /** Looks at what came, as far as the state lets it, and keeps the rest. */
    private void take(ByteBuffer data) {
        try {
            while (data.hasRemaining() && !waits()) {
                switch (state) {
                    case HEAD -> takeHead(data);
                    case BODY -> takeBody(data);
                    case WEBSOCKET -> webSocket.onData(data);
                    default -> data.position(data.limit());
                }
            }
        } catch (HttpException e) {
            abortBody(e.getMessage());
            refuse(e);
        }
        if (state == State.ENDED || !data.hasRemaining()) {
            if (kept != NOTHING) {
                kept = NOTHING;
                holding.set(reader.keptBytes());
            }
        } else if (data != kept && mayKeep(data.remaining())) {
            kept = ByteBuffer.allocate(data.remaining()).put(data).flip();
            pauseForKept();
        }
    }

    private void pauseForKept() {
        if (state != State.UPGRADE || kept.remaining() >= EARLY_BYTES_MAX) {
            tcp.pause();
        }
    }

    // ------------------------------------------------------------------ memory

    @Override
    public void onMemoryTight(TcpConnection connection) {
        if (webSocket != null) {
            webSocket.onMemoryTight();
        }
    }

    @Override
    public void onMemoryScarce(TcpConnection connection, String reason) {
        if (webSocket != null) {
            webSocket.onMemoryScarce(reason);
        } else {
            abortBody(reason);
            if (state == State.FLUSH || state == State.HEAD && !reader.isStarted()) {
                // the next request on a connection of a pool would read it as its own answer
                close();
            } else {
                refuse(new HttpException(503, reason));
            }
        }
    }

    /** Whether there is room for so much that is kept until later; else the request has been refused. */
    private boolean mayKeep(int bytes) {
        if (holding.set((long) reader.keptBytes() + bytes)) {
            return true;
        }
        String refusal = holding.refusal();
        abortBody(refusal);
        refuse(new HttpException(503, refusal));
        return false;
    }

    private boolean waits() {
        return state == State.ANSWER || state == State.UPGRADE || state == State.STREAM || state == State.FLUSH
                || state == State.BODY && (turnOver || exchange.isBodyPaused());
    }

    /** What came meanwhile has its turn. */
    private void takeKept() {
        if (kept != NOTHING) {
            take(kept);
            if (kept == NOTHING && webSocket == null) {
                tcp.resume();
            }
        }
    }

    private void takeHead(ByteBuffer data) throws HttpException {
        boolean started = reader.isStarted();
        // a head takes its bytes twice, as a line and as fields
        if (!holding.set(reader.keptBytes() + 2L * Math.min(data.remaining(),
        options.httpLimits().maxHeaderBytes()) + kept.capacity())) {
            throw new HttpException(503, holding.refusal());
        }
        HttpRequest request = reader.read(data);
        holding.set((long) reader.keptBytes() + kept.capacity());
        if (request == null) {
            if (!started && exchange != null && reader.isStarted()) {
                // the time for a whole head begins with its first byte, also on a kept connection
                startDeadline(options.requestTimeout(), this::headMissed);
            }
            return;
        }
        stopDeadline();
        headOnly = request.method().equals("HEAD");
        if (ServerHandshake.isUpgrade(request)) {
            upgrade(request);
        } else {
            handle(request);
        }
    }

    private void upgrade(HttpRequest request) throws HttpException {
        ServerHandshake.check(request, options.origins());
        ServerUpgrade asked = new ServerUpgrade(this, request, options.subprotocols(), options.deflate());
        UpgradeAnswer answer = application(request,
                () -> Objects.requireNonNull(upgrades.onUpgrade(asked), "no listener"));
        if (answer instanceof WebSocketListener listener) {
            open(asked, listener);
            return;
        }
        LaterListener later = (LaterListener) answer;
        upgrade = asked;
        state = State.UPGRADE;
        if (options.responseTimeout().isPositive()) {
            startDeadline(options.responseTimeout(), this::upgradeMissed);
        }
        asked.onCancel(later::cancel);
        later.whenDone((listener, thrown) -> tcp.execute(() -> decided(asked, listener, thrown)));
    }

    private void upgradeMissed() {
        if (upgrade.cancel()) {
            LOG.log(Level.WARNING, upgrade.request() + " of " + tcp.remote() + " was not decided in " + options.responseTimeout());
            refuse(new HttpException(503, "there was no answer in time"));
        }
    }

    private void decided(ServerUpgrade asked, WebSocketListener listener, Throwable thrown) {
        if (state != State.UPGRADE) {
            return;
        }
        stopDeadline();
        upgrade = null;
        if (thrown != null || listener == null) {
            asked.answered();
            refuse(failure(asked.request(), thrown != null ? thrown : new NullPointerException("no listener")));
        } else {
            open(asked, listener);
            takeKept();
        }
    }

    /** Answers the handshake; from here on the connection is a WebSocket. */
    private void open(ServerUpgrade asked, WebSocketListener listener) {
        asked.answered();
        HttpRequest request = asked.request();
        HttpResponse switching = ServerHandshake.switching(request, asked.subprotocol(), asked.deflate()).withHeaders(asked.fields());
        if (request.expectsContinue()) {
            tcp.send(ByteBuffer.wrap(CONTINUE));
        }
        tcp.send(switching.encode(false, true));
        state = State.WEBSOCKET;
        if (kept != NOTHING) {
            // before the WebSocket can pause it, at the request of whatever thread: from here on that is its matter alone
            tcp.resume();
        }
        HandshakeInfo facts = new HandshakeInfo(request, switching.headers(), asked.subprotocol(), asked.deflate());
        webSocket = new WebSocketConnection(tcp, Role.SERVER, facts, listener, options);
        owner.upgraded(webSocket);
        webSocket.onOpen();
    }

    private void handle(HttpRequest request) throws HttpException {
        exchange = new ServerExchange(this, request);
        state = State.ANSWER;
        handling = Thread.currentThread();
        try {
            application(request, () -> {
                requests.onRequest(exchange);
                return null;
            });
        } finally {
            handling = null;
        }
        expectAnswer();
    }

    private void expectAnswer() {
        if (state == State.ANSWER && !exchange.isAnswered() && options.responseTimeout().isPositive()) {
            startDeadline(options.responseTimeout(), this::answerMissed);
        }
    }

    private void answerMissed() {
        if (exchange.cancel()) {
            LOG.log(Level.WARNING, exchange.request() + " of " + tcp.remote() + " was not answered in " + options.responseTimeout());
            abortBody("there was no answer in time");
            refuse(new HttpException(503, "there was no answer in time"));
        }
    }

    /** Any thread. */
    void body(ServerExchange asked, BodyListener listener) {
        if (Thread.currentThread() == handling) {
            beginBody(asked, listener);
            return;
        }
        // whichever comes first: the connection may end before the task has its turn, and then drops it
        AtomicBoolean begun = new AtomicBoolean();
        asked.onCancel(() -> {
            if (begun.compareAndSet(false, true)) {
                listener.onBodyAborted("nobody waits for the answer any more");
            }
        });
        tcp.execute(() -> {
            if (begun.compareAndSet(false, true)) {
                if (asked == exchange && state == State.ANSWER && !asked.isAnswered()) {
                    stopDeadline();
                    beginBody(asked, listener);
                    takeKept();
                } else {
                    listener.onBodyAborted("the request was answered");
                }
            }
        });
    }

    private void beginBody(ServerExchange asked, BodyListener listener) {
        HttpBodyDecoder decoder = new HttpBodyDecoder(asked.request(), options.httpLimits());
        if (asked.request().expectsContinue() && !decoder.isDone()) {
            tcp.send(ByteBuffer.wrap(CONTINUE));
        }
        body = new RequestBody(this, asked, decoder, listener);
        state = State.BODY;
        if (decoder.isDone()) {
            tcp.execute(this::endBodyUnlessAnswered);
        } else if (options.minBodyRate() > 0) {
            expectBody();
        }
    }

    /** Any thread. */
    void bodyResumed(ServerExchange resumed) {
        tcp.execute(() -> {
            if (resumed == exchange && state == State.BODY) {
                takeKept();
            }
        });
    }

    /** While the application pauses the body, the time is its own, and has the limit of an answer. */
    private void expectBody() {
        long before = bodyBytes();
        int pausesBefore = exchange.pauses();
        boolean pausedBefore = exchange.isBodyPaused();
        startDeadline(options.requestTimeout(), () -> {
            long nanos = options.requestTimeout().toNanos();
            boolean paused = pausedBefore || exchange.pauses() != pausesBefore;
            if (options.responseTimeout().isPositive() && exchange.pausedFor() >= options.responseTimeout().toNanos()) {
                answerMissed();
            } else if (!paused && bodyBytes() - before < options.minBodyRate() * (nanos / 1e9)) {
                abortBody("the body came too slowly");
                refuse(new HttpException(408, "less than " + options.minBodyRate() + " bytes per second"));
            } else {
                expectBody();
            }
        });
    }

    /** As far as the body has come, and not only as far as it was handed on. */
    private long bodyBytes() {
        return body.received() + kept.remaining();
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
        } else if (data.hasRemaining() && !exchange.isBodyPaused()) {
            turnOver = true;
            tcp.executeLater(() -> {
                turnOver = false;
                takeKept();
            });
        }
    }

    private void endBody() throws HttpException {
        state = State.ANSWER;
        stopDeadline();
        body.end();
        expectAnswer();
    }

    private void abortBody(String why) {
        if (body != null) {
            body.abort(why);
        }
    }

    interface Call<T> {
        T call() throws Exception;
    }

    /** Calls the application; whatever it throws becomes an answer. */
    <T> T application(HttpRequest request, Call<T> call) throws HttpException {
        try {
            return call.call();
        } catch (Throwable thrown) {
            throw failure(request, thrown);
        }
    }

    /** The answer to what the application threw: its own, or 500 behind a line in the log. */
    private HttpException failure(HttpRequest request, Throwable thrown) {
        if (thrown instanceof HttpException refusal) {
            return refusal;
        }
        LOG.log(Level.WARNING, "the handler of " + request + " of " + tcp.remote() + " threw", thrown);
        return new HttpException(500, "internal error");
    }

    // ------------------------------------------------------------------ answers

    /** Any thread. */
    void answer(ServerExchange answered) {
        tcp.execute(() -> {
            HttpResponse response = answered.takeResponse();
            if (response == null) {
                return;
            }
            if (answered == exchange && (state == State.ANSWER || state == State.BODY)) {
                finish(response);
            } else {
                ServerExchange.discard(response);
            }
        });
    }

    private void finish(HttpResponse response) {
        stopDeadline();
        HttpRequest request = exchange.request();
        // a body that was not read to its end stands between this answer and the next request
        boolean bodyLeft = state == State.BODY || body == null && (request.chunked() || request.contentLength() > 0);
        HttpContent content = response.stream();
        boolean endsWithConnection = content != null && content.length() < 0 && !request.http11();
        keepAlive = request.keepAlive() && !bodyLeft && !peerEnded && !endsWithConnection;
        if (body != null) {
            body.drop();
            body = null;
        }
        if (content == null) {
            sent(tcp.send(response.encode(headOnly, keepAlive)));
        } else if (headOnly) {
            ServerExchange.discard(response);
            sent(tcp.send(response.encodeHead(request.http11(), keepAlive)));
        } else {
            stream(request, response);
        }
    }

    private void stream(HttpRequest request, HttpResponse response) {
        HttpContent content = response.stream();
        ResponseStream made = new ResponseStream(this, tcp, request, content, content.length() < 0 && request.http11());
        if (!made.mayBegin()) {
            ServerExchange.discard(response);
            refuse(new HttpException(503, made.refusal()));
            return;
        }
        tcp.send(response.encodeHead(request.http11(), keepAlive));
        stream = made;
        state = State.STREAM;
        stream.begin(options.requestTimeout(), options.minAnswerRate());
    }

    boolean isStreaming(ResponseStream asked) {
        return stream == asked && state == State.STREAM;
    }

    /** The content has come to its end, or will never. */
    void streamed(ResponseStream ended, boolean complete) {
        if (!isStreaming(ended)) {
            return;
        }
        stream = null;
        if (complete) {
            keepAlive &= !peerEnded;
            sent(!tcp.awaitsDrain());
        } else {
            // what came so far must not look like the whole, also where its length is not known
            end();
            tcp.reset();
        }
    }

    /** An answer has gone to TCP, which has room for more or not. */
    private void sent(boolean room) {
        if (!keepAlive) {
            close();
        } else if (room) {
            nextRequest();
        } else {
            // a peer that asks and does not read gets no further
            state = State.FLUSH;
            startDeadline(options.keepAliveTimeout(), this::close);
        }
    }

    private void nextRequest() {
        headOnly = false;
        reader.reset();
        holding.set(kept.capacity());
        stopDeadline();
        state = State.HEAD;
        takeKept();
        if (state == State.HEAD && deadline == null) {
            startDeadline(options.keepAliveTimeout(), this::headMissed);
        }
    }

    /** Answers with an error and closes: what follows a refused request cannot be trusted to be a request. */
    private void refuse(HttpException e) {
        LOG.log(Level.DEBUG, "{0}: {1} {2}", tcp.remote(), e.status(), e.getMessage());
        if (state == State.STREAM) {
            // its answer has begun
            end();
            tcp.reset();
        } else if (state != State.ENDED) {
            end();
            tcp.send(e.response().encode(headOnly, false));
            tcp.close();
        }
    }

    private void close() {
        end();
        tcp.close();
    }

    /** Nothing that comes is looked at any more. */
    private void end() {
        state = State.ENDED;
        stopDeadline();
        kept = NOTHING;
        over = true;
        if (upgrade != null) {
            upgrade.cancel();
        }
        if (stream != null) {
            stream.cancel();
            stream = null;
        }
        if (webSocket == null) {
            if (exchange != null) {
                exchange.cancel();
                exchange.discard();
            }
            reader.drop();
            if (holding != null) {
                holding.set(0);
            }
        }
    }
}
