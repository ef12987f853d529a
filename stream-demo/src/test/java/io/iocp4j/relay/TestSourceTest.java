package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The built-in picture as a publisher")
@Timeout(160)
class TestSourceTest {
    private static List<Thread> drawing() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("iocp4j-test-picture")).toList();
    }

    @Test
    @DisplayName("sends about one frame a second while nobody watches, and about twenty while somebody does")
    void rates() throws Exception {
        // from before there is a source: however late this test looks, the third frame is not due for two seconds
        long start = System.nanoTime();
        try (RelayRig rig = RelayRig.start(RelayRig.options().testPicture(true))) {
            rig.await("three frames", () -> rig.number("framesIn") >= 3);
            long alone = System.nanoTime() - start;
            assertTrue(alone >= 2_000_000_000L, "three frames in " + alone + " ns while nobody watches");
            TestViewer viewer = rig.watch(TestSource.PATH).greeted();
            viewer.stream("live", 1);
            int first = viewer.next().seq();
            start = System.nanoTime();
            int last = first;
            while (last < first + 21) {
                TestViewer.Event event = viewer.next();
                last = event.unit() == null ? last : event.seq();
            }
            long watched = System.nanoTime() - start;
            assertTrue(watched > 500_000_000L && watched < 10_000_000_000L, "21 frames in " + watched + " ns while somebody watches");
        }
    }

    @Test
    @DisplayName("falls silent when another publisher takes its path, and says nothing when it is closed then")
    void replaced() throws Exception {
        ManualPort port = new ManualPort();
        RelayHub hub = new RelayHub(RelayOptions.defaults(), port, Clock.systemUTC());
        TestSource source = new TestSource(hub, Clock.systemUTC());
        List<Thread> threads = drawing();
        assertEquals(1, threads.size());
        RelayStream own = hub.find(TestSource.PATH);
        hub.publish(TestSource.PATH, "fmp4", (status, why) -> { }, "video/mp4", 2, 1, ByteBuffer.allocate(10));
        assertTrue(threads.getFirst().join(Duration.ofSeconds(RelayRig.DEADLINE_SECONDS)), "the thread ends");
        assertTrue(own.json().contains("\"state\":\"ended\""), own::json);
        assertEquals("fmp4", hub.find(TestSource.PATH).container());
        source.close();
        assertFalse(hub.json().contains("mjpeg"));
        hub.endAll(1001, "the test is over");
        assertEquals(0, port.buffers().usedBytes());
    }
}
