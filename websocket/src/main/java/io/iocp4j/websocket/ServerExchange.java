package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpContent;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** A {@link ServedRequest} as the application sees it. Any thread. */
final class ServerExchange extends RequestExchange implements HttpExchange {
    private final ServedRequest served;
    private final AtomicBoolean bodyAsked = new AtomicBoolean();
    /** The body as a blocking stream, or null. */
    private volatile BodyInputStream bodyStream;
    private volatile boolean bodyPaused;
    /** The clock of the port when the last pause began. */
    private volatile long pausedNanos;
    /** Counts the pauses. Guarded by this. */
    private int pauses;
    /** The answer, until the strand takes it. The connection may end before that. */
    private final AtomicReference<HttpResponse> onItsWay = new AtomicReference<>();

    ServerExchange(TcpConnection tcp, ServedRequest served, HttpRequest request) {
        super(tcp, request);
        this.served = served;
    }

    @Override
    System.Logger log() {
        return ServedRequest.LOG;
    }

    @Override
    public void body(BodyListener listener) {
        Objects.requireNonNull(listener);
        askForBody();
        served.body(listener);
    }

    private void askForBody() {
        if (isAnswered() && !isCancelled()) {
            throw new IllegalStateException("the request was answered");
        }
        if (!bodyAsked.compareAndSet(false, true)) {
            throw new IllegalStateException("the body is asked for once");
        }
    }

    @Override
    public InputStream bodyStream() {
        askForBody();
        BodyInputStream stream = new BodyInputStream(this);
        bodyStream = stream;
        served.body(stream);
        if (served.isOver()) {
            endBodyStream(ServedRequest.NOT_NEEDED);
        }
        return stream;
    }

    /** Ends the stream of the body, so that its reader does not wait and unread bytes are freed. */
    void endBodyStream(String why) {
        BodyInputStream stream = bodyStream;
        if (stream != null) {
            stream.end(why);
        }
    }

    @Override
    public void pauseBody() {
        synchronized (this) {
            pausedNanos = tcp.completionPort().nanoTime();
            pauses++;
            bodyPaused = true;
        }
    }

    @Override
    public void resumeBody() {
        bodyPaused = false;
        served.bodyResumed();
    }

    boolean isBodyPaused() {
        return bodyPaused;
    }

    /** The number of pauses of the body. */
    synchronized int pauses() {
        return pauses;
    }

    /** The time since the body was paused, in nanoseconds; 0 if it is not paused. */
    long pausedFor() {
        return bodyPaused ? tcp.completionPort().nanoTime() - pausedNanos : 0;
    }

    void requireNotWorker() {
        if (tcp.completionPort().isWorker()) {
            throw new IllegalStateException(
                    "a worker of the port must not wait for it: use HttpHandler.blocking, or a BodyListener");
        }
    }

    @Override
    public boolean respond(HttpResponse response) {
        Objects.requireNonNull(response);
        if (!answered()) {
            discard(response);
            return false;
        }
        onItsWay.set(response);
        served.answer();
        if (served.isOver()) {
            discard();
        }
        return true;
    }

    /** Takes the answer to send it. Null if it was taken before. */
    HttpResponse takeResponse() {
        return onItsWay.getAndSet(null);
    }

    /** Discards an answer that is not sent. */
    void discard() {
        HttpResponse response = takeResponse();
        if (response != null) {
            discard(response);
        }
    }

    static void discard(HttpResponse response) {
        HttpContent content = response.stream();
        if (content != null) {
            try {
                content.discard();
            } catch (IOException | RuntimeException | Error thrown) {
                ServedRequest.LOG.log(Level.WARNING, "the content of an answer that was not sent: discard threw",
                        thrown);
            }
        }
    }
}
