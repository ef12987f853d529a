package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Turns the incoming bytes of a connection into frame headers and pieces of payload. The input may be cut at any byte.
 * The decoder checks all rules of RFC 6455 sections 5.2 and 5.5 about a single header. It does so at the octet that
 * shows the violation, before any payload. {@link MessageAssembler} checks the rules between frames.
 *
 * <p>A partial header is kept in a few fields. Payload is never stored: it is unmasked <em>in place</em> in the
 * caller's buffer and lent to the listener.
 *
 * <p>One decoder serves one connection. Not thread-safe: one thread at a time. Not re-entrant.
 */
public final class FrameDecoder {
    private static final int CONTROL_MAX = 125;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;
    /** A view keeps its memory alive while the connection rests, so larger memory is viewed once, in bytes. */
    private static final int VIEWED_MAX = 4 << 10;

    private enum State {
        /** The next octet belongs to a header. */
        HEADER,
        /** The listener has the header, and not yet all of the payload, which may be empty. */
        PAYLOAD,
        /** Input is discarded, because the listener called {@link #stop} or threw an unchecked exception. */
        STOPPED,
        /** The peer violated the protocol. {@link #violation} says how. */
        FAILED
    }

    private final long maxFrame;
    private final boolean expectMasked;
    private final boolean deflate;

    private State state = State.HEADER;
    private ProtocolException violation;
    private boolean suspended;

    private int headerBytes;
    private int headerLength;
    private int lengthBytes;
    private boolean fin;
    private boolean rsv1;
    private Opcode opcode;
    private long payloadLength;
    private int maskKey;
    private long payloadLeft;
    /**
     * The header of the previous frame. Most frames of a connection have equal headers, and reuse then costs nothing. A
     * new object for each frame would be 32 of the 102 bytes allocated per message.
     */
    private FrameHeader header;
    /**
     * The last piece of payload that was lent, and the input that it is a view of; null if there is none. The input of
     * a connection is mostly the same piece of memory again. A message that comes alone, as long as the one before,
     * then needs no new view, which would be 64 of 120 bytes of garbage.
     */
    private ByteBuffer view;
    private ByteBuffer viewed;
    private int viewStart;

    /**
     * Creates a decoder for a connection without extensions, positioned before the first frame.
     *
     * @param maxFrame the longest payload of a frame in bytes; 125 or more, so that every control frame passes
     * @param expectMasked true at a server, where every incoming frame must be masked; false at a client, where none
     *     may be (section 5.1)
     * @throws IllegalArgumentException if the limit is below 125
     */
    public FrameDecoder(long maxFrame, boolean expectMasked) {
        this(maxFrame, expectMasked, false);
    }

    /**
     * Creates a decoder positioned before the first frame.
     *
     * @param maxFrame the longest payload of a frame in bytes; 125 or more, so that every control frame passes
     * @param expectMasked as for the other constructor
     * @param deflate whether permessage-deflate was negotiated. If so, RSV1 may be set on the first frame of a message
     *     (RFC 7692 section 6)
     * @throws IllegalArgumentException if the limit is below 125
     */
    public FrameDecoder(long maxFrame, boolean expectMasked, boolean deflate) {
        if (maxFrame < CONTROL_MAX) {
            throw new IllegalArgumentException("maxFrame is " + maxFrame + ", smallest is " + CONTROL_MAX);
        }
        this.maxFrame = maxFrame;
        this.expectMasked = expectMasked;
        this.deflate = deflate;
    }

    /**
     * Decodes all bytes from position to limit. Afterwards the position is at the limit, also after an exception:
     * nothing after a violation is a frame. Only {@link #suspend()} leaves bytes in the buffer. An unchecked exception
     * of the listener is rethrown and stops the decoder.
     *
     * @param in the next bytes of the connection; masked payload is unmasked in place
     * @param listener receives each header and each piece of payload during this call
     * @throws ProtocolException if the peer violated the protocol: 1002 for a malformed header, 1009 for a frame longer
     *     than the limit, or the exception that the listener threw. Every further call throws the same exception
     * @throws IllegalArgumentException if payload must be unmasked and the buffer is read-only
     */
    public void decode(ByteBuffer in, FrameListener listener) throws ProtocolException {
        Objects.requireNonNull(listener, "listener");
        if (expectMasked && in.isReadOnly()) {
            throw new IllegalArgumentException("read-only buffer, but payload is unmasked in place");
        }
        if (state == State.FAILED) {
            in.position(in.limit());
            throw violation;
        }
        suspended = false;
        try {
            while (in.hasRemaining() && state != State.STOPPED && !suspended) {
                if (state == State.HEADER) {
                    decodeHeader(in, listener);
                } else {
                    decodePayload(in, listener);
                }
            }
        } catch (ProtocolException e) {
            state = State.FAILED;
            violation = e;
            throw e;
        } catch (RuntimeException | Error e) {
            state = State.STOPPED;
            throw e;
        } finally {
            if (!suspended || state == State.FAILED || state == State.STOPPED) {
                in.position(in.limit());
            }
        }
    }

