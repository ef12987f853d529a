package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.NON_SYNC;
import static io.iocp4j.relay.media.Boxes.SYNC;
import static io.iocp4j.relay.media.Boxes.box;
import static io.iocp4j.relay.media.Boxes.header;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.mdat;
import static io.iocp4j.relay.media.Boxes.movie;
import static io.iocp4j.relay.media.Boxes.tfhd;
import static io.iocp4j.relay.media.Boxes.traf;
import static io.iocp4j.relay.media.Boxes.unit;
import static io.iocp4j.relay.media.Boxes.wideBox;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The order of boxes in a stream, and the units that they form")
class Fmp4ParserTest {
    private static final byte[] MOOV = movie(NON_SYNC);
    private static final byte[] INIT = join(FTYP, MOOV);
    private static final byte[] MOOF = Boxes.moof(traf(tfhd(Boxes.VIDEO)));

    @ParameterizedTest
    @ValueSource(strings = {"styp", "sidx", "prft", "emsg"})
    @DisplayName("small boxes before a moof belong to its unit")
    void prefix(String type) throws MediaException {
        byte[] unit = join(box(type, new byte[12]), box(type), unit(SYNC));
        Recorder seen = Recorder.of(INIT, unit, unit(NON_SYNC));

        assertArrayEquals(unit, seen.units.getFirst());
        assertArrayEquals(unit(NON_SYNC), seen.units.get(1));
        assertEquals(List.of(true, false), seen.keys);
    }

    @ParameterizedTest
    @ValueSource(strings = {"free", "skip", "udta", "mfra", "uuid", "abcd"})
    @DisplayName("other boxes between units are dropped")
    void dropped(String type) throws MediaException {
        byte[] other = box(type, new byte[300]);
        Recorder seen = Recorder.of(FTYP, other, MOOV, other, box("styp"), other, unit(SYNC), other);

        assertEquals(ByteBuffer.wrap(INIT), seen.inits.getFirst().video().bytes());
        assertEquals(1, seen.units.size());
        assertArrayEquals(join(box("styp"), unit(SYNC)), seen.units.getFirst());
    }

    @Test
    @DisplayName("a box between moof and mdat is kept, because the offsets in the moof count it")
    void keptInsideFragment() throws MediaException {
        byte[] unit = join(MOOF, box("free", new byte[10]), mdat(3));

        assertArrayEquals(unit, Recorder.of(INIT, unit).units.getFirst());
    }

    @Test
    @DisplayName("sizes of 64 bits are read at every level")
    void wideSizes() throws MediaException {
        byte[] moov = wideBox("moov", Boxes.videoTrack(), wideBox("mvex", Boxes.trex(Boxes.VIDEO, NON_SYNC)));
        byte[] moof = wideBox("moof", wideBox("traf", tfhd(Boxes.VIDEO),
                Boxes.full("trun", 4, Boxes.u32(1), Boxes.u32(SYNC))));
        byte[] unit = join(moof, wideBox("mdat", new byte[7]));
        byte[] ftyp = wideBox("ftyp", new byte[8]);
        Recorder seen = Recorder.of(ftyp, moov, unit);

        assertEquals(ByteBuffer.wrap(join(ftyp, moov)), seen.inits.getFirst().video().bytes());
        assertArrayEquals(unit, seen.units.getFirst());
        assertTrue(seen.keys.getFirst());
    }

    @Test
    @DisplayName("a second ftyp and moov are a new init segment; a moov without an ftyp belongs to the last ftyp")
    void newInit() throws MediaException {
        byte[] otherBrand = box("ftyp", new byte[20]);
        Recorder seen = Recorder.of(INIT, unit(SYNC), otherBrand, MOOV, unit(SYNC), MOOV, unit(SYNC));

        assertEquals(3, seen.inits.size());
        assertEquals(ByteBuffer.wrap(INIT), seen.inits.get(0).video().bytes());
        assertEquals(ByteBuffer.wrap(join(otherBrand, MOOV)), seen.inits.get(1).video().bytes());
        assertEquals(ByteBuffer.wrap(join(otherBrand, MOOV)), seen.inits.get(2).video().bytes());
        assertEquals(3, seen.units.size());
    }

    @Test
    @DisplayName("a new init segment drops the small boxes before it")
    void newInitDropsPrefix() throws MediaException {
        Recorder seen = Recorder.of(INIT, box("styp"), INIT, unit(SYNC), box("styp"), MOOV);

        assertArrayEquals(unit(SYNC), seen.units.getFirst());
        assertEquals(3, seen.inits.size());
    }

