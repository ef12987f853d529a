package io.iocp4j.relay;

import io.iocp4j.websocket.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
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
 * So what a viewer gets after a gap always begins with a key.
 */
final class ViewerQueue {
    /** Control text that may wait; a viewer with more of it is not worth waiting for. */
    static final int CONTROL_BYTES_MAX = 64 << 10;
    /** What the socket is given at a time. */
    static final int BATCH_MAX = 16;
    static final int BATCH_BYTES_MAX = 256 << 10;
    /** How long the burst that a joiner gets from the cache does not count as lag. */
    static final long JOIN_NANOS = 5_000_000_000L;
    private static final long SKIP_TEXT_NANOS = 1_000_000_000L;

    /** Something to send. The queue holds a reference to the unit, or to the message if it is text. */
    private record Item(Message text, MediaUnit unit, int flags, long sinceNanos) {
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

    /** Frames given up since the last skip text. */
    record Skipped(int fromSeq, int toSeq, int frames) {
    }

    private final long maxLagNanos;
    private final boolean onlyNewest;
    private final ArrayDeque<Item> waiting = new ArrayDeque<>();
    private final List<Item> withSocket = new ArrayList<>();
    private long waitingBytes;
    private long controlBytes;
    private long socketBytes;
    private long joinedNanos;
    /** Nothing but a key may follow. */
    private boolean skipping;
    /** The next key follows a gap. */
    private boolean gap;
    private Skipped skipped;
    private long skipTextNanos;
    private boolean skipTextSent;
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
        skipped = null;
        gap = false;
        skipping = true;
        joinedNanos = nowNanos;
    }

    /** Appends control text; false if too much of it waits. The caller's reference goes to the queue. */
    boolean addText(Message text, long nowNanos) {
        append(new Item(text, null, 0, nowNanos));
        controlBytes += text.payloadLength();
        return controlBytes <= CONTROL_BYTES_MAX;
    }

    /** Appends an init segment. */
    void addInit(MediaUnit init, long nowNanos) {
        init.retain();
        append(new Item(null, init, 0, nowNanos));
    }

    /** Appends a frame of the cache. The first one must be a key. */
    void addCached(MediaUnit unit, long nowNanos) {
        skipping = false;
        appendMedia(unit, MediaUnit.FROM_CACHE, nowNanos);
    }

    /** Offers a frame by the rules. */
    void offer(MediaUnit unit, long bytesMax, long nowNanos) {
        if (skipping && !unit.isKey()) {
            // a viewer that joined without a cache waits for its first key; that is no loss
            if (gap) {
                count(unit);
            }
            return;
        }
        if (onlyNewest) {
            dropMediaBefore(null);
        } else if (!skipping && (age(nowNanos) > maxLagNanos || bytes() + unit.bytes() > bytesMax)) {
            trim(unit, nowNanos);
            if (skipping) {
                return;
            }
        }
        skipping = false;
        appendMedia(unit, unit.isKey() && gap ? MediaUnit.DISCONT : 0, nowNanos);
        if (unit.isKey()) {
            gap = false;
        }
    }

    /** Rule 2; afterwards either there is room for the unit, or {@code skipping} is set and the unit was given up too. */
    private void trim(MediaUnit unit, long nowNanos) {
        trims++;
        Item key = unit.isKey() ? null : newestKey();
        boolean useful = unit.isKey() || key != null && key != firstMedia() && nowNanos - key.sinceNanos <= maxLagNanos;
        if (useful) {
            dropMediaBefore(key);
        } else {
            dropMediaBefore(null);
            count(unit);
            gap = true;
            skipping = true;
        }
    }

    private Item newestKey() {
        Iterator<Item> newestFirst = waiting.descendingIterator();
        while (newestFirst.hasNext()) {
            Item item = newestFirst.next();
            if (item.isMedia() && item.unit.isKey()) {
                return item;
            }
        }
        return null;
    }

    private Item firstMedia() {
        for (Item item : waiting) {
            if (item.isMedia()) {
                return item;
            }
        }
        return null;
    }

    /** Gives up the media that waits before the key, all of it for null; the key, or the next one, is then marked. */
    private void dropMediaBefore(Item key) {
        ArrayDeque<Item> kept = new ArrayDeque<>(waiting.size());
        boolean before = true;
        boolean dropped = false;
        for (Item item : waiting) {
            if (item == key) {
                before = false;
                kept.add(dropped ? new Item(null, item.unit, item.flags | MediaUnit.DISCONT, item.sinceNanos) : item);
            } else if (before && item.isMedia()) {
                dropped = true;
                count(item.unit);
                waitingBytes -= item.bytes();
                item.release();
            } else {
                kept.add(item);
            }
        }
        waiting.clear();
        waiting.addAll(kept);
        gap |= dropped && key == null;
    }

    private void dropMedia() {
        for (Iterator<Item> items = waiting.iterator(); items.hasNext(); ) {
            Item item = items.next();
            if (item.unit != null) {
                items.remove();
                waitingBytes -= item.bytes();
                item.release();
            }
        }
    }

    private void count(MediaUnit unit) {
        framesDropped++;
        bytesDropped += unit.bytes();
        skipped = skipped == null ? new Skipped(unit.seq(), unit.seq(), 1)
                : new Skipped(skipped.fromSeq, unit.seq(), skipped.frames + 1);
    }

    private void appendMedia(MediaUnit unit, int flags, long nowNanos) {
        unit.retain();
        append(new Item(null, unit, flags, nowNanos));
    }

    private void append(Item item) {
        waiting.add(item);
        waitingBytes += item.bytes();
    }

    /** How long the oldest media has waited that the socket has not taken to its end. */
    long age(long nowNanos) {
        long oldest = nowNanos;
        for (Item item : withSocket) {
            oldest = older(oldest, item, nowNanos);
        }
        for (Item item : waiting) {
            if (item.isMedia()) {
                // in order, so the first that counts is the oldest
                long since = older(nowNanos, item, nowNanos);
                if (since != nowNanos) {
                    oldest = Math.min(oldest, since);
                    break;
                }
            }
        }
        return nowNanos - oldest;
    }

    private long older(long than, Item item, long nowNanos) {
        boolean burst = (item.flags & MediaUnit.FROM_CACHE) != 0 && nowNanos - joinedNanos < JOIN_NANOS;
        return item.isMedia() && !burst && item.sinceNanos - than < 0 ? item.sinceNanos : than;
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
        if (skipped == null || waiting.isEmpty() || skipTextSent && nowNanos - skipTextNanos < SKIP_TEXT_NANOS) {
            return null;
        }
        Skipped result = skipped;
        skipped = null;
        skipTextSent = true;
        skipTextNanos = nowNanos;
        return result;
    }

    /** Takes what the socket is given next; the messages are valid until {@link #sent()}. */
    List<Message> takeBatch() {
        List<Message> batch = new ArrayList<>();
        while (!waiting.isEmpty() && batch.size() < BATCH_MAX
                && (batch.isEmpty() || socketBytes + waiting.peek().bytes() <= BATCH_BYTES_MAX)) {
            Item item = waiting.poll();
            waitingBytes -= item.bytes();
            socketBytes += item.bytes();
            if (item.unit == null) {
                controlBytes -= item.bytes();
            }
            withSocket.add(item);
            batch.add(item.unit == null ? item.text : item.unit.message(item.flags));
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
