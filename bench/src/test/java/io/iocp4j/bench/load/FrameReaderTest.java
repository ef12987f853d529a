package io.iocp4j.bench.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The load reads the frames of a server")
class FrameReaderTest {
    /** An answer as a server frames it, perhaps in two fragments with a ping between them. */
    private static byte[] answer(byte[] payload, boolean fragmented) {
        ByteBuffer out = ByteBuffer.allocate(payload.length + 40);
        int cut = fragmented ? payload.length / 2 : payload.length;
        frame(out, fragmented ? 0x02 : 0x82, payload, 0, cut);
        if (fragmented) {
            out.put(new byte[] {(byte) 0x89, 2, 7, 8});
            frame(out, 0x80, payload, cut, payload.length);
        }
        byte[] bytes = new byte[out.position()];
        out.get(0, bytes);
        return bytes;
    }

    private static void frame(ByteBuffer out, int first, byte[] payload, int from, int to) {
        out.put((byte) first);
        int length = to - from;
        if (length < 126) {
            out.put((byte) length);
        } else if (length < 1 << 16) {
            out.put((byte) 126).putShort((short) length);
        } else {
            out.put((byte) 127).putLong(length);
        }
        out.put(payload, from, length);
    }

    @ParameterizedTest(name = "{0} bytes")
    @ValueSource(ints = {1, 2, 125, 126, 127, 65_535, 65_536, 70_000})
    @DisplayName("an answer of each form of length is read, however the bytes are cut")
    void lengths(int size) throws IOException {
        byte[] payload = Payloads.binary(size);
        byte[] one = answer(payload, false);
        ByteBuffer two = ByteBuffer.allocate(2 * one.length).put(one).put(one);
        for (int cut = 0; cut <= Math.min(one.length, 40); cut++) {
            EchoAnswers answers = new EchoAnswers(Frames.BINARY, payload);
            int whole = answers.take(two.duplicate().position(0).limit(cut))
                    + answers.take(two.duplicate().position(cut).limit(one.length + cut))
                    + answers.take(two.duplicate().position(one.length + cut).limit(2 * one.length));
            assertEquals(2, whole, "cut at " + cut);
        }
    }

    @Test
    @DisplayName("a fragmented answer is one message, and a ping within it is answered with the same bytes, masked")
    void fragments() throws IOException {
        byte[] payload = Payloads.binary(300);
        byte[] bytes = answer(payload, true);
        for (int cut = 0; cut <= bytes.length; cut++) {
            EchoAnswers answers = new EchoAnswers(Frames.BINARY, payload);
            assertEquals(1, answers.take(ByteBuffer.wrap(bytes, 0, cut))
                    + answers.take(ByteBuffer.wrap(bytes, cut, bytes.length - cut)));
            assertArrayEquals(Frames.masked(Frames.PONG, false, new byte[] {7, 8}), answers.owed().array());
            answers.paid();
        }
    }

    @Test
    @DisplayName("a masked frame has the key behind its length, and each byte with its byte of the key")
    void masked() {
        assertEquals("818537fa213d7f9f4d5158", HexFormat.of().formatHex(
                Frames.masked(Frames.TEXT, false, "Hello".getBytes(StandardCharsets.US_ASCII))));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"82821b, the server masks a frame", "a201, a frame begins with", "8001, a message has no beginning",
        "02011b8201, a message begins within another", "810100, an answer has the opcode 1", "82021be4e4, ok",
        "82011b, an answer of 1 bytes instead of 2", "82021b00, an answer ends with 0 instead of -28",
        "82020000, an answer begins with 0", "880203e8, the server closed the WebSocket with 1000",
        "8800, the server closed the WebSocket with 1005", "897e0080, a control frame of 128 bytes",
        "c2021be4, 'an answer has the opcode 2, compressed'"})
    @DisplayName("what breaks a rule, or is no answer, is told")
    void wrong(String hex, String message) throws IOException {
        EchoAnswers answers = new EchoAnswers(Frames.BINARY, Payloads.binary(2));
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
        if (message.equals("ok")) {
            assertEquals(1, answers.take(bytes));
            return;
        }
        IOException e = assertThrows(IOException.class, () -> answers.take(bytes));
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }

    @Test
    @DisplayName("a viewer that gets a message twice, or misses one, is told")
    void numbers() throws IOException {
        assertEquals(2, new NumberedAnswers(8, (byte) 0).take(numbered(5, 6)));
        assertThrows(WrongAnswerException.class, () -> new NumberedAnswers(8, (byte) 0).take(numbered(5, 5)));
        assertThrows(WrongAnswerException.class, () -> new NumberedAnswers(8, (byte) 0).take(numbered(5, 7)));
    }

    private static ByteBuffer numbered(long first, long second) {
        return ByteBuffer.allocate(20).putShort((short) 0x8208).putLong(first).putShort((short) 0x8208).putLong(second)
                .flip();
    }

    @Test
    @DisplayName("inflated answers are compared as a whole")
    void inflated() throws IOException {
        byte[] payload = Payloads.documents(300).getFirst();
        byte[] deflated = Payloads.deflate(payload);
        byte[] other = payload.clone();
        other[150]++;
        for (byte[] sent : new byte[][] {payload, other}) {
            ByteBuffer frame = ByteBuffer.allocate(400);
            frame(frame, 0xc1, deflated, 0, deflated.length);
            try (InflatedAnswers answers = new InflatedAnswers(List.of(sent), false)) {
                if (sent == payload) {
                    assertEquals(1, answers.take(frame.flip()));
                } else {
                    assertThrows(WrongAnswerException.class, () -> answers.take(frame.flip()));
                }
            }
        }
    }
}
