package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.websocket.frame.CloseCode;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * One stream: a publisher or none for a while, and those who watch. Outlives its publisher by the grace time, so that viewers stay
 * through a restart of it.
 */
final class RelayStream {
    private static final System.Logger LOG = new GuardedLog(RelayStream.class);

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
    private final Memory memory;
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
        this.memory = new Memory(port);
    }

    /** What the stream keeps for those who join: buffers of the pool, which counts them itself. */
    private final class Memory extends MemoryAccount {
        Memory(CompletionPort port) {
            super(port);
        }

        @Override
        protected long held(Kind kind) {
            synchronized (RelayStream.this) {
                return kind == Kind.HEAP ? 0 : gop.bytes() + (init == null ? 0 : init.bytes());
            }
        }

        @Override
        protected void shrink() {
            synchronized (RelayStream.this) {
                // who joins waits for the next key, as behind a group of pictures that is too long
                gop.clear();
            }
        }

        @Override
        protected void evict(String reason) {
            end(CloseCode.TRY_AGAIN_LATER, reason);
        }

        @Override
        public String toString() {
            return "stream " + path;
        }
    }

    String path() {
        return path;
    }

    String container() {
        return container;
    }

    long nanos() {
        return port.nanoTime();
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
                lose(former, 409, "another publisher took over");
            }
        }
        return true;
    }

    /** One that fails to begin leaves at once, or the stream would wait for its frames for ever. Call with the lock held. */
    private void begin(Publisher next, String newMime, int newWidth, int newHeight, ByteBuffer initBytes) {
        try {
            init(next, newMime, newWidth, newHeight, initBytes);
        } catch (RuntimeException | Error thrown) {
            unpublish(next);
            throw thrown;
        }
    }

    /** Whatever a publisher throws that is told so is its own affair. */
    private void lose(Publisher former, int status, String why) {
        try {
            former.lost(status, why);
        } catch (RuntimeException | Error thrown) {
            LOG.log(Level.WARNING, "the last publisher of stream " + path + " threw", thrown);
        }
    }

    /** The publisher goes on with another init segment. */
    synchronized void init(Publisher from, String newMime, int newWidth, int newHeight, ByteBuffer bytes) {
        if (from != publisher) {
            return;
        }
        // what may fail comes first
        MediaUnit made = bytes == null ? null : MediaUnit.init(port.buffers(), seq, originMicros(), bytes);
        dropMedia();
        init = made;
        mime = newMime;
        width = newWidth;
        height = newHeight;
        String text = text(state);
        long now = nanos();
        tellEach(viewer -> viewer.epoch(text, init, now));
        LOG.log(Level.INFO, "stream " + path + ", epoch " + epoch + ": " + mime + ", " + width + "x" + height);
    }

    /** Tells every viewer; one for which that throws goes, and nobody else notices. Call with the lock held. */
    private void tellEach(Consumer<Viewer> telling) {
        for (int i = 0; i < viewers.size(); i++) {
            Viewer viewer = viewers.get(i);
            try {
                telling.accept(viewer);
            } catch (RuntimeException | Error thrown) {
                viewers.remove(i);
                i--;
                droppedByFormerViewers += viewer.fail(thrown);
            }
        }
    }

    /** A frame, which goes to every viewer; never waits. */
    synchronized void media(Publisher from, ByteBuffer payload, boolean key) {
        if (from != publisher) {
            return;
        }
        long now = nanos();
        MediaUnit unit = MediaUnit.media(port.buffers(), key, seq++, originMicros(), payload);
        try {
            // the pool has counted it; this looks whether somebody has to go for it
            memory.charge(Kind.DIRECT, 0);
            meter.add(unit.bytes(), now);
            boolean overflow = gop.add(unit, now);
            long bytesMax = queueBytesMax();
            tellEach(viewer -> viewer.offer(unit, bytesMax, now));
            if (overflow) {
                LOG.log(Level.WARNING, "stream {0}: no key for more than {1} or {2} bytes, late joiners wait for the next one", path,
                        options.gopMax(), String.valueOf(options.gopBytesMax()));
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
        int last = epoch;
        // first of all: without it the stream waits for ever, whatever else fails;
        // a timer that is cancelled too late still runs, so it has to find the very silence that it was made for
        try {
            graceTimer = port.deadline(options.grace(), () -> endIf(() -> state == State.WAITING && epoch == last,
                    Viewer.STREAM_ENDED, "the publisher did not come back"));
        } catch (RuntimeException | Error thrown) {
            end(Viewer.STREAM_ENDED, "there is no time to wait for a publisher");
            throw thrown;
        }
        long now = nanos();
        tellEach(viewer -> viewer.epoch(text(state), null, now));
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
            // what may fail comes before the state is another
            ended = text(State.ENDED);
            left = List.copyOf(viewers);
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
                lose(former, code == CloseCode.GOING_AWAY ? 503 : 409, reason);
            }
            for (Viewer viewer : left) {
                sayBye(viewer, ended, code, reason);
            }
            LOG.log(Level.INFO, "stream {0} ended: {1}", path, reason);
        } finally {
            memory.close();
            onEnded.run();
        }
    }

    private static void sayBye(Viewer viewer, String ended, int code, String reason) {
        try {
            viewer.bye(ended, code, reason);
        } catch (RuntimeException | Error thrown) {
            viewer.fail(thrown);
        }
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
                viewer.begin(text(state), init, gop.units(), queueBytesMax(), nanos());
                return;
            }
            ended = text(state);
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

    private String text(State told) {
        return "{\"t\":\"stream\",\"state\":\"" + told.name().toLowerCase(Locale.ROOT) + "\",\"epoch\":" + epoch + ",\"container\":\""
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
