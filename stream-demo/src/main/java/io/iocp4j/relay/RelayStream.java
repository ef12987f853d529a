package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.media.UnitFacts;
import io.iocp4j.relay.observe.LogField;
import io.iocp4j.relay.observe.StreamObserver;
import io.iocp4j.websocket.frame.CloseCode;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/**
 * One stream with its publisher and its viewers. It outlives its publisher by the grace time, so that viewers stay
 * connected while the publisher restarts. Any thread.
 */
final class RelayStream {
    private static final System.Logger LOG = new GuardedLog(RelayStream.class);

    /** The state of a stream. */
    enum State {
        /** A publisher sends. */
        LIVE,
        /** No publisher sends; the viewers wait for one, at most for the grace time. */
        WAITING,
        /** The stream is over; a new publisher of the same path creates a new stream. */
        ENDED
    }

    /** The publisher of a stream. The stream notifies it when it loses the stream. */
    interface Publisher {
        /**
         * Called once, without a lock, when this publisher no longer has the stream.
         *
         * @param status the HTTP status: 503 if the relay stops, 403 by the operator's order, otherwise 409
         * @param why the reason, for the response and the log
         */
        void lost(int status, String why);

        /** Returns where it comes from. */
        default PublisherInfo info() {
            return new PublisherInfo(null, "");
        }
    }

    private final String path;
    private final String container;
    private final RelayHub hub;
    private final Duration grace;
    private final int minQueueBytes;
    private final int maxQueueBytes;
    private final CompletionPort port;
    private final Clock clock;
    private final Runnable onEnded;
    private final StreamObserver observer;
    private final long beganNanos;

    // Guarded by this.
    private State state = State.WAITING;
    private Publisher publisher;
    private int epoch;
    private String mime = "";
    private int width;
    private int height;
    private MediaUnit init;
    private int seq;
    private final GopCache gop;
    private final UnitMemory memory;
    private final Meter meter = new Meter();
    private final Audience audience = new Audience();
    private Future<?> graceTimer;
    /** Written with the lock of the hub held: the stream counts, because it has had a frame. */
    private volatile boolean counted;

    RelayStream(String path, String container, Settings settings, RelayHub hub, CompletionPort port, Clock clock,
            Runnable onEnded) {
        this.path = path;
        this.container = container;
        this.hub = hub;
        this.grace = settings.get(ServeSettings.GRACE);
        // the ranges of these settings end below 2^31
        this.minQueueBytes = settings.get(ServeSettings.MIN_QUEUE).intValue();
        this.maxQueueBytes = settings.get(ServeSettings.MAX_QUEUE).intValue();
        this.port = port;
        this.clock = clock;
        this.observer = hub.observer().stream(path);
        this.onEnded = onEnded;
        this.beganNanos = nanos();
        this.gop = new GopCache(settings.get(ServeSettings.MAX_GOP).intValue(),
                settings.get(ServeSettings.MAX_GOP_TIME).toNanos());
        this.memory = new UnitMemory(port, "stream " + path, this::heldBytes, this::dropCache,
                reason -> end(CloseCode.TRY_AGAIN_LATER, reason));
    }

    private synchronized long heldBytes() {
        return gop.bytes() + (init == null ? 0 : init.bytes());
    }

    private synchronized void dropCache() {
        // joining viewers wait for the next key frame, as they do when a group of pictures is too long
        gop.clear();
    }

    boolean isCounted() {
        return counted;
    }

    /** Makes the stream count if it does not yet and a condition holds; true if it counts now. */
    boolean countIfNew(BooleanSupplier room) {
        counted = counted || room.getAsBoolean();
        return counted;
    }

    String path() {
        return path;
    }

    StreamObserver observer() {
        return observer;
    }

    String container() {
        return container;
    }

    long nanos() {
        return port.nanoTime();
    }

    /** Tells whether every frame of this container is a key frame, so that only the newest one is worth queueing. */
    boolean isAllKeys() {
        return container.equals("mjpeg");
    }

    // ------------------------------------------------------------------ publishing

