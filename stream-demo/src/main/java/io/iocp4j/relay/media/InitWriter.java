package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/** Writes the init segment of one track (ISO/IEC 14496-12): {@code ftyp} and {@code moov} without samples. */
final class InitWriter {
    private static final int BYTES_MAX = (1 << 20) + 4_096;
    private static final int[] UNITY = {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000};
    /** The language "und" of ISO 639-2, packed in three times five bits. */
    private static final int UNDETERMINED = 0x55c4;

    private final BoxWriter out;
    private final SampleTrack track;

    private InitWriter(BoxWriter out, SampleTrack track) {
        this.out = out;
        this.track = track;
    }

    static ByteBuffer init(SampleTrack track) throws MediaException {
        ByteCollector bytes = new ByteCollector(BYTES_MAX, MediaMemory.UNBOUNDED);
        new InitWriter(new BoxWriter(bytes, "1 MiB for an init segment"), track).write();
        return bytes.copy();
    }

    private void write() throws MediaException {
        int ftyp = out.begin("ftyp");
        out.text("iso5").u32(0x200).text("iso5iso6mp41");
        out.end(ftyp);
        int moov = out.begin("moov");
        // a duration of 0 without mehd tells browsers that the stream is live, so that they show pictures at once
        int mvhd = out.beginFull("mvhd", 0, 0);
        out.zeros(8).u32(1_000).u32(0).u32(0x10000).u16(0x100).zeros(10);
        matrix();
        out.zeros(24).u32(track.number() + 1);
        out.end(mvhd);
        writeTrack();
        int mvex = out.begin("mvex");
        int trex = out.beginFull("trex", 0, 0);
        out.u32(track.number()).u32(1).zeros(12);
        out.end(trex);
        out.end(mvex);
        out.end(moov);
    }

    private void matrix() throws MediaException {
        for (int value : UNITY) {
            out.u32(value);
        }
    }

    private void writeTrack() throws MediaException {
        int trak = out.begin("trak");
        int tkhd = out.beginFull("tkhd", 0, 7);
        out.zeros(8).u32(track.number()).zeros(16).u16(0).u16(0).u16(track.isVideo() ? 0 : 0x100).u16(0);
        matrix();
        out.u32(track.width() << 16).u32(track.height() << 16);
        out.end(tkhd);
        int mdia = out.begin("mdia");
        int mdhd = out.beginFull("mdhd", 0, 0);
        out.zeros(8).u32((int) track.timescale()).u32(0).u16(UNDETERMINED).u16(0);
        out.end(mdhd);
        int hdlr = out.beginFull("hdlr", 0, 0);
        out.u32(0).text(track.isVideo() ? "vide" : "soun").zeros(13);
        out.end(hdlr);
        writeInformation();
        out.end(mdia);
        out.end(trak);
    }

    private void writeInformation() throws MediaException {
        int minf = out.begin("minf");
        int header = track.isVideo() ? out.beginFull("vmhd", 0, 1) : out.beginFull("smhd", 0, 0);
        out.zeros(track.isVideo() ? 8 : 4);
        out.end(header);
        int dinf = out.begin("dinf");
        int dref = out.beginFull("dref", 0, 0);
        out.u32(1);
        // the flag 1 says that the samples are in this file
        out.end(out.beginFull("url ", 0, 1));
        out.end(dref);
        out.end(dinf);
        int stbl = out.begin("stbl");
        int stsd = out.beginFull("stsd", 0, 0);
        out.u32(1).bytes(track.entry());
        out.end(stsd);
        for (String table : new String[] {"stts", "stsc", "stsz", "stco"}) {
            int box = out.beginFull(table, 0, 0);
            out.zeros(table.equals("stsz") ? 8 : 4);
            out.end(box);
        }
        out.end(stbl);
        out.end(minf);
    }
}
