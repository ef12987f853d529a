package io.iocp4j.bench.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The codec of the baselines speaks as much WebSocket as a measurement needs")
class FrameConversationTest {
    private static final int KEY = 0x01f20384;

    private static byte[] head(String path) {
        return ("GET " + path + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] frame(int first, byte[] payload) {
        ByteBuffer frame = header(payload.length + 14, first, payload.length, 0x80).putInt(KEY);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ KEY >>> 24 - i % 4 * 8));
        }
        return Arrays.copyOf(frame.array(), frame.position());
    }

    private static byte[] answer(int first, byte[] payload) {
        ByteBuffer frame = header(payload.length + 10, first, payload.length, 0).put(payload);
        return Arrays.copyOf(frame.array(), frame.position());
    }

    private static ByteBuffer header(int capacity, int first, int length, int mask) {
        ByteBuffer frame = ByteBuffer.allocate(capacity).put((byte) first);
        return length < 126 ? frame.put((byte) (mask | length))
                : length < 1 << 16 ? frame.put((byte) (mask | 126)).putShort((short) length)
                : frame.put((byte) (mask | 127)).putLong(length);
    }

    private static byte[] numbers(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 7 + 1);
        }
        return bytes;
    }

    /** Reads and writes as a server does, at most so many bytes at a time. */
    private static byte[] talk(Conversation conversation, byte[] bytes, int atMost) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < bytes.length;) {
            ByteBuffer in = conversation.input();
            int part = Math.min(atMost, Math.min(in.remaining(), bytes.length - i));
            assertTrue(part > 0, "there is room");
            in.put(bytes, i, part);
            i += part;
            ByteBuffer out = conversation.output();
            byte[] piece = new byte[out.remaining()];
            out.get(piece);
            all.writeBytes(piece);
            conversation.written();
        }
        return all.toByteArray();
    }

    private static FrameConversation opened(String path, List<byte[]> published) throws IOException {
        FrameConversation conversation = new FrameConversation(frame -> {
            byte[] bytes = new byte[frame.remaining()];
            frame.get(bytes);
            published.add(bytes);
        });
        String answer = new String(talk(conversation, head(path), 1 << 10), StandardCharsets.US_ASCII);
        assertTrue(answer.startsWith("HTTP/1.1 101 ")
                && answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), answer);
        return conversation;
    }

    @ParameterizedTest(name = "{0} bytes at a time")
    @ValueSource(ints = {1, 3, 100, 1 << 20})
    @DisplayName("messages of any length come back, however the bytes are cut")
    void echo(int atMost) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int size : new int[] {0, 1, 7, 8, 9, 15, 64, 125, 126, 127, 1_000, 65_535, 65_536, 0, 3}) {
            if (size > 1_000 * atMost) {
                // a frame in so many pieces is moved as often
                continue;
            }
            bytes.writeBytes(frame(0x82, numbers(size)));
            expected.writeBytes(answer(0x82, numbers(size)));
        }
        assertArrayEquals(expected.toByteArray(),
                talk(opened("/echo", new ArrayList<>()), bytes.toByteArray(), atMost));
    }

    @Test
    @DisplayName("what a publisher sends is handed on framed, and not answered")
    void publish() throws IOException {
        List<byte[]> published = new ArrayList<>();
        byte[] answer = talk(opened("/pub", published), frame(0x82, numbers(300)), 100);
        assertEquals(0, answer.length);
        assertArrayEquals(answer(0x82, numbers(300)), published.getFirst());
    }

    @Test
    @DisplayName("a ping is answered, a viewer is known as one, and a Close frame ends it")
    void control() throws IOException {
        FrameConversation viewer = opened("/view", new ArrayList<>());
        assertTrue(viewer.isViewer());
        assertArrayEquals(answer(0x8a, numbers(5)), talk(viewer, frame(0x89, numbers(5)), 4));
        assertArrayEquals(answer(0x88, new byte[] {3, (byte) 0xe8}),
                talk(viewer, frame(0x88, new byte[] {3, (byte) 0xe8}), 100));
        assertTrue(viewer.isOver());
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"820100", "0281000000001b", "c281000000001b", "82ff00000000001000010000000000"})
    @DisplayName("a frame without a mask, a fragment, one that is compressed and one that is too long end it")
    void refused(String hex) throws IOException {
        FrameConversation conversation = opened("/echo", new ArrayList<>());
        assertThrows(IOException.class, () -> talk(conversation, HexFormat.of().parseHex(hex), 100));
        assertThrows(IOException.class, () -> talk(new FrameConversation(null), head("/view"), 1 << 10));
        assertThrows(IOException.class, () -> talk(new FrameConversation(null), head("/other"), 1 << 10));
    }
}
