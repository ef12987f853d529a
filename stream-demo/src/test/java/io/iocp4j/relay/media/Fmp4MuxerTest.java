package io.iocp4j.relay.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The muxer of fragmented MP4")
class Fmp4MuxerTest {
    private static final int TIME_INDEX = 60;
    private static final int DURATION_INDEX = 88;
    private static final int FLAGS_INDEX = 96;
    private static final int COMPOSITION_INDEX = 100;
    private static final int DATA_INDEX = 112;
    private static final long BEGIN_MS = 1_000;

    private final Recorder seen = new Recorder();
    private final Fmp4Muxer muxer = new Fmp4Muxer(MediaLimits.defaults().maxUnitBytes(500), seen,
            MediaMemory.UNBOUNDED);

    @BeforeEach
    void tracks() throws MediaException {
        SampleTrack video = SampleTrack.video("avc1", 1_000, 160, 90, "avcC",
                ByteBuffer.wrap(Boxes.hex("0142c00c ff e0 00")));
        muxer.tracks(video, Sound.opus(2, 312), List.of());
    }

    private void picture(long millis, long duration) throws MediaException {
        muxer.sample(MediaTrack.VIDEO, millis, 0, duration, true, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }

    private void sound(long samples) throws MediaException {
        muxer.sample(MediaTrack.AUDIO, samples, 0, 960, true, ByteBuffer.wrap(new byte[] {4}));
    }

    private List<Long> times(int track) {
        List<Long> times = new ArrayList<>();
        for (int i = 0; i < seen.units.size(); i++) {
            if (seen.tracks.get(i) == track) {
                times.add(ByteBuffer.wrap(seen.units.get(i)).getLong(TIME_INDEX));
            }
        }
        return times;
    }

    private int last(int index) {
        return ByteBuffer.wrap(seen.units.getLast()).getInt(index);
    }

    @Test
    @DisplayName("a unit has the times, flags and bytes of its sample")
    void unit() throws MediaException {
        muxer.sample(MediaTrack.VIDEO, 5_000, -7, 33, false, ByteBuffer.wrap(new byte[] {9, 8}));

        assertEquals(List.of(BEGIN_MS), times(MediaTrack.VIDEO));
        assertEquals(33, last(DURATION_INDEX));
        assertEquals(-7, last(COMPOSITION_INDEX));
        assertEquals(Boxes.NON_SYNC, last(FLAGS_INDEX));
        byte[] unit = seen.units.getFirst();
        assertEquals(DATA_INDEX + 2, unit.length);
        assertEquals(9, unit[DATA_INDEX]);
        assertEquals(List.of(false), seen.keys);
    }

    @Test
    @DisplayName("the parser reads what the muxer writes")
    void parsed() throws MediaException {
        picture(0, 40);
        picture(40, 40);
        Recorder again = Samples.parse(seen.stream(MediaTrack.VIDEO));

        assertEquals(seen.inits.getFirst().video(), again.inits.getFirst().video());
        assertEquals(List.of(true, true), again.keys);
        assertEquals(ByteBuffer.wrap(seen.units.get(1)), ByteBuffer.wrap(again.units.get(1)));
    }

    @Test
    @DisplayName("an unknown duration is the distance to the sample before, and never 0")
    void durations() throws MediaException {
        picture(100, 0);
        assertTrue(last(DURATION_INDEX) > 0);
        picture(140, 0);
        assertEquals(40, last(DURATION_INDEX));
        picture(140, 0);
        assertEquals(1, last(DURATION_INDEX));
        assertEquals(List.of(1_000L, 1_040L, 1_041L), times(MediaTrack.VIDEO));
    }

    @Test
    @DisplayName("sound up to 60 ms off its place is put there; behind a longer gap it keeps its time")
    void jitter() throws MediaException {
        sound(0);
        sound(960 + 48 * 59);
        sound(2 * 960 - 48 * 20);
        sound(3 * 960 + 48 * 60);

        assertEquals(List.of(48_000L, 48_960L, 49_920L, 48_000L + 3 * 960 + 48 * 60), times(MediaTrack.AUDIO));
    }

    @Test
    @DisplayName("picture and sound keep their distance")
    void together() throws MediaException {
        picture(70_000, 40);
        sound(48 * (70_000 - 100));

        assertEquals(List.of(1_000L), times(MediaTrack.VIDEO));
        assertEquals(List.of(48L * 900), times(MediaTrack.AUDIO));
    }

    @Test
    @DisplayName("when the clock of the publisher is set, both tracks go on without a gap")
    void clockSet() throws MediaException {
        picture(50_000, 40);
        sound(48 * 50_000);
        picture(10, 40);
        sound(48 * 10);
        picture(900_000, 40);
        sound(48 * 900_000);

        assertEquals(List.of(1_000L, 1_040L, 1_080L), times(MediaTrack.VIDEO));
        // the sound is up to 20 ms ahead or behind, as it was before
        assertEquals(List.of(48_000L, 48_960L, 49_920L), times(MediaTrack.AUDIO).stream().limit(3).toList());
    }

    @Test
    @DisplayName("other tracks go on in the same time")
    void newTracks() throws MediaException {
        picture(0, 40);
        picture(40, 40);
        tracks();
        picture(80, 40);

        assertEquals(2, seen.inits.size());
        assertEquals(List.of(1_000L, 1_040L, 1_080L), times(MediaTrack.VIDEO));
    }

    @Test
    @DisplayName("a sample above maxUnitBytes is refused before memory is allocated for it")
    void limit() {
        MediaException refused = assertThrows(MediaException.class, () -> muxer.sample(MediaTrack.VIDEO, 0, 0, 1, true,
                ByteBuffer.allocate(1 << 20)));

        assertTrue(refused.getMessage().contains("maxUnitBytes 500"), refused.getMessage());
        assertTrue(muxer.memoryBytes() <= 500, muxer.memoryBytes() + " bytes");
    }
}
