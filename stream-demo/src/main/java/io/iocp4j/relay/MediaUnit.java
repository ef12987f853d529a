package io.iocp4j.relay;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.RefCounted;
import io.iocp4j.relay.media.MediaTrack;
import io.iocp4j.websocket.Message;
import io.iocp4j.websocket.SharedMessage;
import java.nio.ByteBuffer;
import java.time.Clock;

/**
 * One frame of video or one init segment, framed for the wire: a header of 16 bytes (big-endian) and the payload.
 * <pre>
 * u8 kind (1 init, 2 media)   u8 flags (1 KEY, 2 DISCONT, 4 FROM_CACHE)   u16 track (0 the only one, 1 video, 2 audio)
 * u32 seq   u64 origin time in us since 1970
 * </pre>
 * The flags DISCONT and FROM_CACHE differ between viewers. Each combination is framed when a viewer first needs it, and
 * is shared by all viewers that need it. Most units have only one.
 */
final class MediaUnit extends RefCounted {
    static final int HEADER_BYTES = 16;
    static final int KIND_INIT = 1;
    static final int KIND_MEDIA = 2;
    static final int KEY = 1;
    static final int DISCONT = 2;
    static final int FROM_CACHE = 4;

    private final BufferPool pool;
    private final int kind;
    private final int track;
    private final boolean key;
    private final int seq;
    private final long originMicros;
    /** The messages, indexed by the flags without KEY, divided by 2. The first always exists. Guarded by this. */
    private final SharedMessage[] framed = new SharedMessage[4];

    private MediaUnit(BufferPool pool, int kind, int track, boolean key, int seq, long originMicros,
            ByteBuffer payload) {
        this.pool = pool;
        this.kind = kind;
        this.track = track;
        this.key = key;
        this.seq = seq;
        this.originMicros = originMicros;
        framed[0] = Message.shared(pool, header(0), payload);
    }

    /** Creates the unit of an init segment, which a decoder needs before any frame. Copies the payload. */
    static MediaUnit init(BufferPool pool, int track, int seq, long originMicros, ByteBuffer payload) {
        return new MediaUnit(pool, KIND_INIT, track, false, seq, originMicros, payload);
    }

    /** Creates the unit of a frame. Copies the payload and leaves its position unchanged. */
    static MediaUnit media(BufferPool pool, boolean key, int seq, long originMicros, ByteBuffer payload) {
        return media(pool, 0, key, seq, originMicros, payload);
    }

    /** Creates the unit of a frame of a track: 0 if there is only one, otherwise its number. */
    static MediaUnit media(BufferPool pool, int track, boolean key, int seq, long originMicros, ByteBuffer payload) {
        return new MediaUnit(pool, KIND_MEDIA, track, key, seq, originMicros, payload);
    }

    /** Tells whether it is sound, which counts separately and goes only to viewers that take it. */
    boolean isSound() {
        return track == MediaTrack.AUDIO;
    }

    /** Returns the time of a clock as a time of origin. */
    static long micros(Clock clock) {
        var now = clock.instant();
        return Math.addExact(Math.multiplyExact(now.getEpochSecond(), 1_000_000L), now.getNano() / 1_000);
    }

    boolean isInit() {
        return kind == KIND_INIT;
    }

    boolean isKey() {
        return key;
    }

    int seq() {
        return seq;
    }

    /** Returns the bytes that the unit occupies in a queue, header included. */
    int bytes() {
        return framed[0].payloadLength();
    }

    /** Returns a copy of the payload. Call it with a reference to this unit. */
    byte[] payload() {
        ByteBuffer data = framed[0].data().position(HEADER_BYTES);
        byte[] copy = new byte[data.remaining()];
        data.get(copy);
        return copy;
    }

    /** Returns the message with these flags besides KEY. Valid while the caller has a reference to this unit. */
    synchronized SharedMessage message(int flags) {
        int index = flags >> 1;
        if (framed[index] == null) {
            framed[index] = Message.shared(pool, header(flags), framed[0].data().position(HEADER_BYTES));
        }
        return framed[index];
    }

    private ByteBuffer header(int flags) {
        return ByteBuffer.allocate(HEADER_BYTES).put((byte) kind).put((byte) (flags | (key ? KEY : 0)))
                .putShort((short) track).putInt(seq).putLong(originMicros).flip();
    }

    @Override
    protected void free() {
        for (SharedMessage message : framed) {
            if (message != null) {
                message.release();
            }
        }
    }

    @Override
    public String toString() {
        return "MediaUnit[" + (isInit() ? "init" : key ? "key" : "frame") + " " + seq + ", " + bytes() + " bytes]";
    }
}
