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
 * which becomes a {@link ServedRequest} or a handshake. An upgrade replaces this handler by the
 * {@link WebSocketConnection}. Strand only, unless a method says otherwise.
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
        /** A request is being served; it decides which bytes are read and which are kept. */
        REQUEST,
        /** Waits for the application's decision about a handshake; the first frames are kept. */
        UPGRADE,
        /** The WebSocket has the connection. The rest of the received bytes goes to it. */
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
    /** A request was served. The keep-alive timeout runs until the next one begins. */
    private boolean served;
    /** The last request was a HEAD: its answer has no content. */
    private boolean headOnly;
    /**
     * Received bytes that must wait: an earlier request is not answered yet, or the turn of a body is over. It is a
     * copy, because received memory is lent. It holds at most one receive, because the connection is paused while it is
     * not empty. Only this class pauses and resumes the connection before an upgrade, and never after it. While a
     * handshake waits for its answer, the pause begins at {@link #EARLY_BYTES_MAX}, because a paused connection does
     * not notice the loss of its client.
     */
    private ByteBuffer kept = NOTHING;
    /** Null until the connection is open. It stays null if the connection ends before, or in its TLS handshake. */
    private MemoryCharge charge;
    private final TimeLimit limit = new TimeLimit();
    /** The client has ended its side. It may still wait for the answer to its last request. */
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
            // behind the bytes that already wait
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
            // a client with a connection pool would take an error for the answer to its next request
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

    /** Ends the connection after the queued bytes, unless it carries a WebSocket. Any thread. */
    @Override
    public void stop() {
        tcp.execute(() -> {
            // the owner stops the WebSocket that has replaced this handler
            if (state == State.HANDED_OVER || state == State.REQUEST && request.finishesBeforeStop()) {
                return;
            }
            boolean idle = state == State.HEAD && !reader.isStarted() && tcp.bufferedAmount() == 0;
            abortBody("the server stops");
            end();
            if (idle) {
                // no bytes are on their way, and browsers are slow to end an idle connection
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
            // silence before a request is no error, and a client with a connection pool would take an error for the
            // answer to its next request
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

    /**
     * Pauses the connection. TCP then slows down a client that sends more requests without waiting for the answer
     * (pipelining, RFC 9112 section 9.3.2), and the server keeps at most one receive of them. While bytes are kept, the
     * server does not notice the loss of the client.
     */
    private void pauseForKept() {
        if (state != State.UPGRADE || kept.remaining() >= EARLY_BYTES_MAX) {
            tcp.pause();
        }
    }

    /** Takes the bytes that waited. */
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

    /** Charges the memory of bytes that must wait. Refuses the request and returns false if there is no room. */
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
        // a head needs its length twice, as bytes and as fields
        long room = 2L * Math.min(data.remaining(), options.httpLimits().maxHeaderBytes());
        if (!charge.set(reader.keptBytes() + room + kept.capacity())) {
            throw new HttpException(503, charge.refusal());
        }
        HttpRequest head = reader.read(data);
        charge.set((long) reader.keptBytes() + kept.capacity());
        if (head == null) {
            if (!started && served && reader.isStarted()) {
                // the time limit of a head begins with its first byte, on a reused connection too
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

    /** The application has accepted a handshake later. */
    void opened(ServedUpgrade asked, WebSocketListener listener) {
        stopLimit();
        upgrade = null;
        handOver(asked.exchange(), listener);
        takeKept();
    }

    /** Answers the handshake and gives the connection to the WebSocket. Bytes received before follow. */
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
            // first: from now on only the WebSocket pauses and resumes, at the request of any thread
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

    /** Answers with an error and closes: the bytes after a refused request need not be a request. */
    void refuse(HttpException e) {
        LOG.log(Level.DEBUG, "{0}: {1} {2}", tcp.remote(), e.status(), e.getMessage());
        if (state == State.REQUEST && request.isStreaming()) {
            // the answer has begun, so an error cannot replace it
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

    /** Received bytes are dropped from now on. */
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
