package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.websocket.CloseCode;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/**
 * One stream: a publisher or none for a while, and those who watch. Outlives its publisher by the grace time, so that viewers stay
 * through a restart of it.
 */
final class RelayStream {
    private static final System.Logger LOG = System.getLogger(RelayStream.class.getName());

    /** Where a stream stands. */
    enum State {
        /** A publisher sends. */
        LIVE,
        /** The publisher is gone; its viewers wait for the grace time. */
        WAITING,
        /** Over; a new publisher of the same path makes a new stream. */
        ENDED
    }

    /** Who publishes, to be told when somebody else took over. */
    interface Publisher {
        /**
         * This publisher no longer has the stream. Called once, under no lock.
         *
         * @param status of HTTP that fits: 409 when somebody took over, 503 when the relay stops
         * @param why in words
         */
        void lost(int status, String why);
    }

    private final String path;
    private final String container;
    private final RelayOptions options;
    private final CompletionPort port;
    private final Clock clock;
    private final Runnable onEnded;
    private final long beganNanos;

    // guarded by this
    private State state = State.WAITING;
    private Publisher publisher;
    private int epoch;
    private String mime = "";
    private int width;
    private int height;
    private MediaUnit init;
    private int seq;
    private final GopCache gop;
    private final Meter meter = new Meter();
    private final List<Viewer> viewers = new ArrayList<>();
    private Future<?> graceTimer;
    private long droppedByFormerViewers;

    RelayStream(String path, String container, RelayOptions options, CompletionPort port, Clock clock, Runnable onEnded) {
        this.path = path;
        this.container = container;
        this.options = options;
        this.port = port;
        this.clock = clock;
        this.onEnded = onEnded;
        this.beganNanos = nanos();
        this.gop = new GopCache(options.gopBytesMax(), options.gopMax().toNanos());
    }

    String path() {
        return path;
    }

    String container() {
        return container;
    }

    long nanos() {
        return System.nanoTime();
    }

    /** Whether every frame of this container is a key, so that only the newest is worth waiting. */
    boolean isAllKeys() {
        return container.equals("mjpeg");
    }

    // ------------------------------------------------------------------ publishing

    /**
     * A publisher comes, in place of another if there is one; false if the stream has ended meanwhile.
     *
     * @param initBytes its init segment, null for a container without one
     */
    boolean publish(Publisher next, String newMime, int newWidth, int newHeight, ByteBuffer initBytes) {
        Publisher former;
        synchronized (this) {
            if (state == State.ENDED) {
                return false;
            }
            former = publisher;
            publisher = next;
            state = State.LIVE;
            epoch++;
            if (graceTimer != null) {
                graceTimer.cancel(false);
                graceTimer = null;
            }
            init(next, newMime, newWidth, newHeight, initBytes);
        }
        if (former != null) {
            former.lost(409, "another publisher took over");
        }
        return true;
    }

    /** The publisher goes on with another init segment. */
    synchronized void init(Publisher from, String newMime, int newWidth, int newHeight, ByteBuffer bytes) {
        if (from != publisher) {
            return;
        }
        dropMedia();
        mime = newMime;
        width = newWidth;
        height = newHeight;
        if (bytes != null) {
            init = MediaUnit.init(port.buffers(), seq, originMicros(), bytes);
        }
        LOG.log(Level.INFO, "stream " + path + ", epoch " + epoch + ": " + mime + ", " + width + "x" + height);
        String text = text();
        long now = nanos();
        viewers.forEach(viewer -> viewer.epoch(text, init, now));
    }

    /** A frame, which goes to every viewer; never waits. */
    synchronized void media(Publisher from, ByteBuffer payload, boolean key) {
        if (from != publisher) {
            return;
        }
        long now = nanos();
        MediaUnit unit = MediaUnit.media(port.buffers(), key, seq++, originMicros(), payload);
        try {
            meter.add(unit.bytes(), now);
            if (gop.add(unit, now)) {
                LOG.log(Level.WARNING, "stream {0}: no key for more than {1} or {2} bytes, late joiners wait for the next one", path,
                        options.gopMax(), String.valueOf(options.gopBytesMax()));
            }
            long bytesMax = queueBytesMax();
            for (Viewer viewer : viewers) {
                viewer.offer(unit, bytesMax, now);
            }
        } finally {
            unit.release();
        }
    }