    /**
     * Gives the stream to a publisher, replacing the current one if there is one.
     *
     * @param initBytes its init segment, or null for a container without one
     * @return false if the stream has ended meanwhile
     */
    boolean publish(Publisher next, String newMime, int newWidth, int newHeight, ByteBuffer initBytes) {
        Publisher former = null;
        try {
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
                begin(next, newMime, newWidth, newHeight, initBytes);
            }
        } finally {
            if (former != null) {
                notifyLost(former, 409, "another publisher took over");
            }
        }
        return true;
    }

    /**
     * Begins the epoch of a new publisher. A publisher that fails here is removed at once; otherwise the stream would
     * wait for its frames for ever. Guarded by this.
     */
    private void begin(Publisher next, String newMime, int newWidth, int newHeight, ByteBuffer initBytes) {
        try {
            init(next, newMime, newWidth, newHeight, initBytes);
            observer.live(epoch, next.info().address());
        } catch (RuntimeException | Error thrown) {
            unpublish(next);
            throw thrown;
        }
    }

    /** Notifies a publisher that it has lost the stream. An exception that it throws is logged and goes no further. */
    private void notifyLost(Publisher former, int status, String why) {
        try {
            former.lost(status, why);
        } catch (RuntimeException | Error thrown) {
            LOG.log(Level.WARNING, "the former publisher of stream " + path + " threw an exception", thrown);
        }
    }

    /** Restarts the media with another init segment. Ignored if it is from a former publisher. */
    synchronized void init(Publisher from, String newMime, int newWidth, int newHeight, ByteBuffer bytes) {
        if (from != publisher) {
            return;
        }
        // allocate first, because this may fail
        MediaUnit made = bytes == null ? null : MediaUnit.init(port.buffers(), seq, MediaUnit.micros(clock), bytes);
        dropMedia();
        init = made;
        mime = newMime;
        width = newWidth;
        height = newHeight;
        String text = text(state);
        long now = nanos();
        audience.forEach(viewer -> viewer.epoch(text, init, now));
        meter.restart();
        hub.clientLog().log(LOG, Level.INFO, "epoch", path, "stream {0}, epoch {1}: {2}, {3}x{4}", LogField.path(path),
                String.valueOf(epoch), mime, String.valueOf(width), String.valueOf(height));
    }

    /** Offers a frame to every viewer, without blocking. Ignored if it is from a former publisher. */
    synchronized void media(Publisher from, ByteBuffer payload, UnitFacts facts) {
        if (from != publisher) {
            return;
        }
        long now = nanos();
        MediaUnit unit = MediaUnit.media(port.buffers(), facts.key(), seq++, MediaUnit.micros(clock), payload);
        try {
            // The pool has counted the unit. Charging 0 bytes only checks whether an account must be evicted for it.
            memory.charge(Kind.DIRECT, 0);
            observer.ingested(unit.bytes(), facts.picture(), facts.key(), meter.add(unit.bytes(), facts, now));
            boolean overflow = gop.add(unit, now);
            long bytesMax = maxQueueBytes();
            audience.forEach(viewer -> viewer.offer(unit, bytesMax, now));
            if (overflow) {
                hub.clientLog().log(LOG, Level.WARNING, "gop", path, "stream {0}: no key frame for more than {1};"
                        + " late joiners wait for the next one", LogField.path(path), gop.limits());
            }
        } finally {
            unit.release();
        }
    }

    /** Removes a publisher that is gone, and waits for the next one. Ignored if it is not the current publisher. */
    synchronized void unpublish(Publisher gone) {
        if (gone != publisher || gone == null) {
            return;
        }
        if (!counted && audience.size() == 0) {
            // nothing was shown and nobody waits, so the name is free at once
            publisher = null;
            end(Viewer.STREAM_ENDED, "the publisher left before its first frame");
            return;
        }
        publisher = null;
        state = State.WAITING;
        int last = epoch;
        // Start the timer before anything that may fail: without it, the stream would wait for ever.
        // A timer that is cancelled too late still runs, so it ends the stream only in the same waiting time and epoch.
        try {
            graceTimer = port.deadline(grace, () -> endIf(() -> state == State.WAITING && epoch == last,
                    Viewer.STREAM_ENDED, "the publisher did not come back"));
        } catch (RuntimeException | Error thrown) {
            end(Viewer.STREAM_ENDED, "no timer could be started to wait for a publisher");
            throw thrown;
        }
        long now = nanos();
        observer.waiting(epoch);
        audience.forEach(viewer -> viewer.epoch(text(state), null, now));
    }

    /** Ends the stream: the publisher loses it, and every viewer gets a bye text and a close. */
    void end(int code, String reason) {
        endIf(() -> state != State.ENDED, code, reason);
    }

    /** Ends the stream if a condition holds, which is evaluated with the lock of the stream held. */
    private void endIf(BooleanSupplier condition, int code, String reason) {
        List<Viewer> left;
        Publisher former;
        String ended;
        synchronized (this) {
            if (!condition.getAsBoolean()) {
                return;
            }
            // do what may fail before the state changes
            ended = text(State.ENDED);
            left = audience.list();
            state = State.ENDED;
            former = publisher;
            publisher = null;
            if (graceTimer != null) {
                graceTimer.cancel(false);
            }
            dropMedia();
        }
        try {
            if (former != null) {
                notifyLost(former, code == CloseCode.GOING_AWAY ? 503 : 409, reason);
            }
            for (Viewer viewer : left) {
                viewer.bye(ended, code, reason);
            }
            observer.ended(code, reason);
            LOG.log(Level.INFO, "stream {0} ended: {1}", LogField.path(path), reason);
        } finally {
            memory.close();
            onEnded.run();
        }
    }

    private void dropMedia() {
        gop.clear();
        if (init != null) {
            init.release();
            init = null;
        }
    }

    private long maxQueueBytes() {
        return Math.clamp(gop.fullBytes() + gop.fullBytes() / 2, minQueueBytes, maxQueueBytes);
    }

    // ------------------------------------------------------------------ watching

    /** Adds a viewer, or restarts one that has joined before. */
    void join(Viewer viewer) {
        String ended;
        synchronized (this) {
            if (state != State.ENDED) {
                audience.add(viewer);
                long now = nanos();
                List<MediaUnit> cached = audience.takeBurst(now) ? gop.units() : List.of();
                viewer.begin(text(state), init, cached, maxQueueBytes(), now);
                return;
            }
            ended = text(state);
        }
        viewer.bye(ended, Viewer.STREAM_ENDED, "the stream has ended");
    }

    synchronized List<Viewer> viewerList() {
        return audience.list();
    }

    /** Takes the stream from its publisher by the operator's order; false if it has none. */
    boolean sendPublisherAway(String why) {
        Publisher former;
        synchronized (this) {
            former = publisher;
            unpublish(former);
        }
        if (former != null) {
            notifyLost(former, 403, why);
        }
        return former != null;
    }

    synchronized void leave(Viewer viewer) {
        audience.remove(viewer);
    }

    synchronized int viewers() {
        return audience.size();
    }

    /** Returns the stream text for a state. Guarded by this. */
    private String text(State reported) {
        return "{\"t\":\"stream\",\"state\":\"" + reported.name().toLowerCase(Locale.ROOT) + "\",\"epoch\":" + epoch
                + ",\"container\":\"" + container + "\",\"mime\":" + Json.quote(mime)
                + ",\"w\":" + width + ",\"h\":" + height + "}";
    }

    /** Returns a copy of the newest picture, or null if the container has no pictures that stand alone. */
    synchronized byte[] snapshot() {
        return isAllKeys() && !gop.units().isEmpty() ? gop.units().getLast().payload() : null;
    }

    /** Returns copies of what its viewers are. The lock is held only for a copy of their list. */
    List<ViewerReport> viewerReports() {
        return viewerList().stream().map(Viewer::report).toList();
    }

    /** Returns one element of the answer to {@code GET /api/v1/streams}. */
    String json() {
        return report().json();
    }

    /** Returns a copy of what it is. */
    StreamReport report() {
        List<ViewerReport> present = viewerReports();
        synchronized (this) {
            long now = nanos();
            return new StreamReport(path, state.name().toLowerCase(Locale.ROOT), container, mime, width, height,
                    present.size(), epoch, publisher == null ? null : publisher.info(), meter.framesPerSecond(now),
                    meter.bitsPerSecond(now), meter.gopSeconds(), meter.reordered(), meter.lost(),
                    present.stream().mapToLong(ViewerReport::queueBytes).sum(), gop.bytes(), !gop.overflowed(),
                    (now - beganNanos) / 1_000_000, meter.totalFrames(), meter.totalBytes(),
                    audience.droppedByFormer() + present.stream().mapToLong(ViewerReport::dropped).sum());
        }
    }
}
