package io.iocp4j.websocket;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.IoError;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpBodyDecoder;
import io.iocp4j.websocket.http.HttpContent;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One request at its {@link HttpConnection}, from its head to the end of the answer: the body to the application, and
 * the answer back. {@link ServerExchange} is what the application sees of it. Strand only, unless a method says
 * otherwise.
 */
final class ServedRequest {
    static final System.Logger LOG = new GuardedLog(HttpHandler.class);

    /**
     * The progress of the request. All states but the first keep what the client sends meanwhile. Content that no
     * request can follow drops it.
     */
    private enum State {
        /** Hands on the body. */
        BODY,
        /** Waits for the application's answer. */
        ANSWER,
        /** Sends content that is made meanwhile. */
        STREAM,
        /** Waits for the peer to read the answer before the next request has its turn. */
        FLUSH,
        /** Nothing follows. */
        ENDED
    }

    private final HttpConnection connection;
    private final TcpConnection tcp;
    private final ServerOptions options;
    private final HttpRequest request;
    private final ServerExchange exchange;
    private State state = State.ANSWER;
    /** The thread that is in the handler: there the body begins at once. Null outside of it. */
    private Thread handling;
    /** Null until the application asks for it, and behind the answer. */
    private RequestBody body;
    /** Enough of the body was handed on in this turn; the rest has a later one. */
    private boolean turnOver;
    /** The content that is being sent, or null. */
    private ResponseStream stream;
    /** Nobody waits for the answer any more. Any thread. */
    private volatile boolean over;
    /** The next request may follow the answer. */
    private boolean keepAlive;

    ServedRequest(HttpConnection connection, TcpConnection tcp, ServerOptions options, HttpRequest request) {
        this.connection = connection;
        this.tcp = tcp;
        this.options = options;
        this.request = request;
        this.exchange = new ServerExchange(tcp, this, request);
    }

    // ------------------------------------------------------------------ the handler

    void handle(HttpHandler handler) throws HttpException {
        handling = Thread.currentThread();
        try {
            exchange.call(() -> {
                handler.onRequest(exchange);
                return null;
            });
        } finally {
            handling = null;
        }
        expectAnswer();
    }

    private void expectAnswer() {
        if (state == State.ANSWER && !exchange.isAnswered() && options.responseTimeout().isPositive()) {
            connection.startLimit(options.responseTimeout(), this::answerMissed);
        }
    }

    private void answerMissed() {
        if (exchange.cancel()) {
            LOG.log(Level.WARNING, request + " of " + tcp.remote() + " was not answered in "
                    + options.responseTimeout());
            abortBody("there was no answer in time");
            connection.refuse(new HttpException(503, "there was no answer in time"));
        }
    }

    // ------------------------------------------------------------------ the body

    /** Whether received bytes have to wait. */
    boolean waits() {
        return !drops() && (state != State.BODY || turnOver || exchange.isBodyPaused());
    }

    /** A paused connection would not see that its client goes, and content may take its time. */
    private boolean drops() {
        return state == State.STREAM && !keepAlive;
    }

    /** Any thread. */
    void body(BodyListener listener) {
        if (Thread.currentThread() == handling) {
            beginBody(listener);
            return;
        }
        // whichever comes first: the connection may end before the task has its turn, and then drops it
        AtomicBoolean begun = new AtomicBoolean();
        exchange.onCancel(() -> {
            if (begun.compareAndSet(false, true)) {
                listener.onBodyAborted("nobody waits for the answer any more");
            }
        });
        tcp.execute(() -> {
            if (begun.compareAndSet(false, true)) {
                if (state == State.ANSWER && !exchange.isAnswered()) {
                    connection.stopLimit();
                    beginBody(listener);
                    connection.takeKept();
                } else {
                    listener.onBodyAborted("the request was answered");
                }
            }
        });
    }

    private void beginBody(BodyListener listener) {
        HttpBodyDecoder decoder = new HttpBodyDecoder(request, options.httpLimits());
        if (request.expectsContinue() && !decoder.isDone()) {
            connection.sendContinue();
        }
        body = new RequestBody(exchange, decoder, listener);
        state = State.BODY;
        if (decoder.isDone()) {
            tcp.execute(this::endBodyUnlessAnswered);
        } else {
            expectBody();
        }
    }

    /** Any thread. */
    void bodyResumed() {
        tcp.execute(() -> {
            if (state == State.BODY) {
                connection.takeKept();
            }
        });
    }

    /** While the application pauses the body, the time is its own, and has the limit of an answer. */
    private void expectBody() {
        long before = bodyBytes();
        int pausesBefore = exchange.pauses();
        boolean pausedBefore = exchange.isBodyPaused();
        connection.startLimit(options.requestTimeout(), () -> {
            long nanos = options.requestTimeout().toNanos();
            boolean paused = pausedBefore || exchange.pauses() != pausesBefore;
            if (options.responseTimeout().isPositive()
                    && exchange.pausedFor() >= options.responseTimeout().toNanos()) {
                answerMissed();
            } else if (!paused && bodyBytes() - before < options.minBodyRate() * (nanos / 1e9)) {
                abortBody("the body came too slowly");
                connection.refuse(new HttpException(408, "less than " + options.minBodyRate() + " bytes per second"));
            } else {
                expectBody();
            }
        });
    }

    /** As far as the body has come, and not only as far as it was handed on. */
    private long bodyBytes() {
        return body.received() + connection.keptBytes();
    }

    private void endBodyUnlessAnswered() {
        if (state == State.BODY) {
            try {
                endBody();
            } catch (HttpException e) {
                connection.refuse(e);
            }
        }
    }

