package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * Assembles frames into messages and checks the rules that a single header cannot show:
 * <ul>
 * <li>the order of fragments, and the control frames between them (RFC 6455 sections 5.4 and 5.5)
 * <li>text must be UTF-8 (section 8.1)
 * <li>the content of a Close frame (section 7.4)
 * <li>the limits of a message
 * </ul>
 * Compressed messages (RFC 7692) are inflated on the way.
 *
 * <p>A {@link FrameDecoder} drives it, and it runs on that decoder's thread. A binary message that lies whole in the
 * decoder's input is delivered from there without a copy. Every other message is gathered in one heap buffer of this
 * object. That buffer grows with the bytes received, never with a length that was only declared. Beyond 64 KiB it is
 * less than twice as large as the message so far. Buffers are lent to the listener for the call.
 */
public final class MessageAssembler implements FrameListener {
    /** A buffer up to this size is kept for the next message, until {@link #trim()}. A larger one is dropped. */
    private static final int KEPT_BYTES = 64 << 10;
    private static final int CONTROL_MAX = 125;
    /** The longest array that every JVM can allocate. */
    private static final int ARRAY_MAX = Integer.MAX_VALUE - 8;
    private static final byte[] NOTHING = {};
    private static final ByteBuffer END = ByteBuffer.wrap(NOTHING);

    private final long maxMessage;
    private final int maxFragments;
    private final MessageListener listener;
    /** Null if compression was not negotiated. */
    private final MessageInflater inflater;
    private final boolean parts;
    private final Growth growth;
    private final Utf8Checker utf8 = new Utf8Checker();

    /** The frame whose payload is arriving. */
    private FrameHeader frame;
    /** The type of the current message, TEXT or BINARY. Null between messages. */
    private Opcode type;
    private boolean compressed;
    private int fragments;
    private long declared;
    private byte[] gathered = NOTHING;
    private int size;
    /**
     * The payload of a control frame that arrived in pieces. Separate, because such a frame may stand in a message.
     * Null before the first.
     */
    private byte[] control;
    private int controlSize;
    private boolean closed;
    /** A copy of the compressed payload that is not yet inflated because of {@link #suspend()}, or null. */
    private ByteBuffer left;
    private boolean leftIsEnd;

    /**
     * Creates an assembler for a connection without compression, positioned before the first message.
     *
     * @param maxMessage the longest message in bytes, 1 or more; a gathered message must also fit into a byte array
     * @param maxFragments the largest number of frames in one message, 1 or more
     * @param listener receives the messages and control frames
     */
    public MessageAssembler(long maxMessage, int maxFragments, MessageListener listener) {
        this(maxMessage, maxFragments, listener, null, false);
    }

    /** Grants the memory that an assembler is about to keep. */
    public interface Growth {
        /**
         * Called before the assembler keeps more bytes.
         *
         * @param bytes how many bytes it will keep in total
         * @throws ProtocolException if there is no room for them
         */
        void keep(long bytes) throws ProtocolException;
    }

    /**
     * Creates an assembler positioned before the first message.
     *
     * @param maxMessage as for the other constructor
     * @param maxFragments as for the other constructor
     * @param listener receives the messages and control frames
     * @param inflater for messages whose first frame has {@link FrameHeader#rsv1()}; null if the decoder lets no such
     *     frame through. The caller keeps ownership and releases it after the last decoding
     * @param parts true to pass messages to {@link MessageListener#onPart} as they arrive, instead of gathering them;
     *     the limits apply to both
     */
    public MessageAssembler(long maxMessage, int maxFragments, MessageListener listener, MessageInflater inflater,
            boolean parts) {
        this(maxMessage, maxFragments, listener, inflater, parts, bytes -> { });
    }

    /**
     * Creates an assembler positioned before the first message, which asks before it keeps more memory.
     *
     * @param maxMessage as for the other constructors
     * @param maxFragments as for the other constructors
     * @param listener as for the other constructors
     * @param inflater as for the other constructors
     * @param parts as for the other constructors
     * @param growth called each time before the assembler keeps more memory
     */
    public MessageAssembler(long maxMessage, int maxFragments, MessageListener listener, MessageInflater inflater,
            boolean parts, Growth growth) {
        this.maxMessage = requireAtLeastOne("maxMessage", maxMessage);
        this.maxFragments = (int) requireAtLeastOne("maxFragments", maxFragments);
        this.listener = Objects.requireNonNull(listener, "listener");
        this.inflater = inflater;
        this.parts = parts;
        this.growth = growth;
    }

    /**
     * Accepts the header of the next frame. After a Close frame the header is ignored.
     *
     * @param header from the decoder
     * @throws ProtocolException 1002 for a frame that does not fit the current message, 1008 for too many fragments,
     *     1009 for a message that will be too large
     * @throws IllegalStateException while {@link #goOn()} has payload left
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
     * Accepts the next bytes of the payload. After a Close frame the bytes are ignored.
     *
     * @param part from the decoder
     * @param last whether the frame ends here
     * @throws ProtocolException 1007 for text that is not UTF-8, at the first bad byte, or for a Close reason that is
     *     not; 1002 for a malformed Close payload; also the exceptions of {@link MessageInflater#inflate} and of the
     *     listener
     * @throws IllegalStateException while {@link #goOn()} has payload left
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
                growth.keep((long) gathered.length + part.remaining());
                left = ByteBuffer.allocate(part.remaining()).put(part).flip();
                leftIsEnd = end;
            }
        } else {
            takeData(part, last && frame.fin());
        }
    }

    /**
     * Suspends inflating after the piece that is being delivered, if the message is compressed. The rest of the payload
     * is kept for {@link #goOn()}. The listener calls this from a callback, together with
     * {@link FrameDecoder#suspend()}, which suspends the decoding of frames.
     */
    public void suspend() {
        if (inflater != null) {
            inflater.suspend();
        }
    }

    /**
     * Continues with the payload that {@link #suspend()} has left. The caller must do so before it decodes more.
     *
     * @return false if it was suspended again, so that payload is still left
     * @throws ProtocolException as {@link #onFramePayload}; nothing more may be decoded then
     */
    public boolean goOn() throws ProtocolException {
        if (left != null && takeCompressed(left, leftIsEnd)) {
            left = null;
        }
        return left == null;
    }

    /**
     * Tells whether {@link #suspend()} has interrupted a message.
     *
     * @return true if {@link #goOn()} has payload left
     */
    public boolean isCut() {
        return left != null;
    }

    /**
     * Returns the memory that holds the current message or is kept for the next one.
     *
     * @return bytes
     */
    public int keptBytes() {
        return gathered.length + (left == null ? 0 : left.capacity());
    }

    /** Frees the memory that is kept for the next message. A message that is under way keeps its memory. */
    public void trim() {
        if (type == null) {
            gathered = NOTHING;
        }
        if (inflater != null) {
            inflater.trim();
        }
    }

    /** Drops everything gathered. Nothing more may be decoded afterwards. */
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
            throw new IllegalStateException("payload is left: call goOn() first");
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
        if (type == Opcode.TEXT) {
            utf8.reset();
        }
    }

    /** Returns false if the inflater was suspended. */
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
            // never above maxMessage: the declared lengths were checked, or the inflater has counted
            long needed = (long) size + length;
            if (needed > ARRAY_MAX) {
                throw new ProtocolException(CloseCode.MESSAGE_TOO_BIG,
                    "a whole message of more than " + ARRAY_MAX + " bytes");
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
            if (control == null) {
                control = new byte[CONTROL_MAX];
            }
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
