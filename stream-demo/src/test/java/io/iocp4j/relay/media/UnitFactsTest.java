package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.AUDIO;
import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.NON_SYNC;
import static io.iocp4j.relay.media.Boxes.SYNC;
import static io.iocp4j.relay.media.Boxes.VIDEO;
import static io.iocp4j.relay.media.Boxes.full;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.mdat;
import static io.iocp4j.relay.media.Boxes.movieWithAudio;
import static io.iocp4j.relay.media.Boxes.tfhd;
import static io.iocp4j.relay.media.Boxes.traf;
import static io.iocp4j.relay.media.Boxes.u32;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What a unit says of itself")
class UnitFactsTest {
    private static final byte[] FIRST_FLAGS = full("trun", 0x4, u32(1), u32(SYNC));

    private static UnitFacts facts(byte[] moof) throws MediaException {
        List<UnitFacts> seen = new ArrayList<>();
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), new MediaListener() {
            @Override
            public void onInit(MediaInit init) {
                // the units say what the test asks
            }

            @Override
            public void onUnit(ByteBuffer unit, UnitFacts facts) {
                seen.add(facts);
            }
        });
        parser.feed(ByteBuffer.wrap(join(FTYP, movieWithAudio(), moof, mdat(8))));
        return seen.getFirst();
    }

    private static byte[] moof(byte[]... content) {
        return Boxes.box("moof", content);
    }

    @Test
    @DisplayName("a picture and its number")
    void picture() throws MediaException {
        assertEquals(new UnitFacts(true, true, false, 0xffff_ffffL),
                facts(moof(full("mfhd", 0, u32(-1)), traf(tfhd(VIDEO), FIRST_FLAGS))));
    }

    @Test
    @DisplayName("sound is no picture; without an mfhd box there is no number, and a truncated one has none")
    void sound() throws MediaException {
        assertEquals(new UnitFacts(false, false, false, -1), facts(moof(traf(tfhd(AUDIO), FIRST_FLAGS))));
        assertEquals(-1, facts(moof(Boxes.box("mfhd", u32(0)), traf(tfhd(AUDIO), FIRST_FLAGS))).number());
    }

    @Test
    @DisplayName("a picture with a time offset is shown in another order; an offset of 0, or of sound, says nothing")
    void reordered() throws MediaException {
        byte[] shifted = full("trun", 0xc00, u32(2), u32(NON_SYNC), u32(0), u32(NON_SYNC), u32(512));
        byte[] plain = full("trun", 0xc00, u32(1), u32(NON_SYNC), u32(0));
        assertEquals(new UnitFacts(false, true, true, -1), facts(moof(traf(tfhd(VIDEO), shifted))));
        assertEquals(false, facts(moof(traf(tfhd(VIDEO), plain))).reordered());
        assertEquals(false, facts(moof(traf(tfhd(AUDIO), shifted))).reordered());
    }
}
