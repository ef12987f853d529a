package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Parses a stream of any container that the relay takes: fragmented MP4, WebM or Matroska, MPEG-TS, FLV, MJPEG (also
 * multipart) and raw H.264 or H.265. The first bytes decide which one it is. A stream that cannot be relayed is refused
 * with its first bytes, with the command that helps.
 *
 * <p>One thread at a time. The parser owns its memory, which grows with the received bytes up to the limits. After an
 * exception, it only repeats that it has failed.
 */
public final class ContainerParser {
    /** The bytes that are needed to know the container. */
    private static final int SNIFFED_BYTES = 12;
    private static final String CURE = "; publish fragmented MP4, WebM, MPEG-TS, FLV, MJPEG or raw H.264,"
            + " for example with ffmpeg: -f mpegts";

    private final MediaLimits limits;
    private final MediaListener listener;
    private final MediaMemory memory;
    private final ByteBuffer first = ByteBuffer.allocate(SNIFFED_BYTES);
    private MediaParser parser;
    private boolean failed;

    /**
     * Creates a parser for one stream.
     *
     * @param limits   the limits of the stream
     * @param listener receives init segments and units, on the thread that feeds
     * @param memory   admits more memory before it is allocated, on the thread that feeds
     */
    public ContainerParser(MediaLimits limits, MediaListener listener, MediaMemory memory) {
        this.limits = Objects.requireNonNull(limits, "limits");
        this.listener = Objects.requireNonNull(listener, "listener");
        this.memory = Objects.requireNonNull(memory, "memory");
    }

    /**
     * Takes the next bytes of the stream, and reports each init segment and unit that they complete.
     *
     * @param in the bytes, all of which are consumed unless an exception is thrown; the caller owns the buffer again on
     *           return
     * @throws MediaException        if the stream is of no known container, malformed, exceeds a limit, is refused by
     *                               the listener or has failed before
     * @throws IllegalStateException after {@link #end()}
     */
    public void feed(ByteBuffer in) throws MediaException {
        if (parser == null) {
            int count = Math.min(in.remaining(), first.remaining());
            first.put(first.position(), in, in.position(), count);
            first.position(first.position() + count);
            in.position(in.position() + count);
            if (first.hasRemaining()) {
                return;
            }
            open();
        }
        parser.feed(in);
    }

    private void open() throws MediaException {
        if (failed) {
            throw new MediaException("the stream has failed before");
        }
        failed = true;
        first.flip();
        MediaParser opened = parserOf(first);
        opened.feed(first);
        parser = opened;
        failed = false;
    }

    private MediaParser parserOf(ByteBuffer begin) throws MediaException {
        int four = begin.getInt(0);
        return switch (four) {
            case 0x1a45dfa3 -> new WebmParser(limits, listener, memory);
            case 0x0000_0001 -> new AnnexBParser(isHevc(begin.getShort(4)), limits, listener, memory);
            case 0x0000_01ba -> throw refused("an MPEG program stream; ffmpeg: -c copy -f mpegts");
            case 0x4f676753 -> throw refused("Ogg; ffmpeg: -f webm, with a picture");
            case 0x52494646 -> throw refused("AVI or WAV" + CURE);
            case 0x3026b275 -> throw refused("Windows Media" + CURE);
            case 0x2345_5854 -> throw refused("a playlist" + CURE);
            default -> parserOf(begin, four);
        };
    }

    private MediaParser parserOf(ByteBuffer begin, int four) throws MediaException {
        int three = four >>> 8;
        if (three == 0x464c56) {
            return new FlvParser(limits, listener, memory);
        }
        if (three == 0xffd8ff || four >>> 16 == 0x2d2d || four == 0x0d0a_2d2d) {
            return new MjpegParser(limits, listener, memory);
        }
        if (three == 1) {
            return new AnnexBParser(isHevc(begin.getShort(3)), limits, listener, memory);
        }
        switch (Box.typeOf(begin.getInt(4))) {
            case "ftyp", "moov", "moof", "mdat", "styp", "sidx", "free", "skip", "wide", "prft", "emsg" -> {
                return new Fmp4Parser(limits, listener, memory);
            }
            default -> { /* none of the known boxes */ }
        }
        if (four >>> 24 == 0x47) {
            return new TsParser(limits, listener, memory);
        }
        if (three == 0x494433 || (four >>> 20 & 0xfff) == 0xfff || four >>> 21 == 0x7ff) {
            throw refused("MP3 or AAC without a picture" + CURE);
        }
        byte[] bytes = new byte[SNIFFED_BYTES];
        begin.get(0, bytes);
        throw new MediaException("the stream begins with the bytes " + HexFormat.ofDelimiter(" ").formatHex(bytes, 0, 8)
                + ", which are of no known container" + CURE);
    }

    /** Tells whether the first NAL unit is of H.265: a delimiter or a parameter set in the first layer. */
    private static boolean isHevc(short header) {
        int type = header >>> 9 & 0x3f;
        return (header & 0x81ff) == 1 && (type >= 32 && type <= 35 || type == 39);
    }

    private static MediaException refused(String what) {
        return new MediaException("the stream is " + what);
    }

    /**
     * Ends the stream, and reports what the end completes.
     *
     * @throws MediaException        if the stream ends where it may not, has failed before or is refused by the
     *                               listener
     * @throws IllegalStateException if it was called before
     */
    public void end() throws MediaException {
        if (parser == null) {
            throw new MediaException("the stream ended after " + first.position() + " bytes, before its container was"
                    + " known");
        }
        parser.end();
    }

    /** Releases the memory. The parser cannot be fed afterwards. */
    public void release() {
        failed = true;
        if (parser != null) {
            parser.release();
        }
    }

    /** Returns the allocated bytes. Tests compare them with the bytes that were fed. */
    int memoryBytes() {
        return parser == null ? 0 : parser.memoryBytes();
    }
}
