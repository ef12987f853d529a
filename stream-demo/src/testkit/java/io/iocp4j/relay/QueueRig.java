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
 * A {@link ViewerQueue} in virtual time, whose socket takes a batch when the test asks it to. Messages for the socket
 * are described as text: "K3" is a key frame and "f4" another frame, with "!" for DISCONT and "c" for FROM_CACHE;
 * "init 3" is an init segment; control text stands for itself.
 */
final class QueueRig implements AutoCloseable {
    static final long MILLI = 1_000_000;
    static final long MAX_LAG = 500 * MILLI;

    final BufferPool pool = new BufferPool(1 << 20);
    final ViewerQueue queue;
    final List<MediaUnit> units = new ArrayList<>();
    /** System.nanoTime may start at any value, so this clock overflows early. */
    long now = Long.MAX_VALUE - 700 * MILLI;
    long bytesMax = 100_000;
    int seq;

    QueueRig(boolean onlyNewest) {
        queue = new ViewerQueue(MAX_LAG, onlyNewest);
        queue.join(now);
    }

    /** Returns a rig whose viewer has received its first key frame and is idle. */
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
        MediaUnit init = MediaUnit.init(pool, 0, seq, 77, ByteBuffer.allocate(bytes - MediaUnit.HEADER_BYTES));
        units.add(init);
        return queue.addInit(init, now);
    }

    boolean text(String text) {
        return queue.addText(Message.shared(pool, text), now);
    }

    /** Advances the clock. */
    void pass(long millis) {
        now += millis * MILLI;
    }

    /** Takes the next batch for the socket and returns its description. */
    List<String> take() {
        assertFalse(queue.isSending(), "one batch at a time");
        List<String> taken = queue.takeBatch(Long.MAX_VALUE).stream().map(QueueRig::describe).toList();
        assertEquals(!taken.isEmpty(), queue.isSending());
        return taken;
    }

    /** Takes batches until the queue is empty. */
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
        String discont = (flags & MediaUnit.DISCONT) != 0 ? "!" : "";
        String cached = (flags & MediaUnit.FROM_CACHE) != 0 ? "c" : "";
        return name + payload.getInt(4) + discont + cached;
    }

    /** Clears the queue and checks that it has released everything. */
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