    /**
     * Stops decoding for good: the rest of the input and all later input is discarded. The listener calls this from a
     * callback when a Close frame has arrived, because nothing after it is processed (section 5.5.1).
     */
    public void stop() {
        if (state != State.FAILED) {
            state = State.STOPPED;
        }
    }

    /**
     * Makes the current call of {@link #decode} return after the callback that calls this. The rest of the input stays
     * in the buffer for the next call.
     */
    public void suspend() {
        suspended = true;
    }

    private void decodeHeader(ByteBuffer in, FrameListener listener) throws ProtocolException {
        boolean complete = false;
        while (!complete && in.hasRemaining()) {
            complete = takeHeaderOctet(in.get() & 0xFF);
        }
        if (!complete) {
            return;
        }
        headerBytes = 0;
        payloadLeft = payloadLength;
        state = State.PAYLOAD;
        if (header == null || header.payloadLength() != payloadLength || header.opcode() != opcode
                || header.fin() != fin || header.rsv1() != rsv1) {
            header = new FrameHeader(fin, rsv1, opcode, payloadLength);
        }
        listener.onFrameHeader(header);
        if (payloadLength == 0 && state == State.PAYLOAD) {
            decodePayload(in, listener);
        }
    }

    private boolean takeHeaderOctet(int octet) throws ProtocolException {
        int index = headerBytes++;
        if (index == 0) {
            takeFirst(octet);
        } else if (index == 1) {
            takeSecond(octet);
        } else if (index < 2 + lengthBytes) {
            payloadLength = payloadLength << Byte.SIZE | octet;
            if (index == 1 + lengthBytes) {
                checkExtendedLength();
            }
        } else {
            // four octets shift out the whole key of the previous frame
            maskKey = maskKey << Byte.SIZE | octet;
        }
        return index > 0 && headerBytes == headerLength;
    }

    private void takeFirst(int octet) throws ProtocolException {
        rsv1 = (octet & 0x40) != 0;
        if ((octet & 0x30) != 0 || rsv1 && !deflate) {
            throw protocolError("reserved bit set without an extension");
        }
        fin = (octet & 0x80) != 0;
        opcode = Opcode.of(octet & 0x0F);
        if (opcode == null) {
            throw protocolError("reserved opcode " + (octet & 0x0F));
        }
        if (opcode.isControl() && !fin) {
            throw protocolError("fragmented " + opcode + " frame");
        }
        if (rsv1 && (opcode.isControl() || opcode == Opcode.CONTINUATION)) {
            throw protocolError("RSV1 on a " + opcode + " frame");
        }
    }

    private void takeSecond(int octet) throws ProtocolException {
        boolean masked = (octet & 0x80) != 0;
        if (masked != expectMasked) {
            throw protocolError(masked ? "masked frame from a server" : "unmasked frame from a client");
        }
        int shortLength = octet & 0x7F;
        if (opcode.isControl() && shortLength > CONTROL_MAX) {
            throw protocolError(opcode + " frame longer than " + CONTROL_MAX + " bytes");
        }
        lengthBytes = shortLength == LENGTH_64 ? Long.BYTES : shortLength == LENGTH_16 ? Short.BYTES : 0;
        headerLength = 2 + lengthBytes + (masked ? Integer.BYTES : 0);
        // lengths up to 125 are within every limit
        payloadLength = lengthBytes == 0 ? shortLength : 0;
    }

    private void checkExtendedLength() throws ProtocolException {
        if (payloadLength < 0) {
            throw protocolError("highest bit of a 64-bit length set");
        }
        if (payloadLength < (lengthBytes == Short.BYTES ? LENGTH_16 : 0x1_0000)) {
            throw protocolError("payload length " + payloadLength + " not in its shortest form");
        }
        long limit = rsv1 ? MessageDeflater.wireMax(maxFrame) : maxFrame;
        if (payloadLength > limit) {
            throw new ProtocolException(CloseCode.MESSAGE_TOO_BIG,
                "frame of " + payloadLength + " bytes, limit is " + limit);
        }
    }

    private void decodePayload(ByteBuffer in, FrameListener listener) throws ProtocolException {
        int length = (int) Math.min(in.remaining(), payloadLeft);
        ByteBuffer part = view(in, length);
        in.position(in.position() + length);
        payloadLeft -= length;
        boolean last = payloadLeft == 0;
        if (last) {
            state = State.HEADER;
        }
        if (expectMasked) {
            maskKey = Masker.mask(part, maskKey);
        }
        listener.onFramePayload(part, last);
    }

    /** Returns the bytes from the position of the input on. */
    private ByteBuffer view(ByteBuffer in, int length) {
        int start = in.position();
        if (in == viewed && start == viewStart && length == view.capacity()) {
            // the listener may have changed all of these
            return view.clear().order(ByteOrder.BIG_ENDIAN);
        }
        ByteBuffer made = in.slice(start, length);
        if (in.capacity() <= VIEWED_MAX) {
            view = made;
            viewed = in;
            viewStart = start;
        }
        return made;
    }

    private static ProtocolException protocolError(String message) {
        return new ProtocolException(CloseCode.PROTOCOL_ERROR, message);
    }
}
