package io.iocp4j.websocket.frame;

import static io.iocp4j.websocket.frame.CodecEvents.ofClientBytes;
import static io.iocp4j.websocket.frame.WireBytes.FIN;
import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.Limits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageAssemblerTest {
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final byte[] EMPTY = {};

    private final Limits limits = Limits.defaults();

    @Test
    @DisplayName("maxMessage: a message of exactly the limit passes, whole and in fragments")
    void messageAtLimit() {
        Limits ten = limits.maxMessage(10);
        assertEquals(List.of("text 0123456789"), ofClientBytes(masked(FIN | TEXT, "0123456789"), ten));
        assertEquals(List.of("text 0123456789"), ofClientBytes(
            join(masked(TEXT, "01234"), masked(CONTINUATION, "56789"), masked(FIN, EMPTY)), ten));
    }

    @Test
    @DisplayName("maxMessage: 1009 at the header that declares one byte too many, before its payload")
    void messageOverLimit() {
        Limits ten = limits.maxMessage(10);
        assertEquals(List.of("fail 1009"), ofClientBytes(hex("828b 00000000"), ten));
        assertEquals(List.of("ping ", "fail 1009"), ofClientBytes(
            join(masked(BINARY, new byte[9]), masked(FIN | PING, EMPTY), hex("8082 00000000")), ten));
    }

    @Test
    @Shows("CVE-2020-27813")
    @DisplayName("maxMessage: lengths that would overflow a sum are over the limit, not below it")
    void noOverflow() {
        Limits wide = limits.maxFrame(Long.MAX_VALUE).maxMessage(Integer.MAX_VALUE);
        assertEquals(List.of("fail 1009"), ofClientBytes(
            join(masked(BINARY, new byte[9]), hex("80ff 7fffffffffffffff 00000000")), wide));
        assertEquals(List.of("fail 1009"), ofClientBytes(
            join(masked(BINARY, new byte[1]), hex("80ff 000000007fffffff 00000000")), wide));
    }

    @Test
    @Shows("CVE-2026-54466")
    @DisplayName("frames of the drafts before the RFC are 1002: text between 00 and FF, lengths of 7-bit groups")
    void draftFrames() {
        byte[] text = join(hex("00"), utf8("hello"), hex("ff"));
        byte[] endless = hex("80 ffffffffffffffffff 7f");
        byte[] close = hex("ff00");
        for (byte[] wire : new byte[][] {text, endless, close}) {
            for (boolean server : new boolean[] {true, false}) {
                CodecEvents events = new CodecEvents(limits, server);
                assertEquals(List.of("fail 1002"), events.feed(wire, CodecEvents.WHOLE, ByteBuffer::allocate));
            }
        }
    }

    @Test
    @DisplayName("maxMessage counts one message, not the connection")
    void limitPerMessage() {
        byte[] six = masked(FIN | TEXT, "sixsix");
        assertEquals(List.of("text sixsix", "text sixsix"), ofClientBytes(join(six, six), limits.maxMessage(10)));
    }

    @Test
    @Shows({"CVE-2026-48779", "CVE-2026-33151"})
    @DisplayName("maxFragments: a message of so many frames passes, one more is 1008, and empty ones count")
    void fragmentLimit() {
        Limits three = limits.maxFragments(3);
        byte[] two = join(masked(TEXT, "a"), masked(CONTINUATION, EMPTY));
        byte[] control = masked(FIN | PING, EMPTY);
        assertEquals(List.of("ping ", "text ab"), ofClientBytes(join(two, control, masked(FIN, "b")), three));
        assertEquals(List.of("fail 1008"), ofClientBytes(
            join(two, masked(CONTINUATION, EMPTY), masked(CONTINUATION, EMPTY)), three));
    }

    @Test
    @DisplayName("maxFragments: the default accepts 1024 frames and refuses 1025")
    void defaultFragmentLimit() {
        byte[][] frames = new byte[1025][];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = masked(i == 0 ? BINARY : CONTINUATION, EMPTY);
        }
        assertEquals(List.of("fail 1008"), ofClientBytes(join(frames), limits));
        frames[1023] = masked(FIN, EMPTY);
        frames[1024] = EMPTY;
        assertEquals(List.of("binary "), ofClientBytes(join(frames), limits));
    }

    @Test
    @DisplayName("text is refused at the first bad byte, before its frame ends")
    void failFast() {
        byte[] wire = masked(FIN | TEXT, hex("61 62 f4 90 80 80 63 64"));
        CodecEvents events = new CodecEvents(limits, true);
        // 2 + 4 bytes of header; the bad byte is the fourth of the payload
        byte[] good = new byte[9];
        System.arraycopy(wire, 0, good, 0, 9);
        assertEquals(List.of(), events.feed(good, CodecEvents.WHOLE, ByteBuffer::allocate));
        assertEquals(List.of("fail 1007"),
            events.feed(new byte[] {wire[9]}, CodecEvents.WHOLE, ByteBuffer::allocate));
    }

    @Test
    @DisplayName("half a character at the end of a message is 1007, also if an empty fragment ends it")
    void incompleteText() {
        assertEquals(List.of("fail 1007"), ofClientBytes(masked(FIN | TEXT, hex("61c3")), limits));
        assertEquals(List.of("fail 1007"),
            ofClientBytes(join(masked(TEXT, hex("61c3")), masked(FIN, EMPTY)), limits));
    }

    @Test
    @DisplayName("binary is never checked for UTF-8")
    void binaryIsFree() {
        assertEquals(List.of("binary fffe"), ofClientBytes(masked(FIN | BINARY, hex("fffe")), limits));
    }

    @Test
    @Shows("B20")
    @DisplayName("an empty Close is reported as 1005 without a reason")
    void emptyClose() {
        assertEquals(List.of("close 1005"), ofClientBytes(masked(FIN | CLOSE, EMPTY), limits));
    }

    @Test
    @Shows("B22")
    @DisplayName("text and binary that begin like a request or a Close frame are only data")
    void noSniffing() {
        byte[] wire = join(masked(FIN | TEXT, "GET / HTTP/1.1"), masked(FIN | BINARY, hex("8800")),
            masked(FIN | TEXT, "G"));
        for (var pieces : List.of(CodecEvents.WHOLE, CodecEvents.ONE_BYTE)) {
            assertEquals(List.of("text GET / HTTP/1.1", "binary 8800", "text G"), ofClientBytes(wire, pieces));
        }
    }

    @Test
    @DisplayName("frames after a Close frame are ignored, even if nobody stops the decoder")
    void afterClose() throws ProtocolException {
        CodecEvents events = new CodecEvents(limits, false);
        MessageAssembler assembler = new MessageAssembler(limits.maxMessage(), limits.maxFragments(), events);
        byte[] wire = hex("0101 41 8800 800142 8900 8101 43 8802 03e8");
        new FrameDecoder(limits.maxFrame(), false).decode(ByteBuffer.wrap(wire), assembler);
        assertEquals(List.of("close 1005"), events.feed(EMPTY, CodecEvents.WHOLE, ByteBuffer::allocate));
    }

    @Test
    @DisplayName("a binary message that lies whole in the input is delivered without a copy")
    void noCopy() throws ProtocolException {
        byte[] wire = masked(FIN | BINARY, hex("010203"));
        ByteBuffer lent = onlyBinary(ByteBuffer.wrap(wire));
        assertSame(wire, lent.array());
        assertEquals(ByteBuffer.wrap(hex("010203")), lent);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 65536, 65537, 200_000})
    @DisplayName("a message in fragments is delivered byte-exact, in a buffer of exactly its length")
    void gathered(int length) throws ProtocolException {
        byte[] half = new byte[length];
        for (int i = 0; i < length; i++) {
            half[i] = (byte) (i * 7 + (i >>> 8));
        }
        byte[] wire = join(masked(BINARY, half), masked(FIN, half));
        ByteBuffer lent = onlyBinary(ByteBuffer.wrap(wire));
        assertEquals(ByteBuffer.wrap(join(half, half)), lent);
        assertEquals(2 * length, lent.capacity());
    }

    private ByteBuffer onlyBinary(ByteBuffer wire) throws ProtocolException {
        List<ByteBuffer> lent = new ArrayList<>();
        MessageListener keeper = new MessageListener() {
            @Override
            public void onText(String text) {
                throw new AssertionError("text " + text);
            }

            @Override
            public void onBinary(ByteBuffer data) {
                lent.add(data);
            }

            @Override
            public void onPing(ByteBuffer payload) {
                throw new AssertionError("ping");
            }

            @Override
            public void onPong(ByteBuffer payload) {
                throw new AssertionError("pong");
            }

            @Override
            public void onCloseFrame(int code, String reason) {
                throw new AssertionError("close " + code);
            }
        };
        new FrameDecoder(limits.maxFrame(), true)
            .decode(wire, new MessageAssembler(limits.maxMessage(), limits.maxFragments(), keeper));
        assertEquals(1, lent.size());
        return lent.getFirst();
    }
}
