package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PingFloodTest {
    private static final int STALL_MILLIS = 300;
    private static final long BUFFERED_MAX = 512 << 10;

    @Test
    @DisplayName("B24 a peer that pings and does not read is no longer read from: memory stays bounded, others "
            + "are unaffected")
    void floodOfPings() throws Exception {
        Recorder recorder = new Recorder();
        Iterator<WebSocketListener> listeners = List.<WebSocketListener>of(recorder, new Echo()).iterator();
        try (TestServer server = TestServer.webSockets(listeners::next);
                SocketChannel flood = SocketChannel.open();
                Selector selector = Selector.open()) {
            flood.connect(server.server.address());
            flood.write(ByteBuffer.wrap(RawClient.upgradeHead("/").getBytes()));
            WebSocket socket = recorder.socket();
            flood.configureBlocking(false);
            flood.register(selector, SelectionKey.OP_WRITE);
            ByteBuffer pings = ByteBuffer.wrap(manyPings());
            long sent = 0;
            while (selector.select(STALL_MILLIS) > 0) {
                selector.selectedKeys().clear();
                sent += flood.write(pings);
                if (!pings.hasRemaining()) {
                    pings.rewind();
                }
                assertTrue(socket.bufferedAmount() < BUFFERED_MAX, "queued: " + socket.bufferedAmount());
                assertTrue(server.port.buffers().usedBytes() < 2 * BUFFERED_MAX,
                        "used: " + server.port.buffers().usedBytes());
                assertTrue(sent < 1L << 30, "the peer was never slowed down");
            }
            try (RawClient other = server.upgraded()) {
                other.text("unaffected");
                assertEquals("unaffected", other.text());
            }
            assertEquals(WebSocket.State.OPEN, socket.state());
            assertAllAnswered(flood, selector, pings, sent);
            socket.abort();
        }
    }

    @Test
    @DisplayName("A1 close() of a WebSocket whose peer floods and does not read: onClose at once, the connection "
            + "is cut in the end")
    void closeDuringTheFlood() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = new TestServer(TestServer.LOOPBACK.lingerTimeout(Duration.ofMillis(200)),
                b -> b.closeTimeout(Duration.ofMillis(200)).webSockets(request -> recorder));
                RawClient flood = server.upgraded()) {
            WebSocket socket = recorder.socket();
            byte[] pings = manyPings();
            CompletableFuture<IOException> cut = CompletableFuture.supplyAsync(() -> {
                try {
                    while (true) {
                        flood.send(pings);
                    }
                } catch (IOException e) {
                    return e;
                }
            });
            CompletableFuture<Void> stalled = new CompletableFuture<>();
            server.port.schedule(Duration.ofMillis(STALL_MILLIS), () -> stalled.complete(null));
            stalled.join();
            socket.close(4000, "enough");
            assertEquals(4000, recorder.end().code());
            assertFalse(socket.closed().get(5, TimeUnit.SECONDS).clean());
            assertTrue(cut.get(5, TimeUnit.SECONDS) instanceof SocketException);
        }
        assertTrue(recorder.ends.isEmpty(), "onClose once");
    }

    private static byte[] manyPings() {
        byte[] one = WireBytes.masked(0x89, new byte[125]);
        byte[] many = new byte[one.length * 500];
        for (int at = 0; at < many.length; at += one.length) {
            System.arraycopy(one, 0, many, at, one.length);
        }
        return many;
    }

    /** Once the peer reads, every ping that it sent is answered. */
    private static void assertAllAnswered(SocketChannel flood, Selector selector, ByteBuffer pings,
            long sent) throws Exception {
        selector.close();
        flood.configureBlocking(true);
        int rest = (int) ((131 - sent % 131) % 131);
        CompletableFuture<Void> lastPing = CompletableFuture.runAsync(() -> {
            try {
                ByteBuffer tail = pings.limit(pings.position() + rest);
                while (tail.hasRemaining()) {
                    flood.write(tail);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        flood.socket().setSoTimeout(RawClient.DEADLINE_MILLIS);
        var in = flood.socket().getInputStream();
        byte[] head = new byte[4];
        while (!new String(head, StandardCharsets.ISO_8859_1).equals("\r\n\r\n")) {
            System.arraycopy(head, 1, head, 0, 3);
            head[3] = (byte) in.read();
        }
        for (long answered = 0; answered < (sent + rest) / 131; answered++) {
            byte[] pong = in.readNBytes(127);
            assertEquals(127, pong.length);
            assertEquals((byte) 0x8A, pong[0]);
            assertEquals(125, pong[1]);
        }
        lastPing.join();
    }
}
