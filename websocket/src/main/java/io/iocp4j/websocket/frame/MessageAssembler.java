package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * Joins frames to messages and checks the rules between frames: fragments and what may stand between them (RFC 6455
 * sections 5.4 and 5.5), text that is UTF-8 (8.1), the content of a Close frame (7.4), and the limits of a message.
 * Compressed messages (RFC 7692) are inflated on the way.
 *
 * <p>Is fed by a {@link FrameDecoder}, on its thread. A binary message that lies whole in the decoder's input is handed
 * on from there without a copy. Everything else is gathered in one heap buffer of this object, which grows with the
 * bytes that have arrived, never with a length that was only declared: beyond 64 KiB it is less than twice as large as
 * the message so far. Buffers are lent to the listener for the call.
 */
public final class MessageAssembler implements FrameListener {
    /** A buffer up to this size is kept for the next message, until {@link #trim()}; a larger one is dropped with its message. */
    private static final int KEPT_BYTES = 64 << 10;
    private static final int CONTROL_MAX = 125;
    /** The longest array that every JVM can make. */
    private static final int ARRAY_MAX = Integer.MAX_VALUE - 8;
    private static final byte[] NOTHING = {};
    private static final ByteBuffer END = ByteBuffer.wrap(NOTHING);

    private final long maxMessage;
    private final int maxFragments;
    private final MessageListener listener;
    /** Null if compression was not agreed on. */
    private final MessageInflater inflater;
    private final boolean parts;
    private final Growth growth;
    private final Utf8Checker utf8 = new Utf8Checker();

    /** The frame whose payload is arriving. */
    private FrameHeader frame;
    /** TEXT or BINARY while a message is under way, else null. */
    private Opcode type;
    private boolean compressed;
    private int fragments;
    private long declared;
    private byte[] gathered = NOTHING;
    private int size;
    /** Of a control frame that was cut; apart from the message, inside which it may stand. */
    private final byte[] control = new byte[CONTROL_MAX];
    private int controlSize;
    private boolean closed;
    /** Compressed payload that is not inflated yet, because {@link #suspend()} was called, a copy; else null. */
    private ByteBuffer left;
    private boolean leftIsEnd;

    /**
     * Makes an assembler that stands before the first message of a connection without compression.
     *
     * @param maxMessage the longest message in bytes, 1 or more; one that is gathered fits into an array of bytes
     * @param maxFragments the most frames of one message, 1 or more
     * @param listener gets the messages and control frames
     */
    public MessageAssembler(long maxMessage, int maxFragments, MessageListener listener) {
        this(maxMessage, maxFragments, listener, null, false);
    }

    /** Asked before this keeps more. */
    public interface Growth {
        /**
         * Asks for room.
         *
         * @param bytes how many will be kept in all
         * @throws ProtocolException if there is no room for them
         */
        void keep(long bytes) throws ProtocolException;
    }

    /**
     * Makes an assembler that stands before the first message.
     *
     * @param maxMessage as for the other constructor
     * @param maxFragments as for the other constructor
     * @param listener gets the messages and control frames
     * @param inflater for messages whose first frame has {@link FrameHeader#rsv1()}; stays the caller's, to be released
     *     when no more is decoded; null if the decoder lets no such frame through
     * @param parts whether messages go to {@link MessageListener#onPart} as they arrive, instead of being gathered; the
     *     limits hold all the same
     */
    public MessageAssembler(long maxMessage, int maxFragments, MessageListener listener, MessageInflater inflater,
            boolean parts) {
        this(maxMessage, maxFragments, listener, inflater, parts, bytes -> { });
    }

    /**
     * Makes an assembler that stands before the first message, and asks before it keeps more.
     *
     * @param maxMessage as for the other constructors
     * @param maxFragments as for the other constructors
     * @param listener as for the other constructors
     * @param inflater as for the other constructors
     * @param parts as for the other constructors
     * @param growth is asked each time
     */
    public MessageAssembler(long maxMessage, int maxFragments, MessageListener listener, MessageInflater inflater, boolean parts,
            Growth growth) {
        this.maxMessage = requireAtLeastOne("maxMessage", maxMessage);
        this.maxFragments = (int) requireAtLeastOne("maxFragments", maxFragments);
        this.listener = Objects.requireNonNull(listener, "listener");
        this.inflater = inflater;
        this.parts = parts;
        this.growth = growth;
    }