    /** Takes the next bytes, while it {@link #waits()} for nothing. */
    void take(ByteBuffer data) throws HttpException {
        if (drops()) {
            data.position(data.limit());
            return;
        }
        assert state == State.BODY : state;
        body.take(data);
        if (state == State.BODY && body.isComplete()) {
            endBody();
        } else if (data.hasRemaining() && !exchange.isBodyPaused()) {
            turnOver = true;
            tcp.executeLater(() -> {
                turnOver = false;
                connection.takeKept();
            });
        }
    }

    private void endBody() throws HttpException {
        state = State.ANSWER;
        connection.stopLimit();
        body.end();
        expectAnswer();
    }

    void abortBody(String why) {
        if (body != null) {
            body.abort(why);
        }
    }

    // ------------------------------------------------------------------ the answer

    /** Any thread. */
    void answer() {
        tcp.execute(() -> {
            HttpResponse response = exchange.takeResponse();
            if (response == null) {
                return;
            }
            if (state == State.ANSWER || state == State.BODY) {
                finish(response);
            } else {
                ServerExchange.discard(response);
            }
        });
    }

    private void finish(HttpResponse response) {
        connection.stopLimit();
        // a body that was not read to its end stands between this answer and the next request
        boolean bodyLeft = state == State.BODY || body == null && (request.chunked() || request.contentLength() > 0);
        HttpContent content = response.stream();
        boolean endsWithConnection = content != null
                && (content.isOpenEnded() || content.length() < 0 && !request.http11());
        keepAlive = request.keepAlive() && !bodyLeft && !connection.peerEnded() && !endsWithConnection;
        if (body != null) {
            body.drop();
            body = null;
        }
        exchange.endBodyStream("the request was answered");
        boolean headOnly = request.method().equals("HEAD");
        if (content == null) {
            sent(tcp.send(response.encode(headOnly, keepAlive)));
        } else if (headOnly) {
            ServerExchange.discard(response);
            sent(tcp.send(response.encodeHead(request.http11(), keepAlive)));
        } else {
            stream(response);
        }
    }

    private void stream(HttpResponse response) {
        HttpContent content = response.stream();
        ResponseStream made = new ResponseStream(this, tcp, request, content, content.length() < 0 && request.http11());
        if (!made.mayBegin()) {
            ServerExchange.discard(response);
            connection.refuse(new HttpException(503, made.refusal()));
            return;
        }
        tcp.send(response.encodeHead(request.http11(), keepAlive));
        stream = made;
        state = State.STREAM;
        stream.begin();
        if (options.minAnswerRate() > 0) {
            expectTaken();
        }
        if (drops()) {
            connection.takeKept();
        }
    }

    /**
     * Looks in each interval whether the peer takes what waits for it. Where nothing waits, it is the application that
     * is slow.
     */
    private void expectTaken() {
        long waiting = tcp.bufferedAmount();
        long before = tcp.bytesTaken();
        connection.startLimit(options.requestTimeout(), () -> {
            double due = options.minAnswerRate() * (options.requestTimeout().toNanos() / 1e9);
            if (waiting > 0 && tcp.bufferedAmount() > 0 && tcp.bytesTaken() - before < due) {
                String slow = "the peer takes less than " + options.minAnswerRate() + " bytes per second";
                LOG.log(Level.DEBUG, "{0}: {1}", tcp.remote(), slow);
                tcp.abort(IoError.TIMED_OUT, new IOException(slow));
            } else {
                expectTaken();
            }
        });
    }

    /** The content has come to its end, or will never. */
    void streamed(boolean complete) {
        if (state != State.STREAM) {
            return;
        }
        stream = null;
        if (complete) {
            keepAlive &= !connection.peerEnded();
            sent(!tcp.awaitsDrain());
        } else {
            // what came so far must not look like the whole, also where its length is not known
            connection.reset();
        }
    }

    /** An answer has gone to TCP, which has room for more or not. */
    private void sent(boolean room) {
        if (!keepAlive) {
            connection.close();
        } else if (room) {
            next();
        } else {
            // a peer that asks and does not read gets no further
            state = State.FLUSH;
            connection.startLimit(options.keepAliveTimeout(), connection::close);
        }
    }

    void drained() {
        if (state == State.FLUSH) {
            next();
        }
    }

    private void next() {
        state = State.ENDED;
        over = true;
        connection.nextRequest();
    }

    // ------------------------------------------------------------------ the end

    /** Whether a client that has ended its side may still wait for the answer. */
    boolean outlivesPeersEnd() {
        return state == State.ANSWER || state == State.STREAM && !stream.isOpenEnded();
    }

    /** Whether the answer has begun, so that no other can take its place. */
    boolean isStreaming() {
        return state == State.STREAM;
    }

    /** Whether the answer is complete, and only its client is slow. */
    boolean isFlushing() {
        return state == State.FLUSH;
    }

    /** The server stops: true if the answer goes on to its end, and then the connection ends. */
    boolean finishesBeforeStop() {
        boolean finishes = state == State.STREAM && !stream.isOpenEnded();
        if (finishes) {
            keepAlive = false;
        }
        return finishes;
    }

    /** Any thread. */
    boolean isOver() {
        return over;
    }

    /** Nobody waits for the answer any more. */
    void end() {
        state = State.ENDED;
        over = true;
        if (stream != null) {
            stream.cancel();
            stream = null;
        }
        exchange.cancel();
        exchange.discard();
        exchange.endBodyStream("nobody waits for the answer any more");
    }
}
