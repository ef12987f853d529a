package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams with sound: ten pictures, of which 0 and 5 are key frames, and 48 units of sound. */
@DisplayName("Viewers of a stream with sound")
@Timeout(120)
class RelaySoundTest {
    private static final int VIDEO = 1;
    private static final int AUDIO = 2;

    private static byte[] sample() throws IOException {
        try (InputStream in = RelaySoundTest.class.getResourceAsStream("media/h264-aac.flv")) {
            return in.readAllBytes();
        }
    }

    private static int track(TestViewer.Event event) {
        return event.header().getShort(2);
    }

    private static boolean isInit(TestViewer.Event event) {
        return event.unit()[0] == MediaUnit.KIND_INIT;
    }

    /** Takes units up to the last picture of the sample. */
    private static List<TestViewer.Event> units(TestViewer viewer) throws InterruptedException {
        List<TestViewer.Event> units = new ArrayList<>();
        TestViewer.Event next;
        do {
            next = viewer.next();
            assertTrue(next.unit() != null, next::toString);
            units.add(next);
        } while (track(next) == AUDIO || isInit(next) || next.seq() != 9);
        return units;
    }

    private static List<Integer> numbers(List<TestViewer.Event> units, int track) {
        return units.stream().filter(unit -> track(unit) == track && !isInit(unit)).map(TestViewer.Event::seq).toList();
    }

    private static void assertBothTracks(TestViewer viewer) throws InterruptedException {
        List<TestViewer.Event> units = units(viewer);
        assertTrue(isInit(units.get(0)) && track(units.get(0)) == VIDEO, units::toString);
        assertTrue(isInit(units.get(1)) && track(units.get(1)) == AUDIO, units::toString);
        assertEquals(List.of(5, 6, 7, 8, 9), numbers(units, VIDEO));
        List<Integer> sound = numbers(units, AUDIO);
        assertTrue(sound.size() > 10, () -> sound.size() + " units of sound");
        for (int i = 1; i < sound.size(); i++) {
            assertEquals(sound.get(i - 1) + 1, sound.get(i), "sound has its own numbers, without a gap");
        }
    }

    @Test
    @DisplayName("one that asks for tracks gets both, each with its own init segment and its own numbers")
    void both() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.publish("cam1").chunk(sample());
            rig.awaitFrames(10);
            TestViewer viewer = rig.watch("cam1?tracks=1").greeted();
            Map<String, Object> stream = viewer.control("stream");

            assertEquals("video/mp4; codecs=\"avc1.4d400a\"", stream.get("mime"));
            String tracks = stream.get("tracks").toString();
            assertTrue(tracks.contains("audio/mp4; codecs=\"mp4a.40.2\""), tracks);
            assertBothTracks(viewer);
        }
    }

    @Test
    @DisplayName("one that does not ask gets the picture alone, without a gap in its numbers")
    void pictureAlone() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.publish("cam1").chunk(sample());
            rig.awaitFrames(10);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K5c", "f6c", "f7c", "f8c", "f9c");
        }
    }

    @Test
    @DisplayName("one may ask with its hello text too; then the stream begins again")
    void hello() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.publish("cam1").chunk(sample());
            rig.awaitFrames(10);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K5c", "f6c", "f7c", "f8c", "f9c");
            viewer.send("{\"t\":\"hello\",\"tracks\":true}");
            viewer.stream("live", 1);
            assertBothTracks(viewer);
        }
    }

    @Test
    @DisplayName("a stream without sound has no tracks in its text, and track 0 in its units")
    void noSound() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("cam1?tracks=1").greeted();

            assertFalse(viewer.control("stream").containsKey("tracks"));
            assertEquals(0, track(viewer.next()));
            assertEquals(0, track(viewer.next()));
        }
    }
}
