package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A WebSocket that rests, in virtual time")
class IdleTrimmerTest {
    private static final WebSocketOptions<?> COMPRESSING = ClientOptions.defaults().deflate(Deflate.on());

    private static WebSocketConnection end(VirtualPair.Seen seen) {
        return (WebSocketConnection) seen.socket;
    }

    private static VirtualPair pair(boolean compressing) throws IOException {
        VirtualPair pair = new VirtualPair(b -> compressing ? b.deflate(Deflate.on()) : b);
        pair.connectClient(compressing ? COMPRESSING : ClientOptions.defaults());
        return pair;
    }

    /** Text of more than one receive that does not compress to nothing. */
    private static String large() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < 60_000; i++) {
            text.append(i * 7919L).append(' ');
        }
        return text.toString();
    }

    @Test
    @DisplayName("keeps next to nothing after large messages in both directions, compressed or not, whole or streamed")
    void shrinks() throws IOException {
        for (boolean compressing : new boolean[] {false, true}) {
            VirtualPair pair = pair(compressing);
            for (VirtualPair.Seen seen : new VirtualPair.Seen[] {pair.client, pair.server}) {
                seen.socket.trySend(large());
                try (OutputStream stream = seen.socket.outputStream()) {
                    stream.write(WireBytes.utf8(large()));
                }
                for (int i = 0; i < 1000; i++) {
                    seen.socket.trySend("x");
                }
            }
            pair.run(Duration.ofMillis(500));
            int kept = end(pair.server).keptBytes();
            assertTrue(kept > 20_000, "what served the large ones serves the next: " + kept);
            pair.run(IdleTrimmer.QUIET.multipliedBy(3));
            assertTrue(end(pair.server).keptBytes() <= IdleTrimmer.SMALL, "server, " + end(pair.server).keptBytes());
            assertTrue(end(pair.client).keptBytes() <= IdleTrimmer.SMALL, "client, " + end(pair.client).keptBytes());
            // and goes on as before
            pair.client.socket.trySend(large());
            pair.run(Duration.ofSeconds(10));
            assertTrue(pair.server.texts.toString().endsWith(large() + " "));
            assertTrue(end(pair.server).keptBytes() <= IdleTrimmer.SMALL, "server, " + end(pair.server).keptBytes());
            pair.end();
        }
    }

    @Test
    @DisplayName("has its buffers as long as messages come, and no timer when there is nothing to give back")
    void busy() throws IOException {
        VirtualPair pair = pair(false);
        for (int i = 0; i < 50; i++) {
            pair.client.socket.trySend(large());
            pair.run(IdleTrimmer.QUIET.dividedBy(2));
            assertTrue(end(pair.server).keptBytes() > 20_000, "a busy one has given its buffer back");
        }
        pair.run(IdleTrimmer.QUIET.multipliedBy(3));
        long steps = pair.world.steps();
        pair.run(IdleTrimmer.QUIET.multipliedBy(10));
        // the heartbeats
        assertTrue(pair.world.steps() - steps < 40, "steps: " + (pair.world.steps() - steps));
        pair.end();
    }

    @Test
    @DisplayName("in the middle of a message loses nothing of it")
    void inAMessage() throws IOException {
        for (boolean compressing : new boolean[] {false, true}) {
            VirtualPair pair = pair(compressing);
            try (OutputStream stream = pair.client.socket.outputStream()) {
                for (int i = 0; i < 10; i++) {
                    stream.write(WireBytes.utf8(large()), 0, 5_000);
                    stream.flush();
                    pair.run(IdleTrimmer.QUIET.multipliedBy(4));
                }
            }
            pair.run(IdleTrimmer.QUIET);
            assertEquals(50_000, pair.server.binaryBytes);
            pair.run(IdleTrimmer.QUIET.multipliedBy(4));
            assertTrue(end(pair.server).keptBytes() <= IdleTrimmer.SMALL);
            pair.end();
        }
    }
}
