package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.NON_SYNC;
import static io.iocp4j.relay.media.Boxes.VIDEO;
import static io.iocp4j.relay.media.Boxes.box;
import static io.iocp4j.relay.media.Boxes.header;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.mdat;
import static io.iocp4j.relay.media.Boxes.movie;
import static io.iocp4j.relay.media.Boxes.tfhd;
import static io.iocp4j.relay.media.Boxes.traf;
import static io.iocp4j.relay.media.Boxes.unit;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Declared sizes of boxes: impossible sizes, and sizes at the limits. */
class Fmp4SizeTest {
    private static final byte[] MOOV = movie(NON_SYNC);
    private static final byte[] INIT = join(FTYP, MOOV);
    /** A page for the init segment and one for the unit. */
    private static final int TWO_PAGES = 8192;
    private static final byte[] MOOF = Boxes.moof(traf(tfhd(VIDEO)));

    @ParameterizedTest
    @ValueSource(longs = {2, 7, 0x1_0000_0000L, Long.MAX_VALUE, Long.MIN_VALUE, -1})
    @DisplayName("an impossible size is refused as soon as the header is complete")
    void impossibleSizes(long size) {
        for (String type : List.of("moof", "styp", "free", "moov", "ftyp")) {
            if (type.equals("free") && size > 16) {
                // this box is skipped, so it may have any size
                continue;
            }
            MediaException refused = assertThrows(MediaException.class,
                    () -> after(INIT).feed(ByteBuffer.wrap(header(type, size))), type);
            assertTrue(refused.getMessage().startsWith(type + " at byte " + INIT.length), refused.getMessage());
            assertTrue(refused.getMessage().contains(Long.toUnsignedString(size)), refused.getMessage());
        }
    }

    @Test
    @DisplayName("a box without an end (size 0) is refused")
    void sizeZero() {
        MediaException refused = assertThrows(MediaException.class,
                () -> after(INIT, MOOF).feed(ByteBuffer.wrap(header("mdat", 0))));
        assertTrue(refused.getMessage().contains("size 0"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 8, 15})
    @DisplayName("a size of 64 bits that is less than its own header is refused")
    void wideSizeTooSmall(long size) {
        byte[] wide = join(Boxes.u32(1), Boxes.text("free"), Boxes.u64(size));
        MediaException refused = assertThrows(MediaException.class,
                () -> after(INIT).feed(ByteBuffer.wrap(wide)));
        assertTrue(refused.getMessage().contains("less than its header"), refused.getMessage());
    }

    @Test
    @DisplayName("a unit of exactly maxUnitBytes is accepted; one byte more is refused when it is declared")
    void unitLimit() throws MediaException {
        int room = 1000;
        MediaLimits limits = MediaLimits.defaults().maxUnitBytes(room);
        Recorder seen = new Recorder();
        Fmp4Parser parser = new Fmp4Parser(limits, seen);
        parser.feed(ByteBuffer.wrap(join(INIT, MOOF, mdat(room - MOOF.length - 8))));
        assertEquals(room, seen.units.getFirst().length);

        byte[] tooMuch = join(MOOF, header("mdat", room - MOOF.length + 1));
        MediaException refused = assertThrows(MediaException.class, () -> parser.feed(ByteBuffer.wrap(tooMuch)));
        assertTrue(refused.getMessage().contains("declares " + (room - MOOF.length + 1) + " bytes, "
                + (room - MOOF.length) + " are allowed here (maxUnitBytes 1000)"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mfra", "free", "skip", "udta", "meta", "uuid"})
    @DisplayName("a box that is skipped may have any size, and is not kept")
    void skipped(String type) throws MediaException {
        MediaLimits limits = MediaLimits.defaults().maxUnitBytes(200);
        Recorder seen = new Recorder();
        Fmp4Parser parser = new Fmp4Parser(limits, seen);
        byte[] skipped = box(type, new byte[9_000_000]);
        parser.feed(ByteBuffer.wrap(join(FTYP, skipped, MOOV, skipped, unit(NON_SYNC))));
        parser.feed(ByteBuffer.wrap(skipped));
        parser.end();

        assertEquals(1, seen.inits.size());
        assertArrayEquals(unit(NON_SYNC), seen.units.getFirst());
        assertTrue(parser.memoryBytes() <= TWO_PAGES, "bytes: " + parser.memoryBytes());
    }

    @Test
    @DisplayName("a box of more than 4 GiB is skipped, and the unit after it is read")
    void skippedWide() throws MediaException {
        Recorder seen = new Recorder();
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), seen);
        long size = (4L << 30) + 3;
        parser.feed(ByteBuffer.wrap(join(INIT, header("free", size))));
        ByteBuffer zeros = ByteBuffer.allocate(1 << 24);
        for (long left = size - 16; left > 0; left -= zeros.limit()) {
            parser.feed(zeros.clear().limit((int) Math.min(left, zeros.capacity())));
        }
        parser.feed(ByteBuffer.wrap(unit(NON_SYNC)));
        parser.end();

        assertArrayEquals(unit(NON_SYNC), seen.units.getFirst());
        assertTrue(parser.memoryBytes() <= TWO_PAGES, "bytes: " + parser.memoryBytes());
    }

    @Test
    @DisplayName("a box of 2^63 - 1 bytes is skipped, and a stream that ends inside it is refused")
    void skippedForEver() throws MediaException {
        Fmp4Parser parser = after(INIT, header("free", Long.MAX_VALUE), new byte[100]);
        MediaException refused = assertThrows(MediaException.class, parser::end);

        String expected = (Long.MAX_VALUE - 116) + " bytes before the end";
        assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    }

    @Test
    @DisplayName("an init segment of exactly maxInitBytes is accepted; one byte more is refused when it is declared")
    void initLimit() throws MediaException {
        Recorder seen = new Recorder();
        MediaLimits exact = MediaLimits.defaults().maxInitBytes(INIT.length);
        new Fmp4Parser(exact, seen).feed(ByteBuffer.wrap(INIT));
        assertEquals(1, seen.inits.size());

        Fmp4Parser less = new Fmp4Parser(exact.maxInitBytes(INIT.length - 1), seen);
        less.feed(ByteBuffer.wrap(FTYP));
        MediaException refused = assertThrows(MediaException.class,
                () -> less.feed(ByteBuffer.wrap(header("moov", MOOV.length))));
        assertTrue(refused.getMessage().contains("maxInitBytes " + (INIT.length - 1)), refused.getMessage());
    }

    @Test
    @DisplayName("memory grows with the received bytes, not with the declared size")
    void memoryFollowsInput() throws MediaException {
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), new Recorder());
        parser.feed(ByteBuffer.wrap(join(INIT, MOOF, header("mdat", 8_000_000))));
        assertTrue(parser.memoryBytes() <= TWO_PAGES, "bytes: " + parser.memoryBytes());

        parser.feed(ByteBuffer.wrap(new byte[100_000]));
        assertTrue(parser.memoryBytes() < 210_000, "more than twice the received bytes: " + parser.memoryBytes());
    }

    /** Returns a parser that has been fed these parts. */
    private static Fmp4Parser after(byte[]... parts) throws MediaException {
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), new Recorder());
        parser.feed(ByteBuffer.wrap(join(parts)));
        return parser;
    }
}