    static Stream<Arguments> wrongOrder() {
        return Stream.of(
                Arguments.of("moov first", "begins with 'moov'", new byte[][] {MOOV}),
                Arguments.of("moof first", "begins with 'moof'", new byte[][] {MOOF}),
                Arguments.of("free first", "begins with 'free'", new byte[][] {box("free")}),
                Arguments.of("styp first", "begins with 'styp'", new byte[][] {box("styp")}),
                Arguments.of("another format", "begins with 'B...'", new byte[][] {Boxes.hex("1a45dfa3 42868101")}),
                Arguments.of("moof before moov", "moof at byte 20: comes before", new byte[][] {FTYP, MOOF}),
                Arguments.of("mdat before moov", "empty_moov", new byte[][] {FTYP, mdat(1)}),
                Arguments.of("mdat before moof", "empty_moov", new byte[][] {INIT, mdat(1)}),
                Arguments.of("mdat before moof, after a new init", "empty_moov",
                        new byte[][] {INIT, unit(SYNC), MOOV, mdat(1)}),
                Arguments.of("second moof", "of the last 'moof' is expected", new byte[][] {INIT, MOOF, MOOF}),
                Arguments.of("ftyp in a unit", "of the last 'moof' is expected", new byte[][] {INIT, MOOF, FTYP}),
                Arguments.of("moov in a unit", "of the last 'moof' is expected", new byte[][] {INIT, MOOF, MOOV}),
                Arguments.of("moof after a new ftyp", "before any 'moov'", new byte[][] {INIT, FTYP, MOOF}),
                Arguments.of("zeros instead of a box", "not the beginning of a box", new byte[][] {INIT, new byte[8]}));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    @DisplayName("a box in the wrong place is refused with the reason")
    void wrongOrder(String name, String reason, byte[][] parts) {
        MediaException refused = assertThrows(MediaException.class, () -> Recorder.of(parts));

        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }

    static Stream<Arguments> truncated() {
        return Stream.of(
                Arguments.of("nothing at all", "before its init segment", new byte[][] {}),
                Arguments.of("ftyp only", "before its init segment", new byte[][] {FTYP}),
                Arguments.of("half a header", "inside of the header", new byte[][] {INIT, {0, 0, 0}}),
                Arguments.of("half a wide header", "inside of the header", new byte[][] {INIT, header("free", 1)}),
                Arguments.of("moof without mdat", "moof without mdat", new byte[][] {INIT, MOOF}),
                Arguments.of("styp alone", "no moof after styp", new byte[][] {INIT, box("styp")}),
                Arguments.of("half an mdat", "92 bytes before", new byte[][] {INIT, MOOF, header("mdat", 100)}),
                Arguments.of("half a free", "1 bytes before the end", new byte[][] {INIT, header("free", 9)}));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    @DisplayName("a stream that ends inside a box or a unit is refused at its end")
    void truncated(String name, String reason, byte[][] parts) throws MediaException {
        Recorder seen = new Recorder();
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), seen);
        for (byte[] part : parts) {
            parser.feed(ByteBuffer.wrap(part));
        }
        MediaException refused = assertThrows(MediaException.class, parser::end);

        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
        assertTrue(seen.units.isEmpty(), "an incomplete unit must not be reported");
    }

    @Test
    @DisplayName("after a failure, each call throws a MediaException; after the end, an IllegalStateException")
    void afterTheEnd() throws MediaException {
        Fmp4Parser failed = new Fmp4Parser(MediaLimits.defaults(), new Recorder());
        assertThrows(MediaException.class, () -> failed.feed(ByteBuffer.wrap(MOOV)));
        assertThrows(MediaException.class, () -> failed.feed(ByteBuffer.wrap(INIT)));
        assertThrows(MediaException.class, failed::end);

        Fmp4Parser ended = new Fmp4Parser(MediaLimits.defaults(), new Recorder());
        ended.feed(ByteBuffer.wrap(INIT));
        ended.end();
        assertThrows(IllegalStateException.class, () -> ended.feed(ByteBuffer.wrap(INIT)));
        assertThrows(IllegalStateException.class, ended::end);
    }

    @Test
    @DisplayName("an exception of the listener reaches the caller and ends the parser")
    void listenerRefuses() {
        MediaException no = new MediaException("no");
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), new MediaListener() {
            @Override
            public void onInit(MediaInit init) throws MediaException {
                throw no;
            }

            @Override
            public void onUnit(int track, ByteBuffer unit, UnitFacts facts) {
                throw new AssertionError("a unit after a refused init");
            }
        });

        assertSame(no, assertThrows(MediaException.class, () -> parser.feed(ByteBuffer.wrap(INIT))));
        assertThrows(MediaException.class, () -> parser.feed(ByteBuffer.wrap(unit(SYNC))));
    }

    @Test
    @DisplayName("the buffers for the listener are read-only, and a kept init segment does not change")
    void readOnly() throws MediaException {
        byte[] input = join(INIT, unit(SYNC));
        MediaInit[] kept = new MediaInit[1];
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), new MediaListener() {
            @Override
            public void onInit(MediaInit init) {
                kept[0] = init;
            }

            @Override
            public void onUnit(int track, ByteBuffer unit, UnitFacts facts) {
                assertThrows(ReadOnlyBufferException.class, () -> unit.put(0, (byte) 1));
                assertEquals(0, unit.position());
                assertEquals(unit.capacity(), unit.remaining());
            }
        });
        parser.feed(ByteBuffer.wrap(input));
        parser.feed(ByteBuffer.wrap(join(box("ftyp", new byte[30]), MOOV)));

        assertThrows(ReadOnlyBufferException.class, () -> kept[0].video().bytes().put(0, (byte) 1));
        kept[0].video().bytes().position(5);
        assertEquals(0, kept[0].video().bytes().position());
    }
}
