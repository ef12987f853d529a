package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.hex;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The parser of MJPEG")
class MjpegParserTest {
    private static final byte[] START = hex("ffd8");
    private static final byte[] END = hex("ffd9");
    private static final byte[] SCAN = hex("ffda 0002 11 ff00 22 ffd3 33");

    private static byte[] size(int width, int height) {
        return join(hex("ffc0 0007 08"), Boxes.u16(height), Boxes.u16(width));
    }

    private static byte[] picture(int width, int height) {
        return join(START, size(width, height), SCAN, END);
    }

    @Test
    @DisplayName("the end marker of a thumbnail inside of a segment does not end the picture")
    void thumbnail() throws MediaException {
        byte[] exif = join(hex("ffe1 0008"), hex("ffd8 ffd9 0000"));
        byte[] picture = join(START, exif, size(4, 3), SCAN, END);
        Recorder seen = Samples.parse(join(picture, picture));

        assertEquals(2, seen.units.size());
        assertArrayEquals(picture, seen.units.getFirst());
    }

    @Test
    @DisplayName("a progressive picture has several scans, and markers may be padded")
    void progressive() throws MediaException {
        byte[] picture = join(START, hex("ffff c2 0007 08 0003 0004"), SCAN, hex("ffc4 0003 00"), SCAN, END);

        assertArrayEquals(picture, Samples.parse(picture).units.getFirst());
    }

    @Test
    @DisplayName("another size begins a new init segment")
    void newSize() throws MediaException {
        Recorder seen = Samples.parse(join(picture(4, 3), picture(4, 3), picture(6, 3)));

        assertEquals(2, seen.inits.size());
        assertEquals(6, seen.inits.getLast().video().width());
    }

    @Test
    @DisplayName("the headers of parts are passed over, up to 4,096 bytes")
    void parts() throws MediaException {
        byte[] header = text("--frame\r\nContent-Type: image/jpeg\r\n\r\n");
        assertEquals(2, Samples.parse(join(header, picture(4, 3), header, picture(4, 3))).units.size());

        byte[] long1 = join(text("--"), new byte[MjpegParser.BETWEEN_BYTES_MAX - 2]);
        assertEquals(1, Samples.parse(join(long1, picture(4, 3))).units.size());
        refused(join(long1, new byte[1], picture(4, 3)), "no JPEG picture begins");
    }

    @ParameterizedTest
    @CsvSource({
        "ffd8 ffe0 0001, a segment of 1 bytes",
        "ffd8 ffc3 0007 08 0003 0004, browsers do not show",
        "ffd8 ffc0 0007 08 0000 0004, a picture of 4x0",
        "ffd8 ffc0 0004 08 00 ffda 0002, header of the picture is truncated",
        "ffd8 ff01 ffda 0002 00 ffd9 00, without its size",
        "ffd8 ffe0 0002 00 ffd9 00 00, a marker was expected",
        "ffd8 ffe0 0002 ffd8 ffd9 00 00, begins inside of a picture",
        "ffd8 ffe0 0002 ffe0 0002 ffe0 0002, ended inside of a picture"})
    @DisplayName("a malformed picture is refused with the reason")
    void malformed(String bytes, String reason) {
        refused(join(text("--frame\r\n\r\n"), hex(bytes)), reason);
    }

    private static void refused(byte[] bytes, String reason) {
        MediaException refused = assertThrows(MediaException.class, () -> Samples.parse(bytes));
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }
}
