package io.iocp4j.websocket;

import static io.iocp4j.websocket.frame.WireBytes.remaining;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.Corpus;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.handshake.HandshakeException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A client that offers compression")
class DeflateClientTest extends ClientFixture {
    /** Keeps what arrives, and sends it back. */
    private static final class Mirror extends TestServer.Echo {
        final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();

        @Override
        public void onBinary(WebSocket socket, ByteBuffer data) {
            received.add(remaining(data));
            socket.trySend(data);
        }
    }

    /** Why the handshake fails when the server answers the offer so. */
    private String answered(String extensions) throws Exception {
        try (RawServer server = new RawServer(peer -> {
            peer.request();
            assertEquals("permessage-deflate; client_max_window_bits", peer.field("Sec-WebSocket-Extensions"));
            peer.send(peer.switching("Sec-WebSocket-Extensions: " + extensions + "\r\n"));
            peer.awaitEnd();
        })) {
            client = client.deflate(Deflate.on());
            return refused(HandshakeException.class, server.uri("/")).getMessage();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"permessage-deflate; server_max_window_bits=1000", "permessage-deflate; unknown",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", "permessage-bzip2",
        "permessage-deflate, permessage-deflate", "permessage-deflate; client_max_window_bits", "permessage-deflate;"})
    @Shows("CVE-2026-2229")
    @DisplayName("refuses an answer with a wrong parameter before anything is inflated")
    void wrongAnswer(String extensions) throws Exception {
        String message = answered(extensions);
        assertTrue(message.startsWith("not a valid WebSocket handshake: "), message);
    }

    @Test
    @DisplayName("goes on without it where the server declines")
    void declined() throws Exception {
        try (TestServer server = TestServer.webSockets(Mirror::new)) {
            client = client.deflate(Deflate.on());
            assertNull(open(server.uri()).handshake().deflate());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("exchanges random messages of every size with our server, under random options of both")
    void bothEnds(boolean takeover) throws Exception {
        for (long seed = 0; seed < 12; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Mirror mirror = new Mirror();
            Deflate ours = options(random, !takeover);
            Deflate theirs = options(random, !takeover);
            try (TestServer server = TestServer.with(o -> o.deflate(theirs), request -> mirror)) {
                client = client.deflate(ours);
                Mirror back = new Mirror();
                WebSocket socket = WebSocketClient.connectAsync(port, client, server.uri(), new Recorder() {
                    @Override
                    public void onBinary(WebSocket webSocket, ByteBuffer data) {
                        back.received.add(remaining(data));
                    }
                }).get();
                assertEquals(1, socket.handshake().extensions().size());
                for (int i = 0; i < 12; i++) {
                    byte[] message = Corpus.values()[random.nextInt(4)].bytes(random.nextInt(40_000), seed);
                    send(socket, random, message);
                    assertArrayEquals(message, TestServer.take(mirror.received), "there, seed=" + seed);
                    assertArrayEquals(message, TestServer.take(back.received), "and back, seed=" + seed);
                }
                socket.close(1000, "");
                assertTrue(socket.closed().get().clean(), "seed=" + seed);
            }
        }
    }

    @Test
    @DisplayName("text of every kind of character comes back")
    void text() throws Exception {
        try (TestServer server = TestServer.with(o -> o.deflate(Deflate.on()), r -> new TestServer.Echo())) {
            client = client.deflate(Deflate.on().threshold(0));
            WebSocket socket = open(server.uri());
            String text = "a\u00e4\u20ac\ud83d\ude80".repeat(5000);
            for (String message : new String[] {text, "", "x", text}) {
                socket.trySend(message);
                assertEquals(message, TestServer.take(recorder.events));
            }
        }
    }

    @Test
    @DisplayName("masks what it has compressed, and never in the caller's memory")
    void masked() throws Exception {
        byte[] message = Corpus.JSON.bytes(5000, 1);
        byte[] before = message.clone();
        try (TestServer server = TestServer.with(o -> o.deflate(Deflate.on()), r -> new Mirror())) {
            client = client.deflate(Deflate.on());
            WebSocket socket = open(server.uri());
            SharedMessage shared =
                Message.shared(port.buffers(), ByteBuffer.wrap(message), ByteBuffer.allocate(0));
            socket.trySend(ByteBuffer.wrap(message));
            socket.trySend(shared);
            socket.flush();
            assertArrayEquals(before, message);
            assertArrayEquals(before, remaining(shared.data()));
            assertEquals(new String(before, StandardCharsets.ISO_8859_1), shared.text());
            shared.release();
        }
    }

    private static void send(WebSocket socket, SplittableRandom random, byte[] message) throws Exception {
        switch (random.nextInt(3)) {
            case 0 -> socket.send(message);
            case 1 -> socket.send(Message.binary(message).uncompressed());
            default -> {
                try (OutputStream out = socket.outputStream()) {
                    int half = random.nextInt(message.length + 1);
                    out.write(message, 0, half);
                    out.flush();
                    out.write(Arrays.copyOfRange(message, half, message.length));
                }
            }
        }
    }

    private static Deflate options(SplittableRandom random, boolean noTakeover) {
        return Deflate.on().level(random.nextInt(1, 10)).threshold(random.nextInt(3) * 500)
            .noContextTakeover(noTakeover && random.nextBoolean(), noTakeover && random.nextBoolean())
            .maxWindowBits(random.nextInt(8, 16), random.nextInt(8, 16));
    }
}
