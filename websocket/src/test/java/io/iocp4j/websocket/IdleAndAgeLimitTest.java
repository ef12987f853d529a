package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.frame.CloseCode;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("How long a WebSocket lives, in virtual time")
class IdleAndAgeLimitTest {
    @Test
    @DisplayName("maxIdle closes with 1001 between once and twice the silence; messages keep it open, pings do not")
    void idle() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b.maxIdle(Duration.ofSeconds(60)));
        pair.connectClient(ClientOptions.defaults());
        for (int i = 0; i < 20; i++) {
            pair.run(Duration.ofSeconds(50));
            if (i % 2 == 0) {
                pair.client.socket.trySend("x");
            } else {
                pair.server.socket.trySend("y");
            }
        }
        assertNull(pair.server.end);
        long last = pair.world.nanos();
        pair.run(Duration.ofSeconds(121));
        assertEquals(new CloseStatus(CloseCode.GOING_AWAY, "no message for 60000 ms", Initiator.LOCAL, false),
                pair.server.end);
        double silence = (pair.server.endNanos - last) / 1e9;
        assertTrue(silence >= 60 && silence <= 120, "closed after " + silence);
        assertEquals(CloseCode.GOING_AWAY, pair.client.end.code());
        assertTrue(pair.client.pings > 10);
        pair.end();
    }

    @Test
    @DisplayName("maxAge closes with 1001 at its time, however busy it is")
    void age() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectClient(ClientOptions.defaults().maxAge(Duration.ofMinutes(10)));
        for (int i = 0; i < 11; i++) {
            assertNull(i < 10 ? pair.client.end : null);
            pair.client.socket.trySend("x");
            pair.run(Duration.ofMinutes(1));
        }
        assertEquals(CloseCode.GOING_AWAY, pair.client.end.code());
        assertEquals(600, pair.client.endNanos / 1e9, 1);
        pair.end();
    }

    @Test
    @DisplayName("neither is on by default; an end before takes their timers along; nonsense is refused")
    void off() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b.maxIdle(Duration.ofHours(1)).maxAge(Duration.ofHours(2)));
        pair.connectClient(ClientOptions.defaults());
        pair.client.socket.close(1000, "");
        pair.run(Duration.ofSeconds(1));
        long steps = pair.world.steps();
        pair.run(Duration.ofHours(3));
        assertTrue(pair.world.steps() - steps < 10);
        pair.end();
        ServerOptions builder = ServerOptions.defaults();
        assertThrows(IllegalArgumentException.class, () -> builder.maxIdle(Duration.ofSeconds(-1)));
        assertThrows(IllegalArgumentException.class, () -> builder.maxAge(Duration.ofSeconds(-1)));
        assertEquals(Duration.ZERO, ClientOptions.defaults().maxIdle());
        assertEquals(Duration.ZERO, ClientOptions.defaults().maxAge());
    }

    @Test
    @Shows("A12")
    @DisplayName("nothing is opened again after an end, of whichever side")
    void noReconnect() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        pair.connectClient(ClientOptions.defaults());
        pair.server.socket.close(4000, "");
        pair.run(Duration.ofHours(1));
        assertEquals(4000, pair.client.end.code());
        assertEquals(1, pair.listening.tcp().accepted());
        pair.end();
    }
}
