package io.iocp4j.relay;

import io.iocp4j.relay.media.MediaLimits;
import io.iocp4j.websocket.SharedMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The queue of one viewer, with the rules by which frames are dropped when the viewer is too slow. It uses no socket,
 * no clock and no lock. Guarded by its viewer.
 *
 * <p>The rules. <em>Age</em> is the waiting time of the oldest media unit that the socket has not taken.
 * <ol>
 * <li>While the age is within {@code maxLag} and the bytes are within the limit, a unit is appended.
 * <li>Otherwise let K be the newest key frame among the queued units and the new unit. If K is not already the first
 *     queued unit and is not itself too old, everything before K is dropped, and K is marked DISCONT. In all other
 *     cases all queued media is dropped. Nothing is then appended before the next key frame, which is marked DISCONT.
 * <li>Init segments and control text are never dropped. Items that the socket has are not touched.
 * <li>Where every frame is a key frame, only the newest one is queued.
 * </ol>
 * After a gap or an init segment, a viewer therefore always begins with a key frame.
 *
 * <p>If a method throws because memory ran out, each unit in the queue still has exactly one reference from it.
 * {@link #clear()} can then release them.
 */
final class ViewerQueue {
    /** The limit of queued control text, in bytes. A viewer with more of it is not worth waiting for. */
    static final int CONTROL_BYTES_MAX = 64 << 10;
    /**
     * The limit of queued init segments, in bytes. It has room for four of the largest size; one is queued each time
     * that the publisher restarts the stream.
     */
    static final int INIT_BYTES_MAX = 4 * (MediaLimits.defaults().maxInitBytes() + MediaUnit.HEADER_BYTES);
    /** The limit of queued items, besides the limit in bytes: a small frame costs more memory than its bytes. */
    static final int WAITING_MAX = 2 * GopCache.UNITS_MAX;
    /** The largest number of messages in a batch for the socket. */
    static final int BATCH_MAX = 16;
    /** The size limit of a batch, in bytes. A larger message is a batch of its own. */
    static final int BATCH_BYTES_MAX = 256 << 10;
    /** The time after a join during which the burst of cached frames does not count as lag. */
    static final long JOIN_NANOS = 5_000_000_000L;
    /** The shortest time between two skip texts. */
    private static final long SKIP_TEXT_NANOS = 1_000_000_000L;

    /** The contents of a skip text: the dropped frames. */
    record Skipped(int fromSeq, int toSeq, int frames) { }

    private final long maxLagNanos;
    private final boolean onlyNewest;
    private ArrayDeque<QueuedItem> waiting = new ArrayDeque<>();
    private final List<QueuedItem> withSocket = new ArrayList<>(BATCH_MAX);
    private long waitingBytes;
    private long controlBytes;
    private long initBytes;
    private long socketBytes;
    private long joinedNanos;
    /** True if only a key frame may follow. */
    private boolean skipping;
    /** True if the next key frame follows a gap. */
    private boolean gap;
    /** Frames dropped since the last skip text; 0 for none. The next two fields are the first and the last of them. */
    private int skippedFrames;
    private int skippedFrom;
    private int skippedTo;
    private long skipTextNanos;
    private boolean skipTextSent;
    private long framesSent;
    private long framesDropped;
    private long framesPassed;
    private long bytesDropped;
    private long trims;

    ViewerQueue(long maxLagNanos, boolean onlyNewest) {
        this.maxLagNanos = maxLagNanos;
        this.onlyNewest = onlyNewest;
    }

    long maxLagNanos() {
        return maxLagNanos;
    }

    /**
     * Restarts the queue for a viewer that joins, or joins again. Drops the queued media and init segments, which are
     * of no use to it, and starts the time that it has for the burst of cached frames.
     */
    void join(long nowNanos) {
        dropMedia();
        skippedFrames = 0;
        gap = false;
        skipping = true;
        joinedNanos = nowNanos;
    }

    /**
     * Appends control text. Takes over the caller's reference.
     *
     * @return false if more than {@link #CONTROL_BYTES_MAX} of it are queued
     */
    boolean addText(SharedMessage text, long nowNanos) {
        try {
            append(new QueuedItem(text, null, 0, nowNanos));
        } catch (RuntimeException | Error thrown) {
            text.release();
            throw thrown;
        }
        controlBytes += text.payloadLength();
        return controlBytes <= CONTROL_BYTES_MAX;
    }

    /**
     * Appends an init segment. After it, a decoder needs a key frame.
     *
     * @return false if more than {@link #INIT_BYTES_MAX} of init segments are queued
     */
    boolean addInit(MediaUnit init, long nowNanos) {
        skipping = true;
        append(new QueuedItem(null, init, 0, nowNanos));
        init.retain();
        initBytes += init.bytes();
        return initBytes <= INIT_BYTES_MAX;
    }

    /** Appends a frame of the cache. The first one must be a key frame. */
    void addCached(MediaUnit unit, long nowNanos) {
        skipping = false;
        appendMedia(unit, MediaUnit.FROM_CACHE, nowNanos);
    }

    /** Appends or drops a frame, and drops queued frames, by the rules. Retains the unit if it is appended. */
    void offer(MediaUnit unit, long bytesMax, long nowNanos) {
        boolean late = age(nowNanos) > maxLagNanos || bytes() + unit.bytes() > bytesMax
                || waiting.size() >= WAITING_MAX;
        if (onlyNewest) {
            dropMediaBefore(null);
        } else if (late && (!skipping || firstMedia() != null)) {
            trim(unit, nowNanos);
        }
        if (skipping && !unit.isKey()) {
            // Frames before the first key frame of a stream, a join or an init segment are no loss.
            if (gap) {
                count(unit);
            } else if (!unit.isSound()) {
                framesPassed++;
            }
            return;
        }
        skipping = false;
        appendMedia(unit, unit.isKey() && gap ? MediaUnit.DISCONT : 0, nowNanos);
        if (unit.isKey()) {
            gap = false;
        }
    }

    /** Applies rule 2 to the queued items. The caller may append the unit itself if {@code skipping} is false. */
    private void trim(MediaUnit unit, long nowNanos) {
        trims++;
        QueuedItem key = unit.isKey() ? null : newestKey();
        boolean useful = unit.isKey()
                || key != null && key != firstMedia() && nowNanos - key.sinceNanos() <= maxLagNanos;
        if (useful) {
            dropMediaBefore(key);
        } else {
            dropMediaBefore(null);
            gap = true;
            skipping = true;
        }
    }

    private QueuedItem newestKey() {
        QueuedItem newest = null;
        for (QueuedItem item : waiting) {
            newest = item.isMedia() && item.unit().isKey() ? item : newest;
        }
        return newest;
    }

    private QueuedItem firstMedia() {
        return waiting.stream().filter(QueuedItem::isMedia).findFirst().orElse(null);
    }

    /**
     * Drops the queued media before a key frame, or all of it if the key frame is null. Marks that key frame, or the
     * next one, if anything was dropped.
     */
    private void dropMediaBefore(QueuedItem key) {
        ArrayDeque<QueuedItem> kept = new ArrayDeque<>(waiting.size() + 1);
        boolean before = true;
        boolean dropped = false;
        for (QueuedItem item : waiting) {
            if (item == key) {
                before = false;
                int flags = item.flags() | (dropped ? MediaUnit.DISCONT : 0);
                kept.add(new QueuedItem(null, item.unit(), flags, item.sinceNanos()));
            } else if (before && item.isMedia()) {
                dropped = true;
            } else {
                kept.add(item);
            }
        }
        // nothing below can fail
        ArrayDeque<QueuedItem> all = waiting;
        waiting = kept;
        before = true;
        for (QueuedItem item = all.poll(); item != null; item = all.poll()) {
            before &= item != key;
            if (before && item.isMedia()) {
                count(item.unit());
                waitingBytes -= item.bytes();
                item.release();
            }
        }
        gap |= dropped && key == null;
    }

    private void dropMedia() {
        ArrayDeque<QueuedItem> kept = new ArrayDeque<>(waiting.size() + 1);
        for (QueuedItem item : waiting) {
            if (item.unit() == null) {
                kept.add(item);
            }
        }
        ArrayDeque<QueuedItem> all = waiting;
        waiting = kept;
        for (QueuedItem item = all.poll(); item != null; item = all.poll()) {
            if (item.unit() != null) {
                waitingBytes -= item.bytes();
                item.release();
            }
        }
        initBytes = 0;
    }

    private void count(MediaUnit unit) {
        bytesDropped += unit.bytes();
        if (unit.isSound()) {
            // it has its own numbers, and a skip text tells of pictures
            return;
        }
        framesDropped++;
        skippedFrom = skippedFrames == 0 ? unit.seq() : skippedFrom;
        skippedTo = unit.seq();
        skippedFrames++;
    }

    private void appendMedia(MediaUnit unit, int flags, long nowNanos) {
        append(new QueuedItem(null, unit, flags, nowNanos));
        unit.retain();
    }

    private void append(QueuedItem item) {
        waiting.add(item);
        waitingBytes += item.bytes();
    }

    /** Returns the waiting time of the oldest media unit that the socket has not completely taken, in nanoseconds. */
    long age(long nowNanos) {
        return Math.max(age(withSocket, nowNanos), age(waiting, nowNanos));
    }

    private long age(Iterable<QueuedItem> items, long nowNanos) {
        boolean joining = nowNanos - joinedNanos < JOIN_NANOS;
        for (QueuedItem item : items) {
            if (item.isMedia() && !(joining && (item.flags() & MediaUnit.FROM_CACHE) != 0)) {
                // items are in the order of time, so the first that counts is the oldest
                return nowNanos - item.sinceNanos();
            }
        }
        return 0;
    }

    /** Returns the bytes that are queued or with the socket. */
    long bytes() {
        return waitingBytes + socketBytes;
    }

    /** Tells whether the socket has a batch that it has not completely sent. */
    boolean isSending() {
        return !withSocket.isEmpty();
    }

    /**
     * Takes the dropped frames that a skip text has to report before the next media, at most once a second.
     *
     * @return null if there is nothing to report
     */
    Skipped takeSkipped(long nowNanos) {
        if (skippedFrames == 0 || waiting.isEmpty() || skipTextSent && nowNanos - skipTextNanos < SKIP_TEXT_NANOS) {
            return null;
        }
        Skipped result = new Skipped(skippedFrom, skippedTo, skippedFrames);
        skippedFrames = 0;
        skipTextSent = true;
        skipTextNanos = nowNanos;
        return result;
    }

    /** Returns the bytes of the next item; -1 if nothing waits. */
    int nextBytes() {
        return waiting.isEmpty() ? -1 : waiting.peek().bytes();
    }

    /**
     * Takes the next batch for the socket: the next item, and those that fit into this number of bytes with it. The
     * messages are valid until {@link #sent()}.
     */
    List<SharedMessage> takeBatch(long room) {
        List<SharedMessage> batch = new ArrayList<>(BATCH_MAX);
        while (!waiting.isEmpty() && batch.size() < BATCH_MAX
                && (batch.isEmpty() || socketBytes + nextBytes() <= Math.min(room, BATCH_BYTES_MAX))) {
            QueuedItem item = waiting.peek();
            batch.add(item.unit() == null ? item.text() : item.unit().message(item.flags()));
            waiting.poll();
            withSocket.add(item);
            waitingBytes -= item.bytes();
            socketBytes += item.bytes();
            if (item.unit() == null) {
                controlBytes -= item.bytes();
            } else if (item.unit().isInit()) {
                initBytes -= item.bytes();
            }
            framesSent += item.isMedia() && !item.unit().isSound() ? 1 : 0;
        }
        return batch;
    }

    /** Returns the bytes of the batch that the socket has. */
    long socketBytes() {
        return socketBytes;
    }

    /** Releases the batch, which the socket has taken. */
    void sent() {
        withSocket.forEach(QueuedItem::release);
        withSocket.clear();
        socketBytes = 0;
    }

    /** Releases everything. */
    void clear() {
        sent();
        waiting.forEach(QueuedItem::release);
        waiting.clear();
        waitingBytes = 0;
        controlBytes = 0;
        initBytes = 0;
    }

    long framesSent() {
        return framesSent;
    }

    long framesDropped() {
        return framesDropped;
    }

    /** Returns the number of frames that came before the first key frame of a stream, a join or an init segment. */
    long framesPassed() {
        return framesPassed;
    }

    /** Returns the number of frames that are queued or with the socket. */
    long framesQueued() {
        return waiting.stream().filter(QueuedItem::isMedia).count()
                + withSocket.stream().filter(QueuedItem::isMedia).count();
    }

    /** Returns the age of the oldest frame that the socket has; 0 if it has none that counts. */
    long sentAge(long nowNanos) {
        return age(withSocket, nowNanos);
    }

    /** Tells whether the batch of the socket has a frame. */
    boolean sendsFrame() {
        return withSocket.stream().anyMatch(QueuedItem::isMedia);
    }

    long bytesDropped() {
        return bytesDropped;
    }

    long trims() {
        return trims;
    }
}
