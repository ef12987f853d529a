package io.iocp4j.relay.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** MPEG-TS with faults. The sample has ten pictures, of which 0 and 5 are key frames, and AAC. */
@DisplayName("The parser of MPEG-TS")
class TsParserTest {
    private static final String SAMPLE = "h264-aac.ts";
    private static final int VIDEO_PID = 256;
    private static final int AUDIO_PID = 257;
    private static final long TIMES = 1L << 33;

    private static List<byte[]> packets() {
        byte[] all = Samples.load(SAMPLE);
        List<byte[]> packets = new ArrayList<>();
        for (int at = 0; at < all.length; at += TsParser.PACKET_BYTES) {
            packets.add(Arrays.copyOfRange(all, at, at + TsParser.PACKET_BYTES));
        }
        return packets;
    }

    private static int pid(byte[] packet) {
        return (packet[1] & 0x1f) << 8 | packet[2] & 0xff;
    }

    private static boolean begins(byte[] packet) {
        return (packet[1] & 0x40) != 0;
    }

    private static Recorder parse(List<byte[]> packets) throws MediaException {
        return Samples.parse(Boxes.join(packets.toArray(byte[][]::new)));
    }

    /** Returns the index of the first packet of a picture. */
    private static int picture(List<byte[]> packets, int number) {
        int seen = -1;
        for (int i = 0; i < packets.size(); i++) {
            seen += pid(packets.get(i)) == VIDEO_PID && begins(packets.get(i)) ? 1 : 0;
            if (seen == number) {
                return i;
            }
        }
        throw new AssertionError("there is no picture " + number);
    }

    private static List<Boolean> pictureKeys(Recorder seen) {
        List<Boolean> keys = new ArrayList<>();
        for (int i = 0; i < seen.units.size(); i++) {
            if (seen.tracks.get(i) == MediaTrack.VIDEO) {
                keys.add(seen.keys.get(i));
            }
        }
        return keys;
    }

    @Test
    @DisplayName("a lost packet drops its picture and those after it; the stream goes on with the next key frame")
    void loss() throws MediaException {
        List<byte[]> packets = packets();
        packets.remove(picture(packets, 2));
        Recorder seen = parse(packets);

        // picture 1 was not known to be complete when the packet was missing
        assertEquals(List.of(true, true, false, false, false, false), pictureKeys(seen));
        assertEquals(48, seen.count(MediaTrack.AUDIO), "sound is not concerned");
    }

    @Test
    @DisplayName("a packet that the receiver marked as broken is a loss too")
    void broken() throws MediaException {
        List<byte[]> packets = packets();
        packets.get(picture(packets, 3))[1] |= (byte) 0x80;

        assertEquals(List.of(true, false, true, false, false, false, false), pictureKeys(parse(packets)).subList(0, 7));
    }

    @Test
    @DisplayName("a repeated packet is ignored")
    void repeated() throws MediaException {
        List<byte[]> packets = new ArrayList<>();
        for (byte[] packet : packets()) {
            packets.add(packet);
            // only packets with a payload may be repeated
            if (pid(packet) == VIDEO_PID && (packet[3] & 0x10) != 0) {
                packets.add(packet);
            }
        }
        assertEquals(parse(packets()).events, parse(packets).events);
    }

    @Test
    @DisplayName("times that wrap after 33 bits go on")
    void wrap() throws MediaException {
        // a multiple of 9, so that the microseconds of the first time round in the same way
        long offset = (TIMES - 160_000) / 9 * 9;
        List<byte[]> packets = packets();
        int wrapped = 0;
        for (byte[] packet : packets) {
            int at = 4 + ((packet[3] & 0x20) != 0 ? 1 + (packet[4] & 0xff) : 0);
            if (!begins(packet) || pid(packet) != VIDEO_PID && pid(packet) != AUDIO_PID) {
                continue;
            }
            int flags = packet[at + 7] >>> 6 & 3;
            for (int i = 0; i < (flags == 3 ? 2 : 1); i++) {
                wrapped += move(packet, at + 9 + 5 * i, offset) ? 1 : 0;
            }
        }
        assertTrue(wrapped > 5, wrapped + " times behind the wrap");
        assertEquals(parse(packets()).events, parse(packets).events);
    }

    /** Adds to a time of 33 bits; true if it wraps. */
    private static boolean move(byte[] packet, int at, long offset) {
        long time = (packet[at] & 0xeL) << 29 | (packet[at + 1] & 0xffL) << 22 | (packet[at + 2] & 0xfeL) << 14
                | (packet[at + 3] & 0xffL) << 7 | (packet[at + 4] & 0xfeL) >>> 1;
        long moved = time + offset & TIMES - 1;
        packet[at] = (byte) (packet[at] & 0xf1 | moved >>> 29 & 0xe);
        packet[at + 1] = (byte) (moved >>> 22);
        packet[at + 2] = (byte) (moved >>> 14 & 0xfe | 1);
        packet[at + 3] = (byte) (moved >>> 7);
        packet[at + 4] = (byte) (moved << 1 | 1);
        return moved < time + offset;
    }

    @Test
    @DisplayName("bytes between packets are passed over")
    void junk() throws MediaException {
        List<byte[]> packets = packets();
        packets.add(9, new byte[50]);

        assertEquals(parse(packets()).events, parse(packets).events);
    }

    @Test
    @DisplayName("more than 64 KiB without a packet are refused")
    void noPackets() {
        List<byte[]> packets = packets();
        packets.add(9, new byte[65 * 1024]);

        assertMessage(packets, "no packet begins within 65536 bytes");
    }

    @Test
    @DisplayName("tables with a wrong check sum are ignored")
    void checkSum() {
        List<byte[]> packets = packets();
        for (byte[] packet : packets) {
            packet[30] ^= (byte) (pid(packet) == 4096 ? 1 : 0);
        }
        assertMessage(packets, "ended before its tables");
    }

    @Test
    @DisplayName("an encrypted stream is refused")
    void encrypted() {
        assertMessage(changed(packet -> packet[3] |= (byte) (pid(packet) == VIDEO_PID ? 0x80 : 0)), "is encrypted");
    }

    private static List<byte[]> changed(Consumer<byte[]> change) {
        List<byte[]> packets = packets();
        packets.forEach(change);
        return packets;
    }

    private static void assertMessage(List<byte[]> packets, String expected) {
        MediaException refused = assertThrows(MediaException.class, () -> parse(packets));
        assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    }
}
