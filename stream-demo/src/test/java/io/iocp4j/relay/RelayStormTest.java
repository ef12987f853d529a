package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Shows;
import java.util.ArrayDeque;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A relay with many viewers that join and leave")
@Timeout(180)
class RelayStormTest {
    private static final int VIEWERS = 300;

    /** Returns the size of a frame in the pool: WebSocket header, relay header and payload, up to a power of 2. */
    private static long pooled(byte[] payload) {
        int bytes = payload.length + MediaUnit.HEADER_BYTES;
        bytes += bytes < 126 ? 2 : bytes <= 0xFFFF ? 4 : 10;
        return Math.max(BufferPool.PIECE_MIN, Integer.highestOneBit(bytes - 1) * 2L);
    }

    @Test
    @Shows("B27")
    @DisplayName("300 viewers join and leave: another viewer misses nothing, and all their memory is released")
    void joinAndLeave() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer steady = rig.watch("cam1").greeted();
            steady.stream("live", 1);
            steady.units("init 0", "K0c");
            ArrayDeque<RawPeer> staying = new ArrayDeque<>();
            for (int i = 0; i < VIEWERS; i++) {
                RawPeer peer = rig.connect().upgrade("/live/cam1");
                publisher.frames(1);
                switch (i % 3) {
                    case 0 -> peer.reset();
                    case 1 -> peer.close();
                    default -> staying.add(peer);
                }
                if (staying.size() > 20) {
                    staying.poll().reset();
                }
            }
            int next = 1;
            for (; next <= VIEWERS; next++) {
                steady.units((next % Sample.GOP == 0 ? "K" : "f") + next);
            }
            for (RawPeer peer : staying) {
                peer.close();
            }
            rig.await("one viewer is left", () -> rig.number("viewers") == 1);
            assertEquals(0.0, rig.number("framesDropped"));
            // after the next key frame, the cache holds only that frame, framed for viewers without a gap
            int key = (next + Sample.GOP - 1) / Sample.GOP * Sample.GOP;
            publisher.frames(key - next + 1);
            assertTrue(publisher.end().startsWith("HTTP/1.1 200 "));
            publisher.close();
            steady.close();
            rig.http.shutdownNow();
            long cache = pooled(Sample.INIT) + pooled(Sample.unit(key));
            rig.await("only the " + cache + " bytes of the cache are in use", () -> rig.usedBytes() == cache);
        }
    }
}
