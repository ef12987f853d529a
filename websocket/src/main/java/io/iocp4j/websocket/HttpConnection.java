package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.HandshakeInfo;
import io.iocp4j.websocket.handshake.ServerHandshake;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpRequestReader;
import io.iocp4j.websocket.http.HttpResponse;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A connection of {@link WebSocketServer} from its first byte: the heads of requests, one after the other, each of
 * which becomes a {@link ServedRequest} or a handshake. After an upgrade the connection has another handler, the
 * {@link WebSocketConnection}, and this object is of no use any more. Strand only, unless a method says otherwise.
 */
final class HttpConnection implements TcpHandler, ServedConnection {
    private static final System.Logger LOG = new GuardedLog(WebSocketServer.class);
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    /** Bytes of early frames that are kept while a handshake waits for its answer, before the connection is paused. */
    static final int EARLY_BYTES_MAX = 16 << 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private enum State {
        /** Reads the head of a request. */
        HEAD,
        /** A request is being served, which says what is read and what is kept. */
        REQUEST,
        /** Waits for the application's decision about a handshake; the first frames are kept. */
        UPGRADE,
        /** Hands what is left of the received bytes to the WebSocket, which has the connection. */
        HANDED_OVER,
        /** Closes after the answer; received data is dropped. */
        ENDED
    }

    private final ServerOptions options;
    private final UpgradeHandler upgrades;
    private final HttpHandler requests;
    private final Owner owner;
    private TcpConnection tcp;
    private final HttpRequestReader reader;
    private State state = State.HEAD;
    /** The request that is being served, or null. */
    private ServedRequest request;
    /** The handshake that waits for its answer, or null. */
    private ServedUpgrade upgrade;
    /** The new handler of the connection, or null. */
    private WebSocketConnection webSocket;
    /** A request was served: until the next one begins the keep-alive timeout holds. */
    private boolean served;
    /** The request whose head came last asks for the head of the answer only. */
    private boolean headOnly;
    /**
     * Received bytes that have to wait: a request before them is not answered yet, or the turn of a body is over. A
     * copy, since received memory is lent. While there are any the connection is paused, so it is one receive at the
     * most. Only this class pauses and resumes the connection before an upgrade, and never after it. While a handshake
     * waits for its answer the pause begins at {@link #EARLY_BYTES_MAX}: a paused connection does not see that its
     * client goes.
     */
    private ByteBuffer kept = NOTHING;
    /** Null until the connection is open: one whose TLS handshake fails, or that ends before, never is. */
    private MemoryCharge charge;
    private final TimeLimit limit = new TimeLimit();
    /** A client may end its side behind its last request and still wait for the answer. */
    private boolean peerEnded;

    HttpConnection(ServerOptions options, UpgradeHandler upgrades, HttpHandler requests, Owner owner) {
        this.options = options;
        this.upgrades = upgrades;
        this.requests = requests;
        this.owner = owner;
        this.reader = new HttpRequestReader(options.httpLimits());
    }

    // ------------------------------------------------------------------ from the connection

