package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.NON_SYNC;
import static io.iocp4j.relay.media.Boxes.SYNC;
import static io.iocp4j.relay.media.Boxes.VIDEO;
import static io.iocp4j.relay.media.Boxes.full;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.mdat;
import static io.iocp4j.relay.media.Boxes.movie;
import static io.iocp4j.relay.media.Boxes.tfhd;
import static io.iocp4j.relay.media.Boxes.traf;
import static io.iocp4j.relay.media.Boxes.u32;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What a unit says of itself")
class UnitFactsTest {
    private static final byte[] FIRST_FLAGS = full("trun", 0x4, u32(1), u32(SYNC));

    private static List<UnitFacts> facts(byte[] stream) throws MediaException {
        List<UnitFacts> seen = new ArrayList<>();
        ContainerParser parser = new ContainerParser(MediaLimits.defaults(), new MediaListener() {
            @Override
            public void onInit(MediaInit init) {
                // the units say what the test asks
            }

            @Override
            public void onUnit(int track, ByteBuffer unit, UnitFacts facts) {
                seen.add(facts);
            }
        }, MediaMemory.UNBOUNDED);
        parser.feed(ByteBuffer.wrap(stream));
        return seen;
    }

    private static UnitFacts ofMoof(byte[]... content) throws MediaException {
        return facts(join(FTYP, movie(NON_SYNC), Boxes.box("moof", content), mdat(8))).getFirst();
    }

    @Test
    @DisplayName("a picture and its number")
    void picture() throws MediaException {
        assertEquals(new UnitFacts(true, true, false, 0xffff_ffffL),
                ofMoof(full("mfhd", 0, u32(-1)), traf(tfhd(VIDEO), FIRST_FLAGS)));
    }

    @Test
    @DisplayName("without an mfhd box there is no number, and a truncated one has none")
    void noNumber() throws MediaException {
        assertEquals(-1, ofMoof(traf(tfhd(VIDEO), FIRST_FLAGS)).number());
        assertEquals(-1, ofMoof(Boxes.box("mfhd", u32(0)), traf(tfhd(VIDEO), FIRST_FLAGS)).number());
    }

    @Test
    @DisplayName("a picture with a time offset is shown in another order; an offset of 0 says nothing")
    void reordered() throws MediaException {
        byte[] shifted = full("trun", 0xc00, u32(2), u32(NON_SYNC), u32(0), u32(NON_SYNC), u32(512));
        byte[] plain = full("trun", 0xc00, u32(1), u32(NON_SYNC), u32(0));
        assertTrue(ofMoof(traf(tfhd(VIDEO), shifted)).reordered());
        assertFalse(ofMoof(traf(tfhd(VIDEO), plain)).reordered());
    }

    @Test
    @DisplayName("other containers say the same: B-frames are shown in another order, and sound is no picture")
    void containers() throws MediaException {
        assertTrue(facts(Samples.load("h264-aac.flv")).stream().anyMatch(UnitFacts::reordered), "with B-frames");
        List<UnitFacts> plain = facts(Samples.load("h264-aac.ts"));
        assertTrue(plain.stream().noneMatch(UnitFacts::reordered), "without B-frames");
        assertEquals(48, plain.stream().filter(facts -> !facts.picture()).count());
    }
}
