package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The memory of the pool is poisoned here whenever it comes back, and what is sent lies in the midst of larger buffers.
 */
@DisplayName("What a WebSocket sends")
class SentBytesTest {
    private static final int ROUNDS = 100;
    private static final byte POISON = (byte) 0xDD;

    private record Expected(int firstOctet, byte[] payload) {
    }

    @Test
    @Shows("CVE-2026-45736")
    @DisplayName("is what it was given, byte for byte, in every form, and nothing else of any memory")
    void exact() throws Exception {
        for (long seed = 0; seed < ROUNDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Recorder recorder = new Recorder();
            try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
                assertPoisoned(server.port.buffers());
                WebSocket socket = recorder.socket();
                List<Expected> expected = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    expected.add(send(socket, server.port.buffers(), random));
                }
                String reason = "ö".repeat(random.nextInt(62));
                socket.close(4000, reason);
                for (Expected next : expected) {
                    RawClient.Frame frame = client.frame();
                    assertEquals(next.firstOctet, frame.firstOctet(), "seed " + seed);
                    assertArrayEquals(next.payload, frame.payload(), "seed " + seed);
                }
                RawClient.Frame close = client.frame();
                assertEquals(4000, close.closeCode());
                assertArrayEquals(WireBytes.utf8(reason),
                        Arrays.copyOfRange(close.payload(), 2, close.payload().length));
                client.close(4000);
                client.assertEnd();
            }
        }
    }

    /** Otherwise the test would show nothing. */
    private static void assertPoisoned(BufferPool pool) {
        SharedMessage message = Message.shared(pool, "released");
        ByteBuffer kept = message.frame().buffer().duplicate();
        message.release();
        assertEquals(POISON, kept.get(0));
    }

    private static Expected send(WebSocket socket, BufferPool pool, SplittableRandom random) throws IOException {
        byte[] data = new byte[random.nextInt(random.nextInt(8) == 0 ? 5000 : 200)];
        random.nextBytes(data);
        switch (random.nextInt(6)) {
            case 0 -> {
                String text = "ü😀".repeat(data.length / 6);
                socket.trySend(text);
                return new Expected(0x81, WireBytes.utf8(text));
            }
            case 1 -> socket.trySend(data);
            case 2 -> socket.trySend(within(data, random));
            case 3 -> {
                SharedMessage shared = Message.shared(pool, within(data, random), within(new byte[0], random));
                socket.trySend(shared);
                shared.release();
            }
            case 4 -> {
                try (OutputStream out = socket.outputStream()) {
                    out.write(data);
                }
            }
            default -> {
                byte[] payload = Arrays.copyOf(data, Math.min(data.length, 125));
                socket.ping(within(payload, random));
                return new Expected(0x89, payload);
            }
        }
        return new Expected(0x82, data);
    }

    /** The bytes as the remaining ones of a larger buffer, heap or direct. */
    private static ByteBuffer within(byte[] data, SplittableRandom random) {
        int before = random.nextInt(100);
        int size = before + data.length + random.nextInt(100);
        ByteBuffer larger = random.nextBoolean() ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
        for (int i = 0; i < size; i++) {
            larger.put(i, POISON);
        }
        return larger.put(before, data).position(before).limit(before + data.length);
    }
}
