package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The heartbeat, in virtual time")
class HeartbeatTest {
    private static final WebSocketOptions<?> NO_HEARTBEAT =
            ClientOptions.defaults().heartbeat(Duration.ZERO, Duration.ofSeconds(20));
    private static final byte[] NOTHING = {};

    private static Duration at(long nanos) {
        return Duration.ofNanos(nanos);
    }

    @Test
    @DisplayName("20/20 s by default on both sides: an hour of silence ends nothing, and both know the round trip")
    void keepsAlive() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectClient(ClientOptions.defaults());
        assertNull(pair.client.socket.latency());
        pair.run(Duration.ofHours(1));
        assertNull(pair.server.end);
        assertNull(pair.client.end);
        assertEquals(180, pair.server.pings, 2);
        assertEquals(180, pair.client.pings, 2);
        assertEquals(0, pair.server.pongs + pair.client.pongs, "its own pongs are not the listener's");
        assertNotNull(pair.server.socket.latency());
        assertTrue(pair.client.socket.latency().compareTo(Duration.ofSeconds(1)) < 0);
        pair.end();
    }

    @Test
    @Shows("B28")
    @DisplayName("a peer from which nothing comes is cut 20 s behind the ping, with 1006, LOCAL and the reason")
    void silentPeer() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectMute(NOTHING);
        long opened = pair.world.nanos();
        pair.run(Duration.ofSeconds(39));
        assertNull(pair.server.end);
        pair.run(Duration.ofSeconds(2));
        assertEquals(CloseCode.ABNORMAL, pair.server.end.code());
        assertEquals(Initiator.LOCAL, pair.server.end.initiator());
        assertTrue(pair.server.end.reason().contains("20000 ms after a ping"), pair.server.end.reason());
        assertEquals(40.0, (pair.server.endNanos - opened) / 1e9, 1.0);
        pair.end();
    }

    @Test
    @DisplayName("the interval and the timeout are what was set, also where the timeout is the longer one")
    void settings() throws IOException {
        for (int[] seconds : new int[][] {{3, 2}, {2, 7}}) {
            VirtualPair pair = new VirtualPair(b ->
                    b.heartbeat(Duration.ofSeconds(seconds[0]), Duration.ofSeconds(seconds[1])));
            pair.connectMute(NOTHING);
            pair.run(Duration.ofSeconds(60));
            assertEquals(seconds[0] + seconds[1], pair.server.endNanos / 1e9, 0.5);
            pair.end();
        }
    }

    @Test
    @DisplayName("anything that comes counts as life: a peer that sends and never answers a ping is kept")
    void dataCounts() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectMute(WireBytes.masked(0x81, "x"));
        pair.run(Duration.ofMinutes(10));
        assertNull(pair.server.end);
        assertNull(pair.server.socket.latency());
        pair.end();
    }

    @Test
    @DisplayName("also the bytes of a frame that is not complete count: its pong has to wait behind it")
    void halfAFrameCounts() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        var mute = pair.connectMute(NOTHING);
        byte[] frame = WireBytes.masked(0x82, new byte[1000]);
        for (int i = 0; i < 100; i++) {
            mute.send(ByteBuffer.wrap(frame, i, 1));
            pair.run(Duration.ofSeconds(10));
        }
        assertNull(pair.server.end);
        pair.end();
    }

    @Test
    @DisplayName("a peer that is not read from is not judged, and judged again after resume()")
    void paused() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectMute(NOTHING);
        pair.server.socket.pause();
        pair.run(Duration.ofMinutes(10));
        assertNull(pair.server.end);
        pair.server.socket.resume();
        pair.run(Duration.ofSeconds(41));
        assertEquals(CloseCode.ABNORMAL, pair.server.end.code());
        pair.end();
    }

    @Test
    @DisplayName("zero turns it off: no ping in an hour, and a silent peer is kept")
    void off() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b.heartbeat(Duration.ZERO, Duration.ofSeconds(1)));
        pair.connectClient(NO_HEARTBEAT);
        pair.run(Duration.ofHours(1));
        assertNull(pair.server.end);
        assertEquals(0, pair.server.pings + pair.client.pings);
        pair.end();
    }

    @Test
    @DisplayName("senseless settings are refused")
    void refused() {
        ServerOptions builder = ServerOptions.defaults();
        assertThrows(IllegalArgumentException.class,
                () -> builder.heartbeat(Duration.ofSeconds(-1), Duration.ofSeconds(1)));
        assertThrows(IllegalArgumentException.class, () -> builder.heartbeat(Duration.ofSeconds(1), Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> builder.closeTimeout(Duration.ZERO));
    }

    @Test
    @DisplayName("ping() measures its own round trip; a pong for the newest answers those before it")
    void ping() throws Exception {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectClient(NO_HEARTBEAT);
        List<CompletableFuture<Duration>> pings = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            pings.add(pair.client.socket.ping());
        }
        assertFalse(pings.getFirst().isDone());
        long before = pair.world.nanos();
        pair.run(Duration.ofSeconds(1));
        for (CompletableFuture<Duration> ping : pings) {
            assertTrue(ping.get().compareTo(at(pair.world.nanos() - before)) <= 0);
        }
        assertEquals(pings.getLast().get(), pair.client.socket.latency());
        assertEquals(3, pair.server.pings);
        assertEquals(0, pair.client.pongs);
        assertTrue(pair.client.socket.ping(ByteBuffer.allocate(8)));
        pair.run(Duration.ofSeconds(1));
        assertEquals(1, pair.client.pongs, "the answer to the application's own ping is the listener's");
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () ->
                pair.client.socket.ping(ByteBuffer.allocate(126)));
        assertEquals("PING frame has 126 bytes, at most 125", refused.getMessage());
        assertTrue(pair.client.socket.ping(ByteBuffer.allocate(125)), "the refused ping left nothing behind");
        pair.run(Duration.ofSeconds(1));
        assertEquals(2, pair.client.pongs);
        pair.end();
    }

    @Test
    @DisplayName("pings that are never answered: the 65th fails at once, the 64 fail at the end")
    void pingsPending() throws Exception {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectMute(NOTHING);
        List<CompletableFuture<Duration>> pings = new ArrayList<>();
        for (int i = 0; i < Heartbeat.PINGS_PENDING_MAX; i++) {
            pings.add(pair.server.socket.ping());
        }
        assertTrue(pair.server.socket.ping().isCompletedExceptionally());
        assertFalse(pings.getLast().isDone());
        pair.server.socket.close(4000, "");
        pair.run(Duration.ofSeconds(1));
        for (CompletableFuture<Duration> ping : pings) {
            ExecutionException thrown = assertThrows(ExecutionException.class, ping::get);
            assertEquals(4000, assertInstanceOf(WebSocketException.class, thrown.getCause()).status().code());
        }
        assertTrue(pair.server.socket.ping().isCompletedExceptionally());
        pair.end();
    }

    @Test
    @Shows("A2")
    @DisplayName("onClose of a local close comes with the clock standing still")
    void closeWithoutTime() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectMute(NOTHING);
        long before = pair.world.nanos();
        pair.server.socket.close(4000, "at once");
        while (pair.server.end == null && pair.world.nanos() == before) {
            assertTrue(pair.world.step());
        }
        assertEquals(4000, pair.server.end.code());
        assertTrue(at(pair.server.endNanos - before).toMillis() < 1, "the clock went on before onClose");
        pair.run(Duration.ofSeconds(4));
        assertFalse(pair.server.socket.closed().isDone(), "the peer has its five seconds");
        pair.run(Duration.ofSeconds(2));
        assertTrue(pair.server.socket.closed().isDone());
        pair.end();
    }

    @Test
    @DisplayName("an ended WebSocket has no timer left: the simulation comes to rest at once")
    void noTimerLeft() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectClient(ClientOptions.defaults());
        pair.client.socket.close(1000, "");
        pair.run(Duration.ofSeconds(1));
        assertTrue(pair.client.socket.closed().isDone());
        long steps = pair.world.steps();
        pair.run(Duration.ofHours(1));
        assertTrue(pair.world.steps() - steps < 10, "steps after the end: " + (pair.world.steps() - steps));
        pair.end();
    }
}
