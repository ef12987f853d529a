package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The parameter sets of an H.264 or H.265 stream in Annex B format, and the decoder configuration record (ISO/IEC
 * 14496-15, 5.3.3.1 and 8.3.3.1) that is made of them. Bounded: the identifiers are bounded by the standards, and each
 * set by {@link #SET_BYTES_MAX}.
 */
final class ParameterSets {
    /** The largest set that is kept. */
    static final int SET_BYTES_MAX = 4_096;
    private static final int SETS_MAX = 64;

    private static final int AVC_SPS = 7;
    private static final int AVC_PPS = 8;
    private static final int HEVC_VPS = 32;
    private static final int HEVC_SPS = 33;
    private static final int HEVC_PPS = 34;

    private final boolean hevc;
    /** The sets by type and identifier: VPS before SPS before PPS. */
    private final Map<Integer, byte[]> sets = new TreeMap<>();
    private boolean changed;
    private Sps sps;

    ParameterSets(boolean hevc) {
        this.hevc = hevc;
    }

    /** Tells whether a type of NAL unit is a parameter set. */
    boolean contains(int type) {
        return hevc ? type >= HEVC_VPS && type <= HEVC_PPS : type == AVC_SPS || type == AVC_PPS;
    }

    /** Keeps a set, from position to limit of {@code nal}. A later one with the same identifier replaces it. */
    void add(int type, ByteBuffer nal) throws MediaException {
        if (nal.remaining() > SET_BYTES_MAX) {
            throw new MediaException("a parameter set of " + nal.remaining() + " bytes, " + SET_BYTES_MAX
                    + " are allowed");
        }
        byte[] bytes = new byte[nal.remaining()];
        nal.duplicate().get(bytes);
        boolean isSps = type == (hevc ? HEVC_SPS : AVC_SPS);
        Sps read = !isSps ? null : hevc ? Sps.hevc(nal) : Sps.avc(nal);
        int key = type << 8 | (isSps ? read.id() : identifier(type, nal)) & 0xff;
        byte[] before = sets.get(key);
        if (Arrays.equals(before, bytes)) {
            return;
        }
        if (before == null && sets.size() == SETS_MAX) {
            throw new MediaException("more than " + SETS_MAX + " parameter sets");
        }
        sets.put(key, bytes);
        changed = true;
        sps = isSps ? read : sps;
    }

    private int identifier(int type, ByteBuffer nal) throws MediaException {
        Bits bits = Bits.ofNal(nal, "the parameter set");
        bits.skip(hevc ? 16 : 8);
        return type == HEVC_VPS && hevc ? bits.bits(4) : bits.ue();
    }

    /** Returns the newest sequence parameter set; null before the first. */
    Sps sps() {
        return sps;
    }

    /** Tells whether there is a configuration that {@link #track} has not returned yet. */
    boolean isNew() {
        return changed && count(hevc ? HEVC_SPS : AVC_SPS) > 0 && count(hevc ? HEVC_PPS : AVC_PPS) > 0
                && (!hevc || count(HEVC_VPS) > 0);
    }

    private int count(int type) {
        return (int) sets.keySet().stream().filter(key -> key >>> 8 == type).count();
    }

    /** Returns the track of these sets. There must be one of each type. */
    SampleTrack track(long timescale) throws MediaException {
        changed = false;
        ByteCollector record = new ByteCollector(1 << 20, MediaMemory.UNBOUNDED);
        BoxWriter out = new BoxWriter(record, "1 MiB for a decoder configuration");
        if (hevc) {
            writeHevc(out);
        } else {
            writeAvc(out);
        }
        return SampleTrack.video(hevc ? "hvc1" : "avc1", timescale, sps.width(), sps.height(), hevc ? "hvcC" : "avcC",
                record.view(0, record.size()));
    }

    private byte[] first(int type) {
        return sets.entrySet().stream().filter(set -> set.getKey() >>> 8 == type).findFirst().orElseThrow().getValue();
    }

    private void writeAvc(BoxWriter out) throws MediaException {
        byte[] set = first(AVC_SPS);
        if (set.length < 4) {
            throw new MediaException("the sequence parameter set is truncated");
        }
        out.u8(1).u8(set[1]).u8(set[2]).u8(set[3]).u8(0xfc | 3).u8(0xe0 | count(AVC_SPS));
        write(out, AVC_SPS);
        out.u8(count(AVC_PPS));
        write(out, AVC_PPS);
        if (Sps.hasChromaFormat(set[1] & 0xff)) {
            out.u8(0xfc | sps.chroma()).u8(0xf8 | sps.lumaDepth() - 8).u8(0xf8 | sps.chromaDepth() - 8).u8(0);
        }
    }

    private void writeHevc(BoxWriter out) throws MediaException {
        Bits bits = Bits.ofNal(ByteBuffer.wrap(first(HEVC_SPS)), "the sequence parameter set");
        bits.skip(16 + 7);
        int nested = bits.bit();
        out.u8(1);
        // profile, compatibility, constraints and level
        for (int i = 0; i < 12; i++) {
            out.u8(bits.bits(8));
        }
        out.u16(0xf000).u8(0xfc).u8(0xfc | sps.chroma()).u8(0xf8 | sps.lumaDepth() - 8)
                .u8(0xf8 | sps.chromaDepth() - 8).u16(0).u8(sps.layers() << 3 | nested << 2 | 3).u8(3);
        for (int type = HEVC_VPS; type <= HEVC_PPS; type++) {
            // complete: there are no sets of this type in the samples
            out.u8(0x80 | type).u16(count(type));
            write(out, type);
        }
    }

    private void write(BoxWriter out, int wanted) throws MediaException {
        for (Map.Entry<Integer, byte[]> set : sets.entrySet()) {
            if (set.getKey() >>> 8 == wanted) {
                out.u16(set.getValue().length).bytes(set.getValue());
            }
        }
    }
}
