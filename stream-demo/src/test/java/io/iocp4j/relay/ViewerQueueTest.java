package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.relay.ViewerQueue.Skipped;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What waits for a viewer, in virtual time")
class ViewerQueueTest {
    @Test
    @DisplayName("a viewer without a cache begins with the first key, and what came before it is no loss")
    void firstKey() {
        try (QueueRig rig = new QueueRig(false)) {
            rig.frames(3);
            assertEquals(0, rig.queue.bytes());
            rig.key();
            rig.frame();
            assertEquals(List.of("K3", "f4"), rig.takeAll());
            assertEquals(0, rig.queue.framesDropped());
            assertNull(rig.queue.takeSkipped(rig.now));
        }
    }

    @Test
    @DisplayName("rule 1: nothing is skipped while the lag is exactly at its bound")
    void lagAtBound() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frame();
            rig.pass(500);
            rig.frame();
            assertEquals(QueueRig.MAX_LAG, rig.queue.age(rig.now));
            assertEquals(List.of("f1", "f2"), rig.takeAll());
            assertEquals(0, rig.queue.trims());
        }
    }

    @Test
    @DisplayName("rule 1: nothing is skipped while the bytes are exactly at their bound, and one byte more is too much")
    void bytesAtBound() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.bytesMax = 200;
            rig.frames(2);
            assertEquals(200, rig.queue.bytes());
            assertEquals(0, rig.queue.trims());
            assertEquals(List.of("f1", "f2"), rig.takeAll());
            rig.frame();
            rig.offer(rig.unit(false, 101));
            assertEquals(1, rig.queue.trims());
            assertEquals(List.of(), rig.takeAll());
        }
    }

    @Test
    @DisplayName("rule 2: everything before a fresh key that waits is given up, and the key says so")
    void trimToWaitingKey() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frames(2);
            rig.pass(300);
            rig.key();
            rig.frame();
            rig.pass(201);
            rig.frame();
            assertEquals(new Skipped(1, 2, 2), rig.queue.takeSkipped(rig.now));
            assertEquals(List.of("K3!", "f4", "f5"), rig.takeAll());
            assertEquals(2, rig.queue.framesDropped());
            assertEquals(200, rig.queue.bytesDropped());
        }
    }

    @Test
    @DisplayName("rule 2: of several keys that wait the newest is taken")
    void trimToNewestKey() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frame();
            rig.pass(200);
            rig.key();
            rig.pass(200);
            rig.key();
            rig.pass(101);
            rig.frame();
            assertEquals(List.of("K3!", "f4"), rig.takeAll());
        }
    }

    @Test
    @DisplayName("rule 2: a key that comes itself is the newest key")
    void trimToOfferedKey() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.key();
            rig.frame();
            rig.pass(501);
            rig.key();
            rig.frame();
            assertEquals(List.of("K3!", "f4"), rig.takeAll());
            assertEquals(2, rig.queue.framesDropped());
        }
    }

    @Test
    @DisplayName("rule 2: a key that comes while only the socket is late follows without a gap, so without a mark")
    void lateSocketAndKey() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frame();
            assertEquals(List.of("f1"), rig.take());
            rig.pass(600);
            rig.key();
            assertEquals(List.of("K2"), rig.takeAll());
            assertEquals(0, rig.queue.framesDropped());
        }
    }

    @Test
    @DisplayName("rule 2: without a key everything is given up, and nothing is taken before the next key")
    void skipping() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frames(2);
            rig.pass(501);
            rig.frames(3);
            assertEquals(0, rig.queue.bytes());
            rig.key();
            rig.frame();
            assertEquals(new Skipped(1, 5, 5), rig.queue.takeSkipped(rig.now));
            assertEquals(List.of("K6!", "f7"), rig.takeAll());
            assertEquals(1, rig.queue.trims());
        }
    }

    @Test
    @DisplayName("rule 2: a key that waits at the head is given up with the rest")
    void keyAtHead() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.key();
            rig.frame();
            rig.pass(501);
            rig.frame();
            assertEquals(List.of(), rig.takeAll());
            assertEquals(3, rig.queue.framesDropped());
        }
    }

    @Test
    @DisplayName("rule 2: a key that has itself waited too long is of no use")
    void oldKey() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frame();
            rig.key();
            rig.pass(501);
            rig.frame();
            rig.key();
            assertEquals(List.of("K4!"), rig.takeAll());
            assertEquals(3, rig.queue.framesDropped());
        }
    }

    @Test
    @DisplayName("rule 2: what the socket was given is not touched, but it counts for the age and for the bytes")
    void withSocket() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.bytesMax = 400;
            MediaUnit given = rig.frame();
            rig.take();
            assertEquals(100, rig.queue.bytes());
            rig.frames(3);
            assertEquals(400, rig.queue.bytes());
            rig.frame();
            assertEquals(100, rig.queue.bytes());
            assertEquals(2, given.references(), "the socket still has it");
            rig.pass(501);
            assertEquals(501 * QueueRig.MILLI, rig.queue.age(rig.now));
            rig.queue.sent();
            assertEquals(0, rig.queue.age(rig.now));
            assertEquals(1, given.references());
        }
    }

    @Test
    @DisplayName("rule 2: a key larger than the whole queue is sent anyway, another frame of that size is not")
    void largerThanQueue() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.bytesMax = 500;
            rig.frame();
            rig.offer(rig.unit(true, 2_000));
            assertEquals(2_000, rig.queue.bytes());
            assertEquals(List.of("K2!"), rig.takeAll());
            rig.offer(rig.unit(false, 501));
            rig.frame();
            assertEquals(List.of(), rig.takeAll());
        }
    }

    @Test
    @DisplayName("rule 3: init segments and texts stay, in their order and on their side of the key")
    void controlStays() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.frame();
            assertTrue(rig.text("one"));
            rig.init(50);
            rig.frame();
            rig.key();
            assertTrue(rig.text("two"));
            rig.pass(400);
            rig.key();
            rig.frame();
            rig.text("three");
            rig.pass(101);
            rig.frame();
            assertEquals(List.of("one", "init 2", "two", "K4!", "f5", "three", "f6"), rig.takeAll());
            assertEquals(2, rig.queue.framesDropped(), "f1 and K3; f2 stood between the init segment and its key");
        }
    }

    @Test
    @DisplayName("rule 3: 64 KiB of text may wait, more may not; what was taken no longer counts")
    void textLimit() {
        try (QueueRig rig = new QueueRig(false)) {
            String half = "x".repeat(ViewerQueue.CONTROL_BYTES_MAX / 2);
            assertTrue(rig.text(half));
            assertTrue(rig.text(half));
            assertFalse(rig.text("x"));
            rig.take();
            assertTrue(rig.text(half));
        }
    }

    @Test
    @DisplayName("rule 3: four of the largest init segments may wait, more may not; what was taken or replaced no longer counts")
    void initLimit() {
        try (QueueRig rig = new QueueRig(false)) {
            assertTrue(rig.init(ViewerQueue.INIT_BYTES_MAX));
            assertFalse(rig.init(100));
            rig.take();
            assertTrue(rig.init(ViewerQueue.INIT_BYTES_MAX - 100));
            rig.queue.join(rig.now);
            assertTrue(rig.init(ViewerQueue.INIT_BYTES_MAX));
        }
    }

    @Test
    @DisplayName("behind an init segment nothing but a key follows, also for a viewer that is not late")
    void keyBehindInit() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.init(50);
            rig.frames(2);
            rig.key();
            rig.frame();
            assertEquals(List.of("init 1", "K3", "f4"), rig.takeAll());
            assertEquals(0, rig.queue.framesDropped(), "the publisher began so; the viewer is not slow");
        }
    }

    @Test
    @DisplayName("rule 1: 2,048 items may wait, however few their bytes; one more is too much")
    void itemsAtBound() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.bytesMax = Long.MAX_VALUE / 2;
            rig.frames(ViewerQueue.WAITING_MAX);
            assertEquals(0, rig.queue.trims());
            rig.frame();
            assertEquals(1, rig.queue.trims());
            assertEquals(ViewerQueue.WAITING_MAX + 1, rig.queue.framesDropped());
        }
    }
}