    /**
     * Takes the header of the next frame. After a Close frame it is ignored.
     *
     * @param header from the decoder
     * @throws ProtocolException 1002 for a frame that does not fit the message under way, 1008 for too many fragments,
     *     1009 for a message that will be too large
     * @throws IllegalStateException while there is something to {@link #goOn()} with
     */
    @Override
    public void onFrameHeader(FrameHeader header) throws ProtocolException {
        requireNothingLeft();
        if (closed) {
            return;
        }
        frame = header;
        if (header.opcode().isControl()) {
            controlSize = 0;
            return;
        }
        if (header.opcode() != Opcode.CONTINUATION) {
            beginMessage(header);
        } else if (type == null) {
            throw new ProtocolException(CloseCode.PROTOCOL_ERROR, "continuation without a message");
        }
        if (++fragments > maxFragments) {
            throw new ProtocolException(CloseCode.POLICY_VIOLATION,
                "message of more than " + maxFragments + " fragments");
        }
        long declaredMax = compressed ? MessageDeflater.wireMax(maxMessage) : maxMessage;
        if (header.payloadLength() > declaredMax - declared) {
            throw new ProtocolException(CloseCode.MESSAGE_TOO_BIG,
                "message of more than " + maxMessage + " bytes");
        }
        declared += header.payloadLength();
    }

    /**
     * Takes the next bytes of the payload. After a Close frame they are ignored.
     *
     * @param part from the decoder
     * @param last whether the frame ends here
     * @throws ProtocolException 1007 for text that is not UTF-8, at the first bad byte; 1002 for a malformed Close
     *     payload; what {@link MessageInflater#inflate} throws; or what the listener threw
     * @throws IllegalStateException while there is something to {@link #goOn()} with
     */
    @Override
    public void onFramePayload(ByteBuffer part, boolean last) throws ProtocolException {
        requireNothingLeft();
        if (closed) {
            return;
        }
        if (frame.opcode().isControl()) {
            takeControl(part, last);
        } else if (compressed) {
            boolean end = last && frame.fin();
            if (!takeCompressed(part, end)) {
                // the part is lent
                growth.keep((long) gathered.length + part.remaining());
                left = ByteBuffer.allocate(part.remaining()).put(part).flip();
                leftIsEnd = end;
            }
        } else {
            takeData(part, last && frame.fin());
        }
    }

    /**
     * Ends the inflating that is going on behind the piece that is being handed on, if there is any: what is left of the
     * payload is kept, for {@link #goOn()}. Meant for the listener, inside a callback, beside {@link FrameDecoder#suspend()},
     * which ends the decoding of frames.
     */
    public void suspend() {
        if (inflater != null) {
            inflater.suspend();
        }
    }

    /**
     * Goes on with the payload that {@link #suspend()} has cut. To be called before anything more is decoded.
     *
     * @return false if it was cut again: there is still something left
     * @throws ProtocolException as {@link #onFramePayload}; then no more is to be decoded
     */
    public boolean goOn() throws ProtocolException {
        if (left != null && takeCompressed(left, leftIsEnd)) {
            left = null;
        }
        return left == null;
    }

    /**
     * Tells whether {@link #suspend()} has cut a message.
     *
     * @return true if there is something to {@link #goOn()} with
     */
    public boolean isCut() {
        return left != null;
    }

    /**
     * The memory that is kept for the next message, or holds the one under way.
     *
     * @return bytes
     */
    public int keptBytes() {
        return gathered.length + (left == null ? 0 : left.capacity());
    }

    /** Gives back what is kept for the next message. */
    public void trim() {
        if (type == null) {
            gathered = NOTHING;
        }
        if (inflater != null) {
            inflater.trim();
        }
    }

    /** Drops what was gathered. Nothing more is to be decoded. */
    public void drop() {
        gathered = NOTHING;
        left = null;
    }

