package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.AUDIO;
import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.NON_SYNC;
import static io.iocp4j.relay.media.Boxes.SYNC;
import static io.iocp4j.relay.media.Boxes.VIDEO;
import static io.iocp4j.relay.media.Boxes.box;
import static io.iocp4j.relay.media.Boxes.full;
import static io.iocp4j.relay.media.Boxes.hex;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.mdat;
import static io.iocp4j.relay.media.Boxes.moof;
import static io.iocp4j.relay.media.Boxes.movie;
import static io.iocp4j.relay.media.Boxes.movieWithAudio;
import static io.iocp4j.relay.media.Boxes.tfhd;
import static io.iocp4j.relay.media.Boxes.traf;
import static io.iocp4j.relay.media.Boxes.u32;
import static io.iocp4j.relay.media.Boxes.u64;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("The contents of a moof box")
class FragmentTest {
    private static final byte[] BARE_RUN = full("trun", 0, u32(1));

    static Stream<Arguments> keyRule() {
        return Stream.of(
                row("first_sample_flags: sync", true, movie(NON_SYNC), traf(tfhd(VIDEO), firstFlags(SYNC))),
                row("first_sample_flags: non-sync", false, movie(SYNC), traf(tfhd(VIDEO), firstFlags(NON_SYNC))),
                row("first_sample_flags override tfhd", true, movie(NON_SYNC),
                        traf(tfhdFlags(NON_SYNC), firstFlags(SYNC))),
                row("first_sample_flags override sample[0]", true, movie(NON_SYNC), traf(tfhd(VIDEO),
                        full("trun", 0x404, u32(1), u32(SYNC), u32(NON_SYNC)))),
                row("first_sample_flags after data_offset", true, movie(NON_SYNC), traf(tfhd(VIDEO),
                        full("trun", 0x5, u32(1), u32(NON_SYNC), u32(SYNC)))),
                row("sample[0] flags: sync", true, movie(NON_SYNC), traf(tfhd(VIDEO), sampleFlags(SYNC, NON_SYNC))),
                row("sample[0] flags: non-sync", false, movie(SYNC), traf(tfhd(VIDEO), sampleFlags(NON_SYNC, SYNC))),
                row("sample[0] flags override tfhd", false, movie(SYNC), traf(tfhdFlags(SYNC), sampleFlags(NON_SYNC))),
                row("sample[0] flags after duration and size", true, movie(NON_SYNC), traf(tfhd(VIDEO),
                        full("trun", 0xf00, u32(1), u32(NON_SYNC), u32(NON_SYNC), u32(SYNC), u32(NON_SYNC)))),
                row("tfhd default: sync", true, movie(NON_SYNC), traf(tfhdFlags(SYNC), BARE_RUN)),
                row("tfhd default: non-sync", false, movie(SYNC), traf(tfhdFlags(NON_SYNC), BARE_RUN)),
                row("tfhd default after all other fields", true, movie(NON_SYNC), traf(
                        full("tfhd", 0x02003a, u32(VIDEO), u32(1), u32(NON_SYNC), u32(NON_SYNC), u32(SYNC)), BARE_RUN)),
                row("trex: sync", true, movie(SYNC), traf(tfhd(VIDEO), BARE_RUN)),
                row("trex: non-sync", false, movie(NON_SYNC), traf(tfhd(VIDEO), BARE_RUN)),
                row("all other bits are ignored", true, movie(NON_SYNC),
                        traf(tfhd(VIDEO), firstFlags(0xfffe_ffff))),
                row("a sync sample that depends on others", false, movie(NON_SYNC),
                        traf(tfhd(VIDEO), firstFlags(0x0100_0000))),
                row("trex: a sync sample that depends on others", false, movie(0x0100_0000),
                        traf(tfhd(VIDEO), BARE_RUN)),
                row("no run", false, movie(SYNC), traf(tfhd(VIDEO))),
                row("a run without samples", false, movie(SYNC), traf(tfhd(VIDEO), full("trun", 0, u32(0)))),
                row("an empty run, then a picture", true, movie(NON_SYNC), traf(tfhd(VIDEO),
                        full("trun", 0x4, u32(0), u32(NON_SYNC)), firstFlags(SYNC))),
                row("the first of two runs decides", false, movie(SYNC), traf(tfhd(VIDEO),
                        firstFlags(NON_SYNC), firstFlags(SYNC))),
                row("no traf", false, movie(SYNC), new byte[0]),
                row("2^32 - 1 samples that need no bytes", true, movie(SYNC), traf(tfhd(VIDEO),
                        full("trun", 0, u32(-1)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    @DisplayName("a unit is a key frame if its first picture is a sync sample that depends on no other picture")
    void keyRule(String name, boolean key, byte[] moov, byte[] trafs) throws MediaException {
        assertEquals(List.of(key), Recorder.of(FTYP, moov, moof(trafs), mdat(4)).keys);
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                Arguments.of("traf without tfhd", "does not begin with a 'tfhd'", traf()),
                Arguments.of("trun before tfhd", "does not begin with a 'tfhd'", traf(BARE_RUN, tfhd(VIDEO))),
                Arguments.of("track that is not in the moov", "there is no track 7", traf(tfhd(7))),
                Arguments.of("track above 2^31", "there is no track 4294967295", traf(tfhd(-1))),
                Arguments.of("data before the moof in the file", "default_base_moof",
                        traf(full("tfhd", 1, u32(VIDEO), u64(0)))),
                Arguments.of("data far behind in the file", "default_base_moof",
                        traf(full("tfhd", 1, u32(VIDEO), u64(-1)))),
                Arguments.of("tfhd cut before its track", "moof/traf/tfhd", traf(full("tfhd", 0))),
                Arguments.of("tfhd cut in its fields", "is truncated: 4 more bytes needed, 0 left",
                        traf(full("tfhd", 0x020028, u32(VIDEO), u32(0)))),
                Arguments.of("trun cut in its flags", "moof/traf/trun", traf(tfhd(VIDEO), box("trun", new byte[3]))),
                Arguments.of("trun cut before first_sample_flags", "is truncated",
                        traf(tfhd(VIDEO), full("trun", 4, u32(1)))),
                Arguments.of("one sample too many", "2 samples of 4 bytes declared, 4 left",
                        traf(tfhd(VIDEO), full("trun", 0x400, u32(2), u32(SYNC)))),
                Arguments.of("2^32 - 1 samples of 16 bytes", "4294967295 samples of 16 bytes declared",
                        traf(tfhd(VIDEO), full("trun", 0xf00, u32(-1), new byte[64]))),
                Arguments.of("a number of samples whose size is 0 in 32 bits", "268435456 samples of 16 bytes declared",
                        traf(tfhd(VIDEO), full("trun", 0xf00, u32(0x1000_0000)))),
                Arguments.of("child of size 0", "declares 0 bytes, less than its header", hex("00000000 74726166")),
                Arguments.of("child of size 7", "declares 7 bytes, less than its header", hex("00000007 74726166")),
                Arguments.of("child larger than its parent", "declares 9 bytes, its parent has 8",
                        hex("00000009 74726166")),
                Arguments.of("child of nearly 2^64 bytes", "less than its header",
                        hex("00000001 74726166 ffffffffffffffff")),
                Arguments.of("child of 2^63 - 1 bytes", "declares 9223372036854775807 bytes, its parent has 16",
                        hex("00000001 74726166 7fffffffffffffff")),
                Arguments.of("wide child without its size", "is truncated: 8 more bytes needed",
                        hex("00000001 74726166 00")),
                Arguments.of("half a header", "is truncated: 4 more bytes needed, 3 left", hex("00000008 747261")),
                Arguments.of("malformed sound", "moof/traf/trun",
                        join(traf(tfhd(VIDEO), BARE_RUN), traf(tfhd(AUDIO), full("trun", 0x100, u32(9))))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    @DisplayName("a malformed fragment is refused with the path of the box and the reason")
    void malformed(String name, String reason, byte[] trafs) {
        MediaException refused = assertThrows(MediaException.class,
                () -> Recorder.of(FTYP, movieWithAudio(), moof(trafs), mdat(4)));

        assertTrue(refused.getMessage().startsWith("moof"), refused.getMessage());
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }

    private static Arguments row(String name, boolean key, byte[] moov, byte[] trafs) {
        return Arguments.of(name, key, moov, trafs);
    }

    private static byte[] firstFlags(int flags) {
        return full("trun", 0x4, u32(1), u32(flags));
    }

    private static byte[] sampleFlags(int... flags) {
        byte[] samples = new byte[0];
        for (int each : flags) {
            samples = join(samples, u32(each));
        }
        return full("trun", 0x400, u32(flags.length), samples);
    }

    private static byte[] tfhdFlags(int flags) {
        return full("tfhd", 0x020020, u32(VIDEO), u32(flags));
    }
}
