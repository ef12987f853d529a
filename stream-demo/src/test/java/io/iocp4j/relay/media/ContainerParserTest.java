package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.hex;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The first bytes of a stream")
class ContainerParserTest {
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            4f676753 00020000 00000000;         Ogg
            52494646 00000000 41564920;         AVI or WAV
            3026b275 8e66cf11 a6d900aa;         Windows Media
            23455854 4d33550a 23455854;         a playlist
            000001ba 44000400 04010000;         an MPEG program stream; ffmpeg: -c copy -f mpegts
            49443304 00000000 00000000;         MP3 or AAC without a picture
            fff15080 00000000 00000000;         MP3 or AAC without a picture
            16030100 00010001 fc030300;         the bytes 16 03 01 00 00 01 00 01, which are of no known container
            89504e47 0d0a1a0a 0000000d;         no known container
            """)
    @DisplayName("a format that cannot be relayed is refused with its name and a command that helps")
    void refused(String bytes, String reason, String more) {
        MediaException refused = assertThrows(MediaException.class, () -> Samples.parse(hex(bytes)));

        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
        assertTrue(refused.getMessage().contains("ffmpeg: -"), refused.getMessage());
    }

    @Test
    @DisplayName("a plain MP4 file, with its moov first or last, is refused with the options that help")
    void plainFile() {
        byte[] stsz = Boxes.full("stsz", 0, new byte[4], Boxes.u32(7));
        byte[] minf = Boxes.box("minf", Boxes.box("stbl", Boxes.full("stsd", 0, Boxes.u32(1),
                Boxes.videoEntry("avc1", 4, 3, Boxes.AVCC)), stsz));
        byte[] moov = Boxes.box("moov", Boxes.box("trak", Boxes.tkhd(1),
                Boxes.box("mdia", Boxes.mdhd(1), Boxes.hdlr("vide"), minf)));
        for (byte[] file : new byte[][] {join(Boxes.FTYP, moov), join(Boxes.FTYP, Boxes.header("mdat", 1 << 30))}) {
            MediaException refused = assertThrows(MediaException.class, () -> Samples.parse(file));
            assertTrue(refused.getMessage().contains("ffmpeg: -movflags"), refused.getMessage());
        }
    }

    @Test
    @DisplayName("a stream that ends before its container is known is refused")
    void tooShort() {
        MediaException refused = assertThrows(MediaException.class, () -> Samples.parse(text("FLV")));
        assertTrue(refused.getMessage().contains("ended after 3 bytes"), refused.getMessage());
    }

    @Test
    @DisplayName("after a failure, each call throws a MediaException; nothing is kept")
    void afterFailure() {
        ContainerParser parser = new ContainerParser(MediaLimits.defaults(), new Recorder(), MediaMemory.UNBOUNDED);
        assertThrows(MediaException.class, () -> parser.feed(ByteBuffer.allocate(20)));
        assertThrows(MediaException.class, () -> parser.feed(ByteBuffer.allocate(20)));
        assertThrows(MediaException.class, parser::end);
        assertEquals(0, parser.memoryBytes());
    }
}