    private static long requireAtLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + ", smallest is 1");
        }
        return value;
    }

    private void requireNothingLeft() {
        if (left != null) {
            throw new IllegalStateException("goOn() comes first");
        }
    }

    private void beginMessage(FrameHeader first) throws ProtocolException {
        if (type != null) {
            throw new ProtocolException(CloseCode.PROTOCOL_ERROR,
                first.opcode() + " frame inside an unfinished message");
        }
        type = first.opcode();
        compressed = first.rsv1();
        if (compressed && inflater == null) {
            throw new ProtocolException(CloseCode.PROTOCOL_ERROR, "RSV1 without an extension");
        }
        fragments = 0;
        declared = 0;
        utf8.reset();
    }

    /** False if it was suspended. */
    private boolean takeCompressed(ByteBuffer part, boolean end) throws ProtocolException {
        boolean all = inflater.inflate(part, end, piece -> {
            takeData(piece, false);
            listener.onInflated();
        });
        if (all && end) {
            takeData(END, true);
        }
        return all;
    }

    private void takeData(ByteBuffer part, boolean end) throws ProtocolException {
        if (type == Opcode.TEXT && (!utf8.accept(part) || end && !utf8.isComplete())) {
            throw new ProtocolException(CloseCode.INVALID_PAYLOAD, "text is not UTF-8");
        }
        if (parts) {
            boolean text = type == Opcode.TEXT;
            type = end ? null : type;
            listener.onPart(text, part, end);
            return;
        }
        if (end && type == Opcode.BINARY && size == 0) {
            type = null;
            listener.onBinary(part);
            return;
        }
        gather(part);
        if (end) {
            deliver();
        }
    }

    private void gather(ByteBuffer part) throws ProtocolException {
        int length = part.remaining();
        if (length > gathered.length - size) {
            // within maxMessage, because the declared lengths were checked, or the inflater did
            long needed = (long) size + length;
            if (needed > ARRAY_MAX) {
                throw new ProtocolException(CloseCode.MESSAGE_TOO_BIG, "a whole message of more than " + ARRAY_MAX + " bytes");
            }
            long room = Math.min(2L * size, frame.fin() && !compressed ? declared : maxMessage);
            int capacity = (int) Math.min(ARRAY_MAX, Math.max(needed, room));
            growth.keep((long) capacity + (left == null ? 0 : left.capacity()));
            gathered = Arrays.copyOf(gathered, capacity);
        }
        part.get(part.position(), gathered, size, length);
        size += length;
    }

    private void deliver() throws ProtocolException {
        Opcode complete = type;
        byte[] bytes = gathered;
        int length = size;
        type = null;
        size = 0;
        if (bytes.length > KEPT_BYTES) {
            gathered = NOTHING;
        }
        if (complete == Opcode.TEXT) {
            listener.onText(new String(bytes, 0, length, StandardCharsets.UTF_8));
        } else {
            listener.onBinary(ByteBuffer.wrap(bytes, 0, length).slice());
        }
    }

    private void takeControl(ByteBuffer part, boolean last) throws ProtocolException {
        ByteBuffer payload = part;
        if (!last || controlSize > 0) {
            int length = part.remaining();
            part.get(part.position(), control, controlSize, length);
            controlSize += length;
            payload = ByteBuffer.wrap(control, 0, controlSize);
        }
        if (!last) {
            return;
        }
        switch (frame.opcode()) {
            case PING -> listener.onPing(payload);
            case PONG -> listener.onPong(payload);
            default -> takeClose(payload);
        }
    }

    private void takeClose(ByteBuffer payload) throws ProtocolException {
        closed = true;
        gathered = NOTHING;
        if (!payload.hasRemaining()) {
            listener.onCloseFrame(CloseCode.NO_STATUS, "");
            return;
        }
        if (payload.remaining() == 1) {
            throw new ProtocolException(CloseCode.PROTOCOL_ERROR, "Close payload of one byte");
        }
        int code = (payload.get() & 0xFF) << Byte.SIZE | payload.get() & 0xFF;
        if (!CloseCode.mayBeSent(code)) {
            throw new ProtocolException(CloseCode.PROTOCOL_ERROR, "Close with code " + code);
        }
        String reason;
        try {
            reason = StandardCharsets.UTF_8.newDecoder().decode(payload).toString();
        } catch (CharacterCodingException e) {
            throw (ProtocolException) new ProtocolException(CloseCode.INVALID_PAYLOAD, "Close reason is not UTF-8")
                .initCause(e);
        }
        listener.onCloseFrame(code, reason);
    }
}
