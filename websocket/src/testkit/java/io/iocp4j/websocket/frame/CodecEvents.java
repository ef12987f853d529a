package io.iocp4j.websocket.frame;

import io.iocp4j.websocket.Limits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;

/**
 * A decoder and an assembler wired as in a connection. They record their events as text: "text abc", "binary 00ff",
 * "ping ", "pong 01", "close 1000 bye", and "fail 1002" where the connection would fail.
 */
public final class CodecEvents implements MessageListener {
    public static final IntSupplier WHOLE = () -> Integer.MAX_VALUE;
    public static final IntSupplier ONE_BYTE = () -> 1;
    private static final byte POISON = (byte) 0xDD;

    private final List<String> events = new ArrayList<>();
    private final FrameDecoder decoder;
    private final MessageAssembler assembler;

    public CodecEvents(Limits limits, boolean expectMasked) {
        this(limits, expectMasked, null);
    }

    public CodecEvents(Limits limits, boolean expectMasked, MessageInflater inflater) {
        decoder = new FrameDecoder(limits.maxFrame(), expectMasked, inflater != null);
        assembler = new MessageAssembler(limits.maxMessage(), limits.maxFragments(), this, inflater, false);
    }

    /** Returns the events of a server with default limits for a client's bytes, cut into pieces of the given sizes. */
    public static List<String> ofClientBytes(byte[] wire, IntSupplier pieceSize) {
        return new CodecEvents(Limits.defaults(), true).feed(wire, pieceSize, ByteBuffer::allocate);
    }

    public static List<String> ofClientBytes(byte[] wire, Limits limits) {
        return new CodecEvents(limits, true).feed(wire, WHOLE, ByteBuffer::allocate);
    }

    /** Decodes pieces of one buffer. It poisons each piece afterwards, because the piece was only lent. */
    public List<String> feed(byte[] wire, IntSupplier pieceSize, IntFunction<ByteBuffer> allocator) {
        ByteBuffer input = allocator.apply(wire.length).put(wire).flip();
        int length;
        for (int from = 0; from < wire.length; from += length) {
            length = Math.min(wire.length - from, pieceSize.getAsInt());
            ByteBuffer piece = input.slice(from, length);
            try {
                decoder.decode(piece, assembler);
            } catch (ProtocolException e) {
                events.add("fail " + e.closeCode());
                return events;
            }
            piece.clear();
            while (piece.hasRemaining()) {
                piece.put(POISON);
            }
        }
        return events;
    }

    @Override
    public void onText(String text) {
        events.add("text " + text);
    }

    @Override
    public void onBinary(ByteBuffer data) {
        events.add("binary " + hex(data));
    }

    @Override
    public void onPing(ByteBuffer payload) {
        events.add("ping " + hex(payload));
    }

    @Override
    public void onPong(ByteBuffer payload) {
        events.add("pong " + hex(payload));
    }

    @Override
    public void onCloseFrame(int code, String reason) {
        events.add("close " + code + (reason.isEmpty() ? "" : " " + reason));
        decoder.stop();
    }

    private static String hex(ByteBuffer buffer) {
        return HexFormat.of().formatHex(WireBytes.remaining(buffer));
    }
}
