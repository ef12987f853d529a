package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.relay.ViewerQueue.Skipped;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The queue of a viewer: joining, streams of key frames only, skip texts and batches")
class ViewerQueueJoinTest {
    @Test
    @DisplayName("cached frames come first, with the flag FROM_CACHE, then live frames follow without it")
    void cacheThenLive() {
        try (QueueRig rig = new QueueRig(false)) {
            rig.init(50);
            rig.cached(true);
            rig.cached(false);
            rig.frame();
            rig.key();
            assertEquals(List.of("init 0", "K0c", "f1c", "f2", "K3"), rig.takeAll());
        }
    }

    @Test
    @DisplayName("the burst of cached frames does not count as lag for 5 s after a join, but then it does")
    void burst() {
        try (QueueRig rig = new QueueRig(false)) {
            rig.cached(true);
            rig.cached(false);
            for (int i = 0; i < 49; i++) {
                rig.pass(100);
                rig.frame();
                rig.queue.sent();
                rig.queue.takeBatch(Long.MAX_VALUE);
                assertTrue(rig.queue.age(rig.now) <= 100 * QueueRig.MILLI, "after " + i);
            }
            assertEquals(0, rig.queue.framesDropped());
        }
        try (QueueRig rig = new QueueRig(false)) {
            rig.cached(true);
            rig.cached(false);
            rig.pass(4_999);
            assertEquals(0, rig.queue.age(rig.now));
            rig.frame();
            assertEquals(0, rig.queue.framesDropped());
            rig.pass(1);
            assertEquals(5_000 * QueueRig.MILLI, rig.queue.age(rig.now));
            rig.frame();
            assertEquals(4, rig.queue.framesDropped());
            assertEquals(List.of(), rig.takeAll());
        }
    }

    @Test
    @DisplayName("live frames during the burst count as lag, and cached frames are dropped with them")
    void liveBehindBurst() {
        try (QueueRig rig = new QueueRig(false)) {
            rig.cached(true);
            rig.frame();
            rig.pass(501);
            rig.key();
            rig.frame();
            assertEquals(List.of("K2!", "f3"), rig.takeAll());
            assertEquals(2, rig.queue.framesDropped());
        }
    }

    @Test
    @DisplayName("a cached key frame to which the queue skips keeps FROM_CACHE and gets DISCONT")
    void skipToCachedKey() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frame();
            rig.pass(400);
            rig.cached(true);
            rig.pass(101);
            rig.frame();
            assertEquals(List.of("K2!c", "f3"), rig.takeAll());
        }
    }

    @Test
    @DisplayName("joining again drops queued media, the old init segment and the gap, but no text")
    void joinAgain() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.text("one");
            rig.frame();
            rig.init(50);
            rig.pass(501);
            rig.frame();
            rig.queue.join(rig.now);
            assertNull(rig.queue.takeSkipped(rig.now));
            rig.text("two");
            rig.init(60);
            rig.frame();
            rig.key();
            assertEquals(List.of("one", "two", "init 3", "K4"), rig.takeAll());
        }
    }

    @Test
    @DisplayName("in a stream of key frames only, only the newest frame is queued, even if the others are not late")
    void onlyNewest() {
        try (QueueRig rig = new QueueRig(true)) {
            rig.cached(true);
            rig.key();
            rig.text("text");
            rig.key();
            assertEquals(104, rig.queue.bytes());
            assertEquals(new Skipped(0, 1, 2), rig.queue.takeSkipped(rig.now));
            assertEquals(List.of("text", "K2!"), rig.take());
            rig.key();
            rig.key();
            rig.key();
            assertEquals(100 + 104, rig.queue.bytes());
            assertEquals(List.of("K5!"), rig.takeAll());
            rig.key();
            assertEquals(List.of("K6"), rig.takeAll());
            assertEquals(4, rig.queue.framesDropped());
        }
    }

    @Test
    @DisplayName("dropped frames are reported before the next message, at most once a second, and none is left out")
    void skipTexts() {
        try (QueueRig rig = QueueRig.playing()) {
            skipOne(rig);
            assertNull(rig.queue.takeSkipped(rig.now), "nothing is queued yet");
            rig.key();
            assertEquals(new Skipped(1, 2, 2), rig.queue.takeSkipped(rig.now));
            assertNull(rig.queue.takeSkipped(rig.now), "already reported");
            rig.takeAll();
            skipOne(rig);
            rig.key();
            rig.takeAll();
            rig.pass(498);
            rig.key();
            assertNull(rig.queue.takeSkipped(rig.now), "999 ms after the last one");
            rig.pass(1);
            assertEquals(new Skipped(4, 5, 2), rig.queue.takeSkipped(rig.now));
        }
    }

    @Test
    @DisplayName("skips that are reported together are one range, with the number of the dropped frames only")
    void coalescedSkips() {
        try (QueueRig rig = QueueRig.playing()) {
            skipOne(rig);
            rig.key();
            rig.takeAll();
            skipOne(rig);
            rig.key();
            assertEquals(new Skipped(1, 5, 4), rig.queue.takeSkipped(rig.now));
        }
    }

    @Test
    @DisplayName("sequence numbers continue beyond 2^31")
    void sequenceWraps() {
        try (QueueRig rig = new QueueRig(false)) {
            rig.seq = Integer.MAX_VALUE;
            rig.key();
            rig.takeAll();
            rig.frame();
            rig.pass(501);
            rig.frame();
            rig.key();
            Skipped skipped = rig.queue.takeSkipped(rig.now);
            assertNotNull(skipped);
            assertEquals(2, skipped.toSeq() - skipped.fromSeq() + 1);
            assertEquals("2147483648", Integer.toUnsignedString(skipped.fromSeq()));
        }
    }

    @Test
    @DisplayName("a batch has at most 16 messages")
    void batchCount() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frames(17);
            assertEquals(ViewerQueue.BATCH_MAX, rig.take().size());
            assertTrue(rig.queue.isSending());
            rig.queue.sent();
            assertEquals(List.of("f17"), rig.take());
        }
    }

    @Test
    @DisplayName("a batch has at most 256 KiB, but always at least one message")
    void batchBytes() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.bytesMax = 4 << 20;
            rig.offer(rig.unit(false, ViewerQueue.BATCH_BYTES_MAX - 100));
            rig.frames(2);
            rig.offer(rig.unit(false, ViewerQueue.BATCH_BYTES_MAX + 1));
            assertEquals(List.of("f1", "f2"), rig.take());
            rig.queue.sent();
            assertEquals(List.of("f3"), rig.take());
            rig.queue.sent();
            assertEquals(List.of("f4"), rig.take());
            assertFalse(rig.queue.bytes() == 0);
        }
    }

    /** Lets a frame become too old, so that it is dropped together with the next one. */
    private static void skipOne(QueueRig rig) {
        rig.frame();
        rig.pass(501);
        rig.frame();
    }
}
