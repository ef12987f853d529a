package io.iocp4j.relay.observe;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.websocket.CloseStatus;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.frame.CloseCode;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Tells subscribers what happens. A publisher of events never waits: what a subscriber does not take in time is
 * dropped for that subscriber, counted, and reported to it. Any thread; callers may hold the lock of a stream.
 */
public final class Events {
    /** The largest number of subscribers over WebSocket. One more is closed with 4429. */
    public static final int SUBSCRIBERS_MAX = 64;
    /** The limit of bytes that wait for one subscriber. Above it, events are dropped for that subscriber. */
    public static final int QUEUE_BYTES_MAX = 256 << 10;
    /** Close code: there are too many subscribers. */
    private static final int TOO_MANY = 4429;

    private static final System.Logger LOG = new GuardedLog(Events.class);

    private final RelayMetrics metrics;
    private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();
    private final List<Consumer<RelayEvent>> consumers = new CopyOnWriteArrayList<>();

    Events(RelayMetrics metrics) {
        this.metrics = metrics;
    }

    /** Adds a consumer that lives as long as the relay. It must not wait, and takes no lock of a stream. */
    void consumer(Consumer<RelayEvent> consumer) {
        consumers.add(consumer);
    }

    /** Tells whether anybody wants events, so that nothing needs to be made otherwise. */
    boolean isWanted() {
        return !subscribers.isEmpty() || !consumers.isEmpty();
    }

    /**
     * Tells everybody. Never waits, and throws nothing.
     *
     * @param event what happened
     */
    public void publish(RelayEvent event) {
        if (!isWanted()) {
            return;
        }
        try {
            String json = event.json();
            subscribers.forEach(subscriber -> subscriber.offer(event.path(), json));
            consumers.forEach(consumer -> consumer.accept(event));
        } catch (RuntimeException | Error thrown) {
            // whoever publishes serves viewers, and must go on
            LOG.log(Level.WARNING, "an event was lost: " + event.type(), thrown);
        }
    }

    /**
     * Returns the listener of a new subscriber.
     *
     * @param path the path of the stream whose events it wants; null for all
     * @param opened called once with its WebSocket
     * @param closed called once at its end
     * @return for one WebSocket
     */
    public WebSocketListener subscriber(String path, Consumer<WebSocket> opened, Runnable closed) {
        return new Subscriber(path, opened, closed);
    }

    /** Closes all subscribers. */
    void close() {
        subscribers.forEach(subscriber -> subscriber.socket.close(CloseCode.GOING_AWAY, "the relay stops"));
    }

    private final class Subscriber implements WebSocketListener {
        private final String path;
        private final Consumer<WebSocket> atOpen;
        private final Runnable atClose;
        private volatile WebSocket socket;
        /** Events that were dropped and not yet reported. Guarded by this. */
        private long lost;

        Subscriber(String path, Consumer<WebSocket> atOpen, Runnable atClose) {
            this.path = path;
            this.atOpen = atOpen;
            this.atClose = atClose;
        }

        @Override
        public void onOpen(WebSocket opened) {
            socket = opened;
            atOpen.accept(opened);
            if (subscribers.size() >= SUBSCRIBERS_MAX) {
                opened.close(TOO_MANY, "there are already " + SUBSCRIBERS_MAX + " subscribers, which is the limit");
                return;
            }
            opened.trySend("{\"t\":\"hello\",\"v\":1}");
            subscribers.add(this);
        }

        synchronized void offer(String about, String json) {
            if (path != null && !path.equals(about)) {
                return;
            }
            if (socket.bufferedAmount() > QUEUE_BYTES_MAX) {
                lost++;
                metrics.eventsLost.increment();
                return;
            }
            if (lost > 0) {
                socket.trySend("{\"t\":\"lost\",\"events\":" + lost + "}");
                lost = 0;
            }
            socket.trySend(json);
        }

        @Override
        public void onText(WebSocket from, String text) {
            // nothing is defined that a subscriber may ask for
        }

        @Override
        public void onBinary(WebSocket from, ByteBuffer data) {
            from.close(CloseCode.UNSUPPORTED_DATA, "a subscriber may send text only");
        }

        @Override
        public void onClose(WebSocket closed, CloseStatus why) {
            subscribers.remove(this);
            atClose.run();
        }
    }
}
