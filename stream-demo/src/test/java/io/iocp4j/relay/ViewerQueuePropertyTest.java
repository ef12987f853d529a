package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.relay.ViewerQueue.Skipped;
import io.iocp4j.websocket.SharedMessage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The queue of a viewer with 10,000 random publishers and sockets")
class ViewerQueuePropertyTest {
    private static final long FIRST_SEED = 20_260_301;
    private static final int SEEDS = 10_000;
    private static final int STEPS = 36;
    private static final int UNIT_MAX = 1_500;

    /** The number of times that each rare event occurred; a property is only tested if they occur. */
    private int skips;
    private int jumps;
    private int joins;
    private int bursts;

    @Test
    @DisplayName("gaps end at key frames, no frame is late or unaccounted for, and nothing leaks")
    void anything() throws Exception {
        // a separate thread has a short stack, which makes recording the allocation of each object cheap
        FutureTask<Void> all = new FutureTask<>(this::everySeed, null);
        Thread.ofPlatform().name("test-property").start(all);
        all.get(120, TimeUnit.SECONDS);
        String occurred = skips + " skip texts, " + jumps + " jumps, " + joins + " joins, " + bursts + " bursts";
        assertTrue(skips > SEEDS / 4 && jumps > SEEDS / 4 && joins > SEEDS / 4 && bursts > SEEDS / 8, occurred);
    }

    private void everySeed() {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            Run run = new Run(seed);
            try {
                run.go();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
            skips += run.skipTexts;
            jumps += run.discontinuities;
            joins += run.joins;
            bursts += run.bursts;
        }
    }

    /** A run of one publisher and one viewer. */
    private static final class Run {
        private final SplittableRandom random;
        private final boolean allKeys;
        private final boolean onlyNewest;
        private final QueueRig rig;
        private final int keyEvery;
        private final int millisMax;

        /** The frames that are neither sent nor dropped yet, by sequence number. */
        private final TreeMap<Integer, MediaUnit> open = new TreeMap<>();
        private final TreeMap<Integer, Long> offeredAt = new TreeMap<>();
        private final TreeSet<Integer> dropped = new TreeSet<>();
        private final List<String> control = new ArrayList<>();
        private int inFlight;
        /** True if the queue must not take anything but a key frame. */
        private boolean needsKey = true;
        private int previous = -1;
        /** True if the decoder has an init segment and no frame after it. */
        private boolean decoderNeedsKey = true;
        private long lastOffer;
        private long joinedAt;
        private long lastSkipText;
        private int skippedFrames;
        /** Dropped frames whose report a join has discarded. */
        private int unreported;
        private int texts;

        int skipTexts;
        int discontinuities;
        int joins;
        int bursts;

        Run(long seed) {
            random = new SplittableRandom(seed);
            allKeys = random.nextInt(4) == 0;
            onlyNewest = allKeys && random.nextBoolean();
            rig = new QueueRig(onlyNewest);
            keyEvery = allKeys ? 1 : 2 + random.nextInt(12);
            millisMax = 1 + random.nextInt(random.nextBoolean() ? 60 : 1_200);
            rig.bytesMax = 2_000 + random.nextInt(15_000);
            joinedAt = lastOffer = rig.now;
        }

        void go() {
            for (int i = 0; i < STEPS; i++) {
                rig.pass(random.nextInt(millisMax));
                switch (random.nextInt(16)) {
                    case 0 -> text();
                    case 1 -> init();
                    case 2 -> join();
                    case 3, 4, 5, 6 -> drain();
                    default -> offer();
                }
            }
            rig.pass(1_000);
            while (rig.queue.bytes() > 0) {
                drain();
            }
            assertEquals(List.of(), control, "control messages that were not sent");
            assertEquals(List.of(), List.copyOf(open.keySet()), "neither sent nor dropped");
            assertEquals(dropped.size(), rig.queue.framesDropped());
            rig.close();
        }

        private void text() {
            String text = "text " + texts++;
            control.add(text);
            rig.text(text);
            pump();
        }

        private void init() {
            control.add("init " + rig.seq);
            rig.init(MediaUnit.HEADER_BYTES + 1 + random.nextInt(40));
            needsKey = true;
            pump();
        }

        private void join() {
            joins++;
            rig.queue.join(rig.now);
            joinedAt = lastOffer = rig.now;
            needsKey = true;
            control.removeIf(item -> item.startsWith("init"));
            unreported = dropped.size() - skippedFrames;
            // the join dropped these frames, so only the test has a reference to them
            open.values().removeIf(unit -> unit.references() == 1);
            text();
            init();
            int burst = onlyNewest ? random.nextInt(2) : random.nextInt(4);
            for (int i = 0; i < burst; i++) {
                bursts++;
                needsKey = false;
                MediaUnit unit = rig.cached(i == 0 || allKeys);
                open.put(unit.seq(), unit);
                offeredAt.put(unit.seq(), rig.now);
            }
            pump();
        }

