package io.iocp4j.websocket;

import static io.iocp4j.websocket.DeflateOverTcpTest.compressing;
import static io.iocp4j.websocket.frame.WireBytes.remaining;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.Corpus;
import io.iocp4j.websocket.handshake.Deflate;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Messages that are compressed once for many receivers, and messages that are not to be compressed. */
class DeflateSharedTest {
    private static final int TEXT = 0x81;
    private static final int BINARY = 0x82;
    private static final String OFFER = "permessage-deflate";
    private static final byte[] JSON = Corpus.JSON.bytes(5000, 1);

    @Test
    @DisplayName("a shared message is compressed once for each window, and what follows it is still understood by all")
    void shared() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = compressing(recorder, Deflate.on());
                DeflatePeer first = new DeflatePeer(server, OFFER);
                DeflatePeer second = new DeflatePeer(server, OFFER);
                DeflatePeer small = new DeflatePeer(server, OFFER + "; server_max_window_bits=9");
                DeflatePeer alone = new DeflatePeer(server, OFFER + "; server_no_context_takeover");
                DeflatePeer plain = new DeflatePeer(server, "other")) {
            List<WebSocket> sockets =
                List.of(recorder.socket(), recorder.socket(), recorder.socket(), recorder.socket(), recorder.socket());
            byte[] news = Corpus.JSON.bytes(4000, 2);
            SharedMessage shared = Message.shared(server.port.buffers(), ByteBuffer.wrap(news, 0, 1000),
                ByteBuffer.wrap(news, 1000, 3000));
            for (WebSocket socket : sockets) {
                // own, shared, own: the last has to be understood by a peer whose window has all three
                assertTrue(socket.trySend(Message.text(new String(JSON, StandardCharsets.UTF_8))));
                assertTrue(socket.trySend(shared));
                assertTrue(socket.trySend(ByteBuffer.wrap(JSON)));
            }
            assertSame(shared.deflated(6, 15), shared.deflated(6, 15));
            shared.release();
            byte[] frame = null;
            for (DeflatePeer client : List.of(first, second, alone)) {
                assertArrayEquals(JSON, client.inflated(TEXT));
                byte[] payload = client.compressed(BINARY);
                assertArrayEquals(news, client.reader.message(payload));
                assertTrue(frame == null || Arrays.equals(frame, payload), "the same bytes for all");
                frame = payload;
                assertArrayEquals(JSON, client.inflated(BINARY));
            }
            assertArrayEquals(JSON, small.inflated(TEXT));
            assertArrayEquals(news, small.inflated(BINARY));
            assertArrayEquals(JSON, small.inflated(BINARY));
            assertTrue(small.reader.maxDistance <= 512, small.reader.maxDistance + "");
            assertEquals(0x81, plain.raw.frame().firstOctet());
            assertArrayEquals(news, plain.raw.frame().payload());
            assertArrayEquals(JSON, plain.raw.frame().payload());
        }
    }

    @Test
    @DisplayName("a shared message that gains nothing, is short, or is not to be compressed, goes plain")
    void sharedPlain() throws Exception {
        Recorder recorder = new Recorder();
        byte[] noise = Corpus.NOISE.bytes(5000, 1);
        try (TestServer server = compressing(recorder, Deflate.on());
                DeflatePeer client = new DeflatePeer(server, OFFER)) {
            WebSocket socket = recorder.socket();
            for (SharedMessage message : new SharedMessage[] {
                Message.shared(server.port.buffers(), ByteBuffer.wrap(noise), ByteBuffer.allocate(0)),
                Message.shared(server.port.buffers(), ByteBuffer.wrap(JSON, 0, 1023), ByteBuffer.allocate(0)),
                Message.shared(server.port.buffers(), ByteBuffer.wrap(JSON), ByteBuffer.allocate(0)).uncompressed()}) {
                socket.trySend(message);
                RawClient.Frame frame = client.raw.frame();
                assertEquals(BINARY, frame.firstOctet());
                assertArrayEquals(remaining(message.data()), frame.payload());
                message.release();
            }
        }
    }

    @Test
    @DisplayName("a message that is not to be compressed goes plain, and the next one refers to what both ends know")
    void uncompressed() throws Exception {
        Recorder recorder = new Recorder();
        String text = new String(JSON, StandardCharsets.UTF_8);
        try (TestServer server = compressing(recorder, Deflate.on());
                DeflatePeer client = new DeflatePeer(server, OFFER)) {
            WebSocket socket = recorder.socket();
            socket.trySend(text);
            socket.trySend(Message.text(text).uncompressed());
            socket.trySend(Message.binary(JSON).uncompressed());
            socket.trySend(text);
            assertArrayEquals(JSON, client.inflated(TEXT));
            assertEquals(text, client.raw.text());
            assertEquals(BINARY, client.raw.frame().firstOctet());
            byte[] again = client.compressed(TEXT);
            assertTrue(again.length < 200, again.length + " bytes");
            assertArrayEquals(JSON, client.reader.message(again));
        }
    }
}
