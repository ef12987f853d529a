package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.relay.ViewerQueue.Skipped;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The queue of a viewer: the rules by which frames are dropped")
class ViewerQueueTest {
    @Test
    @DisplayName("without cached frames, the queue begins with a key frame, and earlier frames do not count as dropped")
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
    @DisplayName("rule 1: nothing is dropped while the age is exactly at its limit")
    void ageAtLimit() {
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
    @DisplayName("rule 1: nothing is dropped while the bytes are exactly at their limit, and one byte more exceeds it")
    void bytesAtLimit() {
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
    @DisplayName("rule 2: media before a queued key frame that is not too old is dropped, and that frame gets DISCONT")
    void trimToQueuedKey() {
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
    @DisplayName("rule 2: with several queued key frames, the newest one is kept")
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
    @DisplayName("rule 2: an offered key frame is the newest key frame")
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
    @DisplayName("rule 2: if only frames with the socket are late, an offered key frame follows without DISCONT")
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
    @DisplayName("rule 2: without a key frame everything is dropped, and nothing is appended before the next key frame")
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
    @DisplayName("rule 2: a key frame that is already first in the queue is dropped with the rest")
    void keyIsFirst() {
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
    @DisplayName("rule 2: a key frame that is itself too old is dropped")
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
    @DisplayName("rule 2: items with the socket are not dropped, but count for the age and the bytes")
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
            assertEquals(2, given.references(), "the unit is with the socket");
            rig.pass(501);
            assertEquals(501 * QueueRig.MILLI, rig.queue.age(rig.now));
            rig.queue.sent();
            assertEquals(0, rig.queue.age(rig.now));
            assertEquals(1, given.references());
        }
    }

    @Test
    @DisplayName("rule 2: a key frame larger than the limit in bytes is appended; another frame of that size is not")
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
    @DisplayName("rule 3: init segments and texts are never dropped, and their order to the key frame stays the same")
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
            // f1 and K3; f2 came between an init segment and its key frame, so it does not count
            assertEquals(2, rig.queue.framesDropped());
        }
    }

    @Test
    @DisplayName("rule 3: 64 KiB of text may be queued, but not more; text with the socket does not count")
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
    @DisplayName("rule 3: four of the largest init segments may be queued; those taken or replaced do not count")
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
    @DisplayName("after an init segment, the next frame is a key frame, even if the viewer is not late")
    void keyAfterInit() {
        try (QueueRig rig = QueueRig.playing()) {
            rig.init(50);
            rig.frames(2);
            rig.key();
            rig.frame();
            assertEquals(List.of("init 1", "K3", "f4"), rig.takeAll());
            assertEquals(0, rig.queue.framesDropped(), "frames before the first key frame of the publisher");
        }
    }

    @Test
    @DisplayName("rule 1: 2,048 items may be queued, whatever their size; one more exceeds the limit")
    void itemsAtLimit() {
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
