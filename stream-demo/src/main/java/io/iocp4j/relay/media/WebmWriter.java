package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Writes a stream of VP8 as WebM (the container guidelines of the WebM project, on EBML of RFC 8794), because browsers
 * do not take VP8 in MP4. A unit is one cluster with one block. All sizes are written with eight bytes.
 */
final class WebmWriter {
    private static final int EBML = 0x1a45dfa3;
    private static final int SEGMENT = 0x18538067;
    private static final int INFO = 0x1549a966;
    private static final int TRACKS = 0x1654ae6b;
    private static final int CLUSTER = 0x1f43b675;
    private static final long UNKNOWN = 0x01ff_ffff_ffff_ffffL;
    private static final long SIZE_OF_8 = 0x0100_0000_0000_0000L;

    private WebmWriter() {
    }

    static ByteBuffer init(SampleTrack track) throws MediaException {
        ByteCollector bytes = new ByteCollector(4_096, MediaMemory.UNBOUNDED);
        BoxWriter out = new BoxWriter(bytes, "4 KiB for an init segment");
        ByteBuffer head = element(64, 0x4286, 1, 0x42f7, 1, 0x42f2, 4, 0x42f3, 8);
        out.u32(EBML).u64(SIZE_OF_8 | (head.remaining() + 15)).bytes(head);
        // DocType webm, in version 2
        out.u16(0x4282).u8(0x84).text("webm").u16(0x4287).u8(0x81).u8(2).u16(0x4285).u8(0x81).u8(2);
        out.u32(SEGMENT).u64(UNKNOWN);
        // without a duration, and with a date, browsers know that the stream is live
        out.u32(INFO).u64(SIZE_OF_8 | 29);
        // timestamps in milliseconds
        out.u8(0x2a).u16(0xd7b1).u8(0x83).u8(0x0f).u16(0x4240);
        out.u16(0x4d80).u8(0x81).text("-").u16(0x5741).u8(0x81).text("-");
        out.u16(0x4461).u8(0x88).u64(0).u8(0xec).u8(0x81).u8(0);
        ByteBuffer size = element(32, 0xb0, track.width(), 0xba, track.height());
        out.u32(TRACKS).u64(SIZE_OF_8 | (26 + 2 + size.remaining()));
        out.u8(0xae).u64(SIZE_OF_8 | (17 + 2 + size.remaining()));
        out.u8(0xd7).u8(0x81).u8(track.number()).u16(0x73c5).u8(0x81).u8(track.number());
        out.u8(0x83).u8(0x81).u8(1).u8(0x86).u8(0x85).text("V_VP8");
        out.u8(0xe0).u8(0x80 | size.remaining()).bytes(size);
        return bytes.copy();
    }

    /** Returns elements with unsigned values of two bytes, from pairs of identifier and value. */
    private static ByteBuffer element(int bytesMax, int... pairs) {
        ByteBuffer out = ByteBuffer.allocate(bytesMax);
        for (int i = 0; i < pairs.length; i += 2) {
            if (pairs[i] > 0xff) {
                out.put((byte) (pairs[i] >>> 8));
            }
            out.put((byte) pairs[i]).put((byte) 0x82).putShort((short) pairs[i + 1]);
        }
        return out.flip();
    }

    /** Appends a cluster with one frame. The times are in milliseconds. */
    static void unit(BoxWriter out, long time, long duration, boolean key, ByteBuffer data) throws MediaException {
        int reference = key ? 0 : 3;
        long block = 1 + 8 + 4L + data.remaining();
        long group = block + 6 + reference;
        out.u32(CLUSTER).u64(SIZE_OF_8 | (10 + 9 + group));
        out.u8(0xe7).u8(0x88).u64(time);
        out.u8(0xa0).u64(SIZE_OF_8 | group);
        // the block: track, time from that of the cluster, no lacing
        out.u8(0xa1).u64(SIZE_OF_8 | (4L + data.remaining())).u8(0x80 | MediaTrack.VIDEO).u16(0).u8(0).bytes(data);
        out.u8(0x9b).u8(0x84).u32((int) Math.max(1, duration));
        if (!key) {
            // any block before this one; browsers only look whether there is one
            out.u8(0xfb).u8(0x81).u8(-1);
        }
    }
}
