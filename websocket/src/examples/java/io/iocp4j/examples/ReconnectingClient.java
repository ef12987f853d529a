package io.iocp4j.examples;

import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketClient;
import io.iocp4j.websocket.WebSocketSession;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A client that connects again whenever its WebSocket has ended, until it is closed. Before each further attempt it
 * waits a random part of a limit that doubles up to a cap (full jitter), so that the clients of a server that restarts
 * do not come all at once. The session runs once for each WebSocket; it knows what has to be sent again.
 */
public final class ReconnectingClient implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ReconnectingClient.class.getName());

    private final URI uri;
    private final WebSocketSession session;
    private final long first;
    private final long cap;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;

    /** Begins to connect. The first limit and the cap are above 0. */
    ReconnectingClient(URI uri, Duration first, Duration cap, WebSocketSession session) {
        this.uri = uri;
        this.session = session;
        this.first = first.toNanos();
        this.cap = cap.toNanos();
        this.thread = Thread.startVirtualThread(this::run);
    }

    private void run() {
        try {
            long limit = 0;
            while (!closed.await(ThreadLocalRandom.current().nextLong(limit + 1), TimeUnit.NANOSECONDS)) {
                limit = connectOnce() ? first : Math.min(cap, Math.max(first, 2 * limit));
            }
        } catch (InterruptedException e) {
            // by close()
        }
    }

    /** Returns whether the WebSocket outlived the cap: a server that accepts and closes at once deserves a wait too. */
    private boolean connectOnce() {
        long opened = 0;
        try (WebSocket socket = WebSocketClient.connect(uri)) {
            opened = System.nanoTime();
            session.run(socket);
        } catch (Exception e) {
            LOG.log(Level.INFO, () -> uri + " ended", e);
        }
        return opened != 0 && System.nanoTime() - opened > cap;
    }

    /** Interrupts the session, which closes its WebSocket with 1000, and waits until it has ended. */
    @Override
    public void close() {
        closed.countDown();
        thread.interrupt();
        try {
            if (Thread.currentThread() != thread) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
