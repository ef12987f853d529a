package io.iocp4j.websocket.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.Limits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameRoundTripTest {
    private static final Limits UNLIMITED = Limits.defaults().maxFrame(Long.MAX_VALUE);
    private static final int[] KEYS = {0, WireBytes.KEY, 0x80000001, -1};

    /** Records the headers, the lengths of the payloads and the first octets of the last piece. */
    private static final class Headers implements FrameListener {
        final List<FrameHeader> headers = new ArrayList<>();
        long payloadBytes;
        int ends;
        int lastPart;

        @Override
        public void onFrameHeader(FrameHeader header) {
            headers.add(header);
        }

        @Override
        public void onFramePayload(ByteBuffer part, boolean last) {
            payloadBytes += part.remaining();
            lastPart = part.remaining() < Integer.BYTES ? 0 : part.getInt(part.position());
            ends += last ? 1 : 0;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 125, 126, 127, 65535, 65536, 1L << 31, (1L << 31) + 1, 1L << 62, Long.MAX_VALUE})
    @DisplayName("each legal header is decoded as it was written, for each opcode, FIN, key and length")
    void headers(long length) throws ProtocolException {
        for (Opcode opcode : Opcode.values()) {
            for (boolean fin : new boolean[] {true, false}) {
                if (opcode.isControl() && (!fin || length > 125)) {
                    continue;
                }
                ByteBuffer out = ByteBuffer.allocate(14);
                FrameEncoder.putHeader(out, fin, false, opcode, length);
                var header = new FrameHeader(fin, false, opcode, length);
                assertEquals(List.of(header), decode(out.flip(), false).headers);
                for (int key : KEYS) {
                    FrameEncoder.putHeader(out.clear(), fin, false, opcode, length, key);
                    assertEquals(List.of(header), decode(out.flip(), true).headers);
                }
            }
        }
    }

    @Test
    @DisplayName("a client accepts exactly the legal ones of all 65,536 pairs of first octets")
    void allFirstOctets() {
        for (int octets = 0; octets <= 0xFFFF; octets++) {
            int first = octets >>> 8;
            int second = octets & 0xFF;
            boolean control = (first & 0x08) != 0;
            boolean legal = (first & 0x70) == 0
                && List.of(0, 1, 2, 8, 9, 10).contains(first & 0x0F)
                && second < 0x80
                && (!control || first >= 0x80 && second <= 125);
            boolean taken = true;
            try {
                decode(ByteBuffer.wrap(new byte[] {(byte) first, (byte) second}), false);
            } catch (ProtocolException e) {
                taken = false;
                assertEquals(CloseCode.PROTOCOL_ERROR, e.closeCode());
            }
            assertEquals(legal, taken, Integer.toHexString(octets));
        }
    }

    @Test
    @DisplayName("each of the 8192 ways to cut a 14-byte header gives the same frame")
    void everyPartition() throws ProtocolException {
        byte[] header = new byte[14];
        FrameEncoder.putHeader(ByteBuffer.wrap(header), false, false, Opcode.BINARY, 0x0102030405060708L, 0x0A0B0C0D);
        var expected = new FrameHeader(false, false, Opcode.BINARY, 0x0102030405060708L);
        for (int cuts = 0; cuts < 1 << 13; cuts++) {
            FrameDecoder decoder = new FrameDecoder(UNLIMITED.maxFrame(), true);
            Headers headers = new Headers();
            int from = 0;
            for (int end = 1; end <= 14; end++) {
                if (end == 14 || (cuts >>> end - 1 & 1) != 0) {
                    assertEquals(0, headers.headers.size(), "header before its last byte");
                    decoder.decode(ByteBuffer.wrap(header, from, end - from), headers);
                    from = end;
                }
            }
            assertEquals(List.of(expected), headers.headers, "cuts " + Integer.toBinaryString(cuts));
            // unmasking a payload of zeros yields the key
            decoder.decode(ByteBuffer.wrap(new byte[Integer.BYTES]), headers);
            assertEquals(0x0A0B0C0D, headers.lastPart, "cuts " + Integer.toBinaryString(cuts));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 127, 65535, 65536})
    @DisplayName("payload of the edge lengths is decoded whole, with one end, before the next frame")
    void payload(int length) throws ProtocolException {
        ByteBuffer wire = ByteBuffer.allocate(2 * (14 + length));
        for (int i = 0; i < 2; i++) {
            FrameEncoder.putHeader(wire, true, false, Opcode.BINARY, length, WireBytes.KEY);
            wire.position(wire.position() + length);
        }
        Headers headers = decode(wire.flip(), true);
        assertEquals(2, headers.headers.size());
        assertEquals(2L * length, headers.payloadBytes);
        assertEquals(2, headers.ends);
    }

    private static Headers decode(ByteBuffer wire, boolean expectMasked) throws ProtocolException {
        Headers headers = new Headers();
        new FrameDecoder(UNLIMITED.maxFrame(), expectMasked).decode(wire, headers);
        return headers;
    }
}
