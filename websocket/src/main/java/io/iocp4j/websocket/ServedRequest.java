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
 * One request of an {@link HttpConnection}, from its head to the end of its answer. The application sees it as a
 * {@link ServerExchange}. Strand only, unless a method says otherwise.
 */
final class ServedRequest {
    static final System.Logger LOG = new GuardedLog(HttpHandler.class);
    /** The reason that the reader of a body gets. */
    static final String NOT_NEEDED = "the answer is not needed any more";

    /**
     * The progress of the request. All states except the first keep the bytes that the client sends meanwhile, unless
     * no request can follow the answer.
     */
    private enum State {
        /** Passes the body to the application. */
        BODY,
        /** Waits for the application's answer. */
        ANSWER,
        /** Sends content while the application writes it. */
        STREAM,
        /** Waits until the peer has read the answer; only then the next request is read. */
        FLUSH,
        /** The request is over. */
        ENDED
    }

    private final HttpConnection connection;
    private final TcpConnection tcp;
    private final ServerOptions options;
    private final HttpRequest request;
    private final ServerExchange exchange;
    private State state = State.ANSWER;
    /** The thread that runs the handler: a body requested on it begins at once. Null outside of the handler. */
    private Thread handling;
    /** Null until the application asks for it, and after the answer. */
    private RequestBody body;
    /** The turn of this body is over; the rest waits for the next turn. */
    private boolean turnOver;
    /** The content that is being sent, or null. */
    private ResponseStream stream;
    /** The answer is not needed any more. Any thread. */
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

    /** Returns true if received bytes must wait. */
    boolean waits() {
        return !drops() && (state != State.BODY || turnOver || exchange.isBodyPaused());
    }

    /** Returns true if received bytes are dropped. A paused connection would not notice the loss of its client. */
    private boolean drops() {
        return state == State.STREAM && !keepAlive;
    }

    /** Any thread. */
    void body(BodyListener listener) {
        if (Thread.currentThread() == handling) {
            beginBody(listener);
            return;
        }
        // exactly one of the two acts: a connection that ends drops the second, so the first reports the end
        AtomicBoolean begun = new AtomicBoolean();
        exchange.onCancel(() -> {
            if (begun.compareAndSet(false, true)) {
                RequestBody.abort(listener, exchange, NOT_NEEDED);
            }
        });
        tcp.execute(() -> {
            if (begun.compareAndSet(false, true)) {
                if (state == State.ANSWER && !exchange.isAnswered()) {
                    connection.stopLimit();
                    beginBody(listener);
                    connection.takeKept();
                } else {
                    RequestBody.abort(listener, exchange, "the request was answered");
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

    /**
     * Checks the rate of the body after each interval. While the application pauses the body, the response timeout
     * counts instead; it is checked at the same intervals.
     */
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

    /** The received bytes of the body, including those that the application has not seen yet. */
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

    /** Takes the next bytes. Called only while {@link #waits()} is false. */
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
        // the next request cannot be found behind a body that was not read to its end
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
     * Checks after each interval whether the peer reads fast enough. If no bytes wait for it, the application is slow
     * and not the peer.
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

    /** The content is complete, or has failed. */
    void streamed(boolean complete) {
        if (state != State.STREAM) {
            return;
        }
        stream = null;
        if (complete) {
            keepAlive &= !connection.peerEnded();
            sent(!tcp.awaitsDrain());
        } else {
            // a FIN would make an incomplete answer of unknown length look complete
            connection.reset();
        }
    }

    /** The whole answer is queued. Reads the next request, if there is room for its answer. */
    private void sent(boolean room) {
        if (!keepAlive) {
            connection.close();
        } else if (room) {
            next();
        } else {
            // a peer that sends requests and reads no answers must not fill the queue
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

    /** Returns true if a client that has ended its side may still wait for the answer. */
    boolean outlivesPeersEnd() {
        return state == State.ANSWER || state == State.STREAM && !stream.isOpenEnded();
    }

    /** Returns true if the answer has begun, so that an error cannot replace it. */
    boolean isStreaming() {
        return state == State.STREAM;
    }

    /** Returns true if the answer is complete but not yet read by the client. */
    boolean isFlushing() {
        return state == State.FLUSH;
    }

    /** The server stops. Returns true if the answer is completed first; the connection ends after it. */
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

    /** Ends the request: its answer is not needed any more. */
    void end() {
        state = State.ENDED;
        over = true;
        if (stream != null) {
            stream.cancel();
            stream = null;
        }
        exchange.cancel();
        exchange.discard();
        exchange.endBodyStream(NOT_NEEDED);
    }
}
