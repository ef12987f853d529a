package io.iocp4j.relay;

import io.iocp4j.relay.media.MediaLimits;
import io.iocp4j.websocket.SharedMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * What waits for one viewer, and what is given up when the viewer is too slow. Pure: no socket, no clock, no lock; its viewer guards it.
 *
 * <p>Rules, with <em>age</em> the time that the oldest media unit which the socket has not taken has waited:
 * <ol>
 * <li>While the age is within {@code maxLag} and the bytes within the limit, a unit is appended.
 * <li>Else let K be the newest key among what waits and the new unit. If K is not the first that waits anyway and is not itself too old,
 *     everything before K is given up, and K is marked DISCONT. Otherwise all media is given up, and nothing is appended before the next
 *     key, which is marked DISCONT.
 * <li>Init segments and control text are never given up. What was given to the socket is not touched.
 * <li>Where every frame is a key only the newest waits.
 * </ol>
 * So what a viewer gets after a gap, or after an init segment, always begins with a key.
 *
 * <p>Whatever a method throws where memory runs out, each unit here is held once and released once: {@link #clear()} can end it then.
 */
final class ViewerQueue {
    /** Control text that may wait; a viewer with more of it is not worth waiting for. */
    static final int CONTROL_BYTES_MAX = 64 << 10;
    /** Init segments that may wait, in bytes: room for four of the largest, one for each time that the publisher began anew. */
    static final int INIT_BYTES_MAX = 4 * (MediaLimits.defaults().maxInitBytes() + MediaUnit.HEADER_BYTES);
    /** Items that may wait, beside the bound in bytes: a frame of few bytes costs more than its bytes. */
    static final int WAITING_MAX = 2 * GopCache.UNITS_MAX;
    /** What the socket is given at a time. */
    static final int BATCH_MAX = 16;
    static final int BATCH_BYTES_MAX = 256 << 10;
    /** How long the burst that a joiner gets from the cache does not count as lag. */
    static final long JOIN_NANOS = 5_000_000_000L;
    private static final long SKIP_TEXT_NANOS = 1_000_000_000L;

    /** Something to send. The queue holds a reference to the unit, or to the message if it is text. */
    private record Item(SharedMessage text, MediaUnit unit, int flags, long sinceNanos) {
        boolean isMedia() {
            return unit != null && !unit.isInit();
        }

        int bytes() {
            return unit == null ? text.payloadLength() : unit.bytes();
        }

        void release() {
            if (unit == null) {
                text.release();
            } else {
                unit.release();
            }
        }
    }

    /** What a skip text tells. */
    record Skipped(int fromSeq, int toSeq, int frames) {
    }

    private final long maxLagNanos;
    private final boolean onlyNewest;
    private ArrayDeque<Item> waiting = new ArrayDeque<>();
    private final List<Item> withSocket = new ArrayList<>(BATCH_MAX);
    private long waitingBytes;
    private long controlBytes;
    private long initBytes;
    private long socketBytes;
    private long joinedNanos;
    /** Nothing but a key may follow. */
    private boolean skipping;
    /** The next key follows a gap. */
    private boolean gap;
    /** Frames given up since the last skip text, the first and the last of them; 0 for none. */
    private int skippedFrames;
    private int skippedFrom;
    private int skippedTo;
    private long skipTextNanos;
    private boolean skipTextSent;
    private long framesSent;
    private long framesDropped;
    private long bytesDropped;
    private long trims;

    ViewerQueue(long maxLagNanos, boolean onlyNewest) {
        this.maxLagNanos = maxLagNanos;
        this.onlyNewest = onlyNewest;
    }

    /** A viewer joins, or joins anew: whatever media waits is of no use to it, and its time for the burst begins. */
    void join(long nowNanos) {
        dropMedia();
        skippedFrames = 0;
        gap = false;
        skipping = true;
        joinedNanos = nowNanos;
    }

    /** Appends control text; false if too much of it waits. The caller's reference goes to the queue. */
    boolean addText(SharedMessage text, long nowNanos) {
        try {
            append(new Item(text, null, 0, nowNanos));
        } catch (RuntimeException | Error thrown) {
            text.release();
            throw thrown;
        }
        controlBytes += text.payloadLength();
        return controlBytes <= CONTROL_BYTES_MAX;
    }

    /** Appends an init segment, behind which a decoder needs a key; false if too much of them waits. */
    boolean addInit(MediaUnit init, long nowNanos) {
        skipping = true;
        append(new Item(null, init, 0, nowNanos));
        init.retain();
        initBytes += init.bytes();
        return initBytes <= INIT_BYTES_MAX;
    }

    /** Appends a frame of the cache. The first one must be a key. */
    void addCached(MediaUnit unit, long nowNanos) {
        skipping = false;
        appendMedia(unit, MediaUnit.FROM_CACHE, nowNanos);
    }

    /** Offers a frame by the rules. */
    void offer(MediaUnit unit, long bytesMax, long nowNanos) {
        boolean late = age(nowNanos) > maxLagNanos || bytes() + unit.bytes() > bytesMax || waiting.size() >= WAITING_MAX;
        if (onlyNewest) {
            dropMediaBefore(null);
        } else if (late && (!skipping || firstMedia() != null)) {
            trim(unit, nowNanos);
        }
        if (skipping && !unit.isKey()) {
            // what stands before the first key, of a stream or of what a viewer sees of it, is no loss
            if (gap) {
                count(unit);
            }
            return;
        }
        skipping = false;
        appendMedia(unit, unit.isKey() && gap ? MediaUnit.DISCONT : 0, nowNanos);
        if (unit.isKey()) {
            gap = false;
        }
    }

    /** Rule 2, but for the unit itself: without {@code skipping} it may be appended. */
    private void trim(MediaUnit unit, long nowNanos) {
        trims++;
        Item key = unit.isKey() ? null : newestKey();
        boolean useful = unit.isKey() || key != null && key != firstMedia() && nowNanos - key.sinceNanos <= maxLagNanos;
        if (useful) {
            dropMediaBefore(key);
        } else {
            dropMediaBefore(null);
            gap = true;
            skipping = true;
        }
    }

    private Item newestKey() {
        Item newest = null;
        for (Item item : waiting) {
            newest = item.isMedia() && item.unit.isKey() ? item : newest;
        }
        return newest;
    }

    private Item firstMedia() {
        return waiting.stream().filter(Item::isMedia).findFirst().orElse(null);
    }

    /** Gives up the media that waits before the key, all of it for null; the key, or the next one, is then marked. */
    private void dropMediaBefore(Item key) {
        ArrayDeque<Item> kept = new ArrayDeque<>(waiting.size() + 1);
        boolean before = true;
        boolean dropped = false;
        for (Item item : waiting) {
            if (item == key) {
                before = false;
                kept.add(dropped ? new Item(null, item.unit, item.flags | MediaUnit.DISCONT, item.sinceNanos) : item);
            } else if (before && item.isMedia()) {
                dropped = true;
            } else {
                kept.add(item);
            }
        }
        // nothing can fail from here on
        ArrayDeque<Item> all = waiting;
        waiting = kept;
        before = true;
        for (Item item = all.poll(); item != null; item = all.poll()) {
            before &= item != key;
            if (before && item.isMedia()) {
                count(item.unit);
                waitingBytes -= item.bytes();
                item.release();
            }
        }
        gap |= dropped && key == null;
    }

    private void dropMedia() {
        ArrayDeque<Item> kept = new ArrayDeque<>(waiting.size() + 1);
        for (Item item : waiting) {
            if (item.unit == null) {
                kept.add(item);
            }
        }
        ArrayDeque<Item> all = waiting;
        waiting = kept;
        for (Item item = all.poll(); item != null; item = all.poll()) {
            if (item.unit != null) {
                waitingBytes -= item.bytes();
                item.release();
            }
        }
        initBytes = 0;
    }

    private void count(MediaUnit unit) {
        framesDropped++;
        bytesDropped += unit.bytes();
        skippedFrom = skippedFrames == 0 ? unit.seq() : skippedFrom;
        skippedTo = unit.seq();
        skippedFrames++;
    }

    private void appendMedia(MediaUnit unit, int flags, long nowNanos) {
        append(new Item(null, unit, flags, nowNanos));
        unit.retain();
    }

    private void append(Item item) {
        waiting.add(item);
        waitingBytes += item.bytes();
    }

    /** How long the oldest media has waited that the socket has not taken to its end. */
    long age(long nowNanos) {
        return Math.max(age(withSocket, nowNanos), age(waiting, nowNanos));
    }

    private long age(Iterable<Item> items, long nowNanos) {
        boolean joining = nowNanos - joinedNanos < JOIN_NANOS;
        for (Item item : items) {
            if (item.isMedia() && !(joining && (item.flags & MediaUnit.FROM_CACHE) != 0)) {
                // in the order of time, so the first that counts is the oldest
                return nowNanos - item.sinceNanos;
            }
        }
        return 0;
    }

    /** What waits and what the socket has not taken, in bytes. */
    long bytes() {
        return waitingBytes + socketBytes;
    }

    /** Whether a batch was taken and is not sent yet. */
    boolean isSending() {
        return !withSocket.isEmpty();
    }

    /** Frames to tell the viewer of before its next media, at most once a second; null if there is nothing to tell. */
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

    /** Takes what the socket is given next; the messages are valid until {@link #sent()}. */
    List<SharedMessage> takeBatch() {
        List<SharedMessage> batch = new ArrayList<>(BATCH_MAX);
        while (!waiting.isEmpty() && batch.size() < BATCH_MAX
                && (batch.isEmpty() || socketBytes + waiting.peek().bytes() <= BATCH_BYTES_MAX)) {
            Item item = waiting.peek();
            batch.add(item.unit == null ? item.text : item.unit.message(item.flags));
            waiting.poll();
            withSocket.add(item);
            waitingBytes -= item.bytes();
            socketBytes += item.bytes();
            if (item.unit == null) {
                controlBytes -= item.bytes();
            } else if (item.unit.isInit()) {
                initBytes -= item.bytes();
            }
            framesSent += item.isMedia() ? 1 : 0;
        }
        return batch;
    }

    /** The socket has taken the batch. */
    void sent() {
        withSocket.forEach(Item::release);
        withSocket.clear();
        socketBytes = 0;
    }

    /** Gives everything back. */
    void clear() {
        sent();
        waiting.forEach(Item::release);
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

    long bytesDropped() {
        return bytesDropped;
    }

    long trims() {
        return trims;
    }
}
