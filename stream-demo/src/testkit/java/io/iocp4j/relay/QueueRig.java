package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.websocket.Message;
import io.iocp4j.websocket.SharedMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@link ViewerQueue} in virtual time, and a socket that takes a batch when the test says so. What the socket is given is written as
 * "K3" for a key and "f4" for another frame, with "!" for DISCONT and "c" for FROM_CACHE, "init 3", or the text itself.
 */
final class QueueRig implements AutoCloseable {
    static final long MILLI = 1_000_000;
    static final long MAX_LAG = 500 * MILLI;

    final BufferPool pool = new BufferPool(1 << 20);
    final ViewerQueue queue;
    final List<MediaUnit> units = new ArrayList<>();
    /** System.nanoTime may begin anywhere, so here it soon overflows. */
    long now = Long.MAX_VALUE - 700 * MILLI;
    long bytesMax = 100_000;
    int seq;

    QueueRig(boolean onlyNewest) {
        queue = new ViewerQueue(MAX_LAG, onlyNewest);
        queue.join(now);
    }

    /** A rig whose viewer has its first key already and is idle. */
    static QueueRig playing() {
        QueueRig rig = new QueueRig(false);
        rig.key();
        assertEquals(List.of("K0"), rig.take());
        rig.queue.sent();
        return rig;
    }

    MediaUnit unit(boolean key, int bytes) {
        MediaUnit unit = MediaUnit.media(pool, key, seq++, 77, ByteBuffer.allocate(bytes - MediaUnit.HEADER_BYTES));
        units.add(unit);
        return unit;
    }

    MediaUnit key() {
        return offer(unit(true, 100));
    }

    MediaUnit frame() {
        return offer(unit(false, 100));
    }

    void frames(int count) {
        for (int i = 0; i < count; i++) {
            frame();
        }
    }

    MediaUnit offer(MediaUnit unit) {
        queue.offer(unit, bytesMax, now);
        return unit;
    }

    MediaUnit cached(boolean key) {
        MediaUnit unit = unit(key, 100);
        queue.addCached(unit, now);
        return unit;
    }

    boolean init(int bytes) {
        MediaUnit init = MediaUnit.init(pool, seq, 77, ByteBuffer.allocate(bytes - MediaUnit.HEADER_BYTES));
        units.add(init);
        return queue.addInit(init, now);
    }

    boolean text(String text) {
        return queue.addText(Message.shared(pool, text), now);
    }

    void pass(long millis) {
        now += millis * MILLI;
    }

    /** What the socket is given now. */
    List<String> take() {
        assertFalse(queue.isSending(), "one batch at a time");
        List<String> taken = queue.takeBatch().stream().map(QueueRig::describe).toList();
        assertEquals(!taken.isEmpty(), queue.isSending());
        return taken;
    }

    /** Takes batch after batch to the end. */
    List<String> takeAll() {
        List<String> all = new ArrayList<>();
        queue.sent();
        for (List<String> batch = take(); !batch.isEmpty(); batch = take()) {
            all.addAll(batch);
            queue.sent();
        }
        return all;
    }

    static String describe(SharedMessage message) {
        ByteBuffer payload = message.data();
        byte kind = payload.get(0);
        if (kind > MediaUnit.KIND_MEDIA) {
            return StandardCharsets.UTF_8.decode(payload).toString();
        }
        int flags = payload.get(1);
        String name = kind == MediaUnit.KIND_INIT ? "init " : (flags & MediaUnit.KEY) != 0 ? "K" : "f";
        return name + payload.getInt(4) + ((flags & MediaUnit.DISCONT) != 0 ? "!" : "") + ((flags & MediaUnit.FROM_CACHE) != 0 ? "c" : "");
    }

    /** Demands that the queue gives everything back. */
    @Override
    public void close() {
        queue.clear();
        assertEquals(0, queue.bytes());
        for (MediaUnit unit : units) {
            assertEquals(1, unit.references(), unit::toString);
            assertTrue(unit.release());
        }
        assertEquals(0, pool.usedBytes());
    }
}