        private void offer() {
            boolean key = random.nextInt(keyEvery) == 0;
            MediaUnit unit = rig.unit(key, MediaUnit.HEADER_BYTES + random.nextInt(UNIT_MAX - MediaUnit.HEADER_BYTES));
            rig.offer(unit);
            lastOffer = rig.now;
            offeredAt.put(unit.seq(), rig.now);
            open.values().removeIf(other -> other.references() == 1 && dropped.add(other.seq()));
            boolean counted = rig.queue.framesDropped() > dropped.size();
            if (unit.references() > 1) {
                open.put(unit.seq(), unit);
            } else if (counted) {
                dropped.add(unit.seq());
            } else {
                assertTrue(needsKey && !key, () -> "neither queued nor counted: " + unit);
            }
            needsKey &= !key;
            assertEquals(dropped.size(), rig.queue.framesDropped(), "number of dropped frames");
            long bound = rig.bytesMax + inFlight + UNIT_MAX + 3_000;
            assertTrue(rig.queue.bytes() <= bound, () -> rig.queue.bytes() + " bytes of " + bound);
            pump();
        }

        private void drain() {
            rig.queue.sent();
            inFlight = 0;
            pump();
        }

        /** Gives the next batch to the socket, as Viewer does. */
        private void pump() {
            if (rig.queue.isSending()) {
                return;
            }
            Skipped skipped = rig.queue.takeSkipped(rig.now);
            if (skipped != null) {
                check(skipped);
            }
            List<SharedMessage> batch = rig.queue.takeBatch(Long.MAX_VALUE);
            assertTrue(skipped == null || !batch.isEmpty(), "a skip text with no message after it");
            long media = batch.stream().map(SharedMessage::data)
                    .filter(payload -> payload.get(0) == MediaUnit.KIND_MEDIA).count();
            assertTrue(media <= 1 || !onlyNewest, () -> media + " frames were queued");
            for (SharedMessage message : batch) {
                inFlight += message.payloadLength();
                ByteBuffer payload = message.data();
                if (payload.get(0) == MediaUnit.KIND_MEDIA) {
                    media(payload.get(1), payload.getInt(4));
                } else {
                    control(QueueRig.describe(message));
                }
            }
        }

        private void control(String item) {
            assertEquals(control.removeFirst(), item, "control messages out of order");
            if (item.startsWith("init")) {
                int number = Integer.parseInt(item.substring(5));
                assertTrue(previous < number, () -> item + " after frame " + previous);
                decoderNeedsKey = true;
            }
        }

        private void media(int flags, int seq) {
            boolean key = (flags & MediaUnit.KEY) != 0;
            boolean discont = (flags & MediaUnit.DISCONT) != 0;
            assertTrue(seq > previous, () -> "frame " + seq + " after " + previous);
            assertTrue(control.isEmpty() || !control.getFirst().startsWith("init")
                    || seq < Integer.parseInt(control.getFirst().substring(5)),
                    () -> "frame " + seq + " before " + control);
            if (seq != previous + 1 || decoderNeedsKey) {
                assertTrue(key, () -> "frame " + seq + " after " + previous + " is not a key frame");
                assertTrue(discont || decoderNeedsKey, () -> "frame " + seq + " after " + previous + " has no DISCONT");
            }
            assertTrue(key || !discont, "DISCONT on a frame that is not a key frame");
            boolean burst = (flags & MediaUnit.FROM_CACHE) != 0 && lastOffer - joinedAt < ViewerQueue.JOIN_NANOS;
            long age = lastOffer - offeredAt.get(seq);
            assertTrue(burst || age <= QueueRig.MAX_LAG,
                    () -> "frame " + seq + " was " + age + " ns old at the last offer");
            assertTrue(open.remove(seq) != null, () -> "frame " + seq + " was dropped or sent before");
            discontinuities += discont ? 1 : 0;
            previous = seq;
            decoderNeedsKey = false;
        }

        private void check(Skipped skipped) {
            assertTrue(skipTexts == 0 || rig.now - lastSkipText >= 1_000 * QueueRig.MILLI,
                    "two skip texts within a second");
            lastSkipText = rig.now;
            skipTexts++;
            assertTrue(dropped.contains(skipped.fromSeq()) && dropped.contains(skipped.toSeq()), skipped::toString);
            int inRange = dropped.subSet(skipped.fromSeq(), true, skipped.toSeq(), true).size();
            assertEquals(inRange, skipped.frames(), skipped::toString);
            skippedFrames += skipped.frames();
            assertTrue(skippedFrames + unreported <= dropped.size(), "more frames reported than dropped");
        }
    }
}