    /** The publisher is gone; the stream waits for the next one. */
    synchronized void unpublish(Publisher gone) {
        if (gone != publisher) {
            return;
        }
        publisher = null;
        state = State.WAITING;
        String text = text();
        long now = nanos();
        viewers.forEach(viewer -> viewer.epoch(text, null, now));
        int last = epoch;
        // a timer that is cancelled too late still runs, so it has to find the very silence that it was made for
        graceTimer = port.schedule(options.grace(), () -> endIf(() -> state == State.WAITING && epoch == last,
                Viewer.STREAM_ENDED, "the publisher did not come back"));
    }

    /** Says goodbye to everybody. */
    void end(int code, String reason) {
        endIf(() -> state != State.ENDED, code, reason);
    }

    /** Ends the stream if the condition holds, which is asked under the lock. */
    private void endIf(BooleanSupplier condition, int code, String reason) {
        List<Viewer> left;
        Publisher former;
        String ended;
        synchronized (this) {
            if (!condition.getAsBoolean()) {
                return;
            }
            state = State.ENDED;
            former = publisher;
            publisher = null;
            if (graceTimer != null) {
                graceTimer.cancel(false);
            }
            ended = text();
            left = List.copyOf(viewers);
            dropMedia();
        }
        LOG.log(Level.INFO, "stream {0} ended: {1}", path, reason);
        if (former != null) {
            former.lost(code == CloseCode.GOING_AWAY ? 503 : 409, reason);
        }
        left.forEach(viewer -> viewer.bye(ended, code, reason));
        onEnded.run();
    }

    private void dropMedia() {
        gop.clear();
        if (init != null) {
            init.release();
            init = null;
        }
    }

    private long originMicros() {
        var now = clock.instant();
        return Math.addExact(Math.multiplyExact(now.getEpochSecond(), 1_000_000L), now.getNano() / 1_000);
    }

    private long queueBytesMax() {
        return Math.clamp(gop.fullBytes() + gop.fullBytes() / 2, options.queueBytesMin(), options.queueBytesMax());
    }

    // ------------------------------------------------------------------ watching

    /** A viewer comes, or begins anew. */
    void join(Viewer viewer) {
        String ended;
        synchronized (this) {
            if (state != State.ENDED) {
                if (!viewers.contains(viewer)) {
                    viewers.add(viewer);
                }
                viewer.begin(text(), init, gop.units(), queueBytesMax(), nanos());
                return;
            }
            ended = text();
        }
        viewer.bye(ended, Viewer.STREAM_ENDED, "the stream has ended");
    }

    synchronized void leave(Viewer viewer) {
        if (viewers.remove(viewer)) {
            droppedByFormerViewers += viewer.framesDropped();
        }
    }

    synchronized int viewers() {
        return viewers.size();
    }

    // ------------------------------------------------------------------ telling

    private String text() {
        return "{\"t\":\"stream\",\"state\":\"" + state.name().toLowerCase(Locale.ROOT) + "\",\"epoch\":" + epoch + ",\"container\":\""
                + container + "\",\"mime\":" + Json.quote(mime) + ",\"w\":" + width + ",\"h\":" + height + "}";
    }

    /** One element of {@code GET /api/v1/streams}. */
    synchronized String json() {
        long now = nanos();
        long dropped = droppedByFormerViewers;
        for (Viewer viewer : viewers) {
            dropped += viewer.framesDropped();
        }
        return String.format(Locale.ROOT, "{\"path\":%s,\"state\":\"%s\",\"container\":\"%s\",\"mime\":%s,\"width\":%d,\"height\":%d,"
                + "\"viewers\":%d,\"epoch\":%d,\"fps\":%.1f,\"bitrate\":%.0f,\"gopBytes\":%d,\"gopCached\":%b,\"uptimeMs\":%d,"
                + "\"framesIn\":%d,\"bytesIn\":%d,\"framesDropped\":%d}",
                Json.quote(path), state.name().toLowerCase(Locale.ROOT), container, Json.quote(mime), width, height, viewers.size(), epoch,
                meter.framesPerSecond(now), meter.bitsPerSecond(now), gop.bytes(), !gop.overflowed(), (now - beganNanos) / 1_000_000,
                meter.totalFrames(), meter.totalBytes(), dropped);
    }
}