    @Override
    public void onOpen(TcpConnection connection) {
        tcp = connection;
        charge = new MemoryCharge(connection.memory(), Kind.HEAP);
        owner.added(this);
        startLimit(options.requestTimeout(), this::headMissed);
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
        } else if (state != State.REQUEST || !request.outlivesPeersEnd()) {
            abortBody("the peer ended the connection before the end of the body");
            close();
        }
    }

    @Override
    public void onDrain(TcpConnection connection) {
        if (state == State.REQUEST) {
            request.drained();
        }
    }

    @Override
    public void onMemoryScarce(TcpConnection connection, String reason) {
        abortBody(reason);
        boolean asked = state != State.HEAD || reader.isStarted();
        if (!asked || state == State.REQUEST && request.isFlushing()) {
            // the next request on a connection of a pool would read it as its own answer
            close();
        } else {
            refuse(new HttpException(503, reason));
        }
    }

    @Override
    public void onClose(TcpConnection connection, CloseInfo why) {
        stopLimit();
        abortBody(why.error() == null ? "the connection was closed" : why.error().toString());
        end();
        owner.removed(this);
    }

    /** Everything but a WebSocket ends after what is queued. Any thread. */
    @Override
    public void stop() {
        tcp.execute(() -> {
            // a WebSocket that has taken its place is stopped by the owner
            if (state == State.HANDED_OVER || state == State.REQUEST && request.finishesBeforeStop()) {
                return;
            }
            boolean idle = state == State.HEAD && !reader.isStarted() && tcp.bufferedAmount() == 0;
            abortBody("the server stops");
            end();
            if (idle) {
                // nothing is under way in either direction, and browsers take their time to end a kept connection
                tcp.abort();
            } else {
                tcp.close();
            }
        });
    }

    // ------------------------------------------------------------------ time

    void startLimit(Duration limit, Runnable missed) {
        this.limit.start(tcp, limit, missed);
    }

    void stopLimit() {
        limit.stop();
    }

    private void headMissed() {
        if (reader.isStarted()) {
            refuse(new HttpException(408, "no complete request in " + options.requestTimeout().toSeconds() + " s"));
        } else {
            // silence where nothing was begun is no error, and the next request on a connection of a pool would read an
            // answer as its own
            close();
        }
    }

    // ------------------------------------------------------------------ received bytes

    /** Takes received bytes as far as the state allows, and keeps the rest. */
    private void take(ByteBuffer data) {
        try {
            while (data.hasRemaining() && !waits()) {
                switch (state) {
                    case HEAD -> takeHead(data);
                    case REQUEST -> request.take(data);
                    case HANDED_OVER -> webSocket.onData(tcp, data);
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
                charge.set(reader.keptBytes());
            }
        } else if (data != kept && mayKeep(data.remaining())) {
            kept = ByteBuffer.allocate(data.remaining()).put(data).flip();
            pauseForKept();
        }
    }

    private boolean waits() {
        return state == State.UPGRADE || state == State.REQUEST && request.waits();
    }

    private void pauseForKept() {
        if (state != State.UPGRADE || kept.remaining() >= EARLY_BYTES_MAX) {
            tcp.pause();
        }
    }

    /** Takes the bytes that had to wait. */
    void takeKept() {
        if (kept != NOTHING) {
            take(kept);
            if (kept == NOTHING && state != State.HANDED_OVER) {
                tcp.resume();
            }
        }
    }

    int keptBytes() {
        return kept.remaining();
    }

    /** Whether there is room for so much that is kept until later; else the request has been refused. */
    private boolean mayKeep(int bytes) {
        if (charge.set((long) reader.keptBytes() + bytes)) {
            return true;
        }
        String refusal = charge.refusal();
        abortBody(refusal);
        refuse(new HttpException(503, refusal));
        return false;
    }

    private void takeHead(ByteBuffer data) throws HttpException {
        boolean started = reader.isStarted();
        // a head takes its bytes twice, as a line and as fields
        long room = 2L * Math.min(data.remaining(), options.httpLimits().maxHeaderBytes());
        if (!charge.set(reader.keptBytes() + room + kept.capacity())) {
            throw new HttpException(503, charge.refusal());
        }
        HttpRequest head = reader.read(data);
        charge.set((long) reader.keptBytes() + kept.capacity());
        if (head == null) {
            if (!started && served && reader.isStarted()) {
                // the time for a whole head begins with its first byte, also on a kept connection
                startLimit(options.requestTimeout(), this::headMissed);
            }
            return;
        }
        stopLimit();
        headOnly = head.method().equals("HEAD");
        if (ServerHandshake.isUpgrade(head)) {
            upgrade(head);
        } else {
            request = new ServedRequest(this, tcp, options, head);
            state = State.REQUEST;
            request.handle(requests);
        }
    }

    // ------------------------------------------------------------------ handshakes

    private void upgrade(HttpRequest head) throws HttpException {
        ServedUpgrade asked = new ServedUpgrade(this, tcp, options, head);
        WebSocketListener listener = asked.decide(upgrades);
        if (listener != null) {
            handOver(asked.exchange(), listener);
        } else {
            upgrade = asked;
            state = State.UPGRADE;
        }
    }

    boolean awaits(ServedUpgrade asked) {
        return state == State.UPGRADE && upgrade == asked;
    }

    /** The application has decided later, and for a WebSocket. */
    void opened(ServedUpgrade asked, WebSocketListener listener) {
        stopLimit();
        upgrade = null;
        handOver(asked.exchange(), listener);
        takeKept();
    }

    /** Answers the handshake, and gives the connection to the WebSocket; what was received already follows. */
    private void handOver(ServerUpgrade asked, WebSocketListener listener) {
        HttpRequest head = asked.request();
        HttpResponse switching = ServerHandshake.switching(head, asked.subprotocol(), asked.deflate())
                .withHeaders(asked.fields());
        if (head.expectsContinue()) {
            sendContinue();
        }
        tcp.send(switching.encode(false, true));
        state = State.HANDED_OVER;
        if (kept != NOTHING) {
            // before the WebSocket can pause it, at the request of any thread: from here on that is its matter alone
            tcp.resume();
        }
        HandshakeInfo facts = new HandshakeInfo(head, switching.headers(), asked.subprotocol(), asked.deflate());
        webSocket = new WebSocketConnection(tcp, Role.SERVER, facts, listener, options, owner::removed);
        tcp.handler(webSocket);
        owner.upgraded(this, webSocket);
        webSocket.opened();
    }

    // ------------------------------------------------------------------ for the request that is being served

    void sendContinue() {
        tcp.send(ByteBuffer.wrap(CONTINUE));
    }

    boolean peerEnded() {
        return peerEnded;
    }

    void nextRequest() {
        request = null;
        served = true;
        headOnly = false;
        reader.reset();
        charge.set(kept.capacity());
        stopLimit();
        state = State.HEAD;
        takeKept();
        if (state == State.HEAD && !limit.isRunning()) {
            startLimit(options.keepAliveTimeout(), this::headMissed);
        }
    }

    // ------------------------------------------------------------------ the end

    private void abortBody(String why) {
        if (request != null) {
            request.abortBody(why);
        }
    }

    /** Answers with an error and closes: what follows a refused request cannot be trusted to be a request. */
    void refuse(HttpException e) {
        LOG.log(Level.DEBUG, "{0}: {1} {2}", tcp.remote(), e.status(), e.getMessage());
        if (state == State.REQUEST && request.isStreaming()) {
            // its answer has begun
            reset();
        } else if (state != State.ENDED) {
            end();
            tcp.send(e.response().encode(headOnly, false));
            tcp.close();
        }
    }

    void reset() {
        end();
        tcp.reset();
    }

    void close() {
        end();
        tcp.close();
    }

    /** Nothing that comes is looked at any more. */
    private void end() {
        assert state != State.HANDED_OVER : "the connection is the WebSocket's";
        state = State.ENDED;
        stopLimit();
        kept = NOTHING;
        if (upgrade != null) {
            upgrade.end();
        }
        if (request != null) {
            request.end();
        }
        reader.drop();
        if (charge != null) {
            charge.set(0);
        }
    }
}
