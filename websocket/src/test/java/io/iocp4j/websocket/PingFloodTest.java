package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
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
    private static final long FLOOD_BYTES = 64 << 20;
    private static final long USED_BY_RECEIVE_MAX = 64 << 10;

    @Test
    @Shows({"B24", "queued pongs"})
    @DisplayName("queued pongs of a peer that pings and does not read: memory stays bounded, "
            + "its newest ping is answered when it reads, others are unaffected")
    void floodOfPings() throws Exception {
        Recorder recorder = new Recorder();
        Iterator<WebSocketListener> listeners = List.<WebSocketListener>of(recorder, new Echo()).iterator();
        try (TestServer server = TestServer.webSockets(listeners::next); RawClient flood = server.upgraded()) {
            WebSocket socket = recorder.socket();
            byte[] pings = manyPings();
            for (long sent = 0; sent < FLOOD_BYTES; sent += pings.length) {
                flood.send(pings);
                assertTrue(socket.bufferedAmount() < BUFFERED_MAX, "queued: " + socket.bufferedAmount());
                assertTrue(server.port.buffers().usedBytes() < 2 * BUFFERED_MAX,
                        "used: " + server.port.buffers().usedBytes());
            }
            flood.send(WireBytes.masked(0x89, "the newest"));
            flood.text("seen");
            assertEquals("seen", TestServer.take(recorder.events));
            try (RawClient other = server.upgraded()) {
                other.text("unaffected");
                assertEquals("unaffected", other.text());
            }
            assertEquals(WebSocket.State.OPEN, socket.state());
            long pongs = 0;
            RawClient.Frame pong = flood.frame();
            for (; !pong.text().equals("the newest"); pong = flood.frame()) {
                assertEquals(0x8A, pong.firstOctet());
                assertEquals(125, pong.payload().length);
                pongs++;
            }
            assertTrue(pongs < FLOOD_BYTES / 131 / 2, pongs + " pongs were kept for a peer that did not read");
            socket.abort();
        }
    }

    @Test
    @Shows("A1")
    @DisplayName("close() of a WebSocket whose peer floods and does not read: onClose at once, the connection "
            + "is cut in the end")
    void closeDuringTheFlood() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = new TestServer(TestServer.LOOPBACK.lingerTimeout(Duration.ofMillis(200)),
                o -> o.closeTimeout(Duration.ofMillis(200)), request -> recorder);
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

    @Test
    @Shows("CVE-2021-3690")
    @DisplayName("what pings and pongs of both sides take from the pool comes back with each of them")
    void memoryOfControlFrames() throws Exception {
        byte[] payload = new byte[125];
        byte[] both = WireBytes.join(WireBytes.masked(0x89, payload), WireBytes.masked(0x8A, payload));
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            for (int i = 0; i < 5000; i++) {
                client.send(both);
                socket.ping(ByteBuffer.wrap(payload));
                client.frame();
                client.frame();
                TestServer.take(recorder.events);
            }
            // a receive that is waiting has its memory; one byte of each frame would be 15,000
            assertTrue(server.port.buffers().usedBytes() <= USED_BY_RECEIVE_MAX,
                    "used: " + server.port.buffers().usedBytes());
            client.close(1000);
            client.assertClose(1000);
        }
        // which demands that nothing is out at the end either, behind the Close frames
    }

    private static byte[] manyPings() {
        byte[] one = WireBytes.masked(0x89, new byte[125]);
        byte[] many = new byte[one.length * 500];
        for (int at = 0; at < many.length; at += one.length) {
            System.arraycopy(one, 0, many, at, one.length);
        }
        return many;
    }
}
