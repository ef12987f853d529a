package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.relay.config.Settings;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The publisher of the built-in test picture")
@Timeout(160)
class TestSourceTest {
    private static List<Thread> drawingThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("iocp4j-test-picture")).toList();
    }

    @Test
    @DisplayName("publishes one frame per second without a viewer, and 20 per second with a viewer")
    void rates() throws Exception {
        // Taken before the source starts. The third frame is due two seconds later, even if this test runs slowly.
        long start = System.nanoTime();
        try (RelayRig rig = RelayRig.start(RelayRig.settings().with(ServeSettings.TEST_PICTURE, true))) {
            rig.await("three frames", () -> rig.number("framesIn") >= 3);
            long alone = System.nanoTime() - start;
            assertTrue(alone >= 2_000_000_000L, "three frames in " + alone + " ns without a viewer");
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
            assertTrue(watched > 500_000_000L && watched < 10_000_000_000L,
                    "21 frames in " + watched + " ns with a viewer");
        }
    }

    @Test
    @DisplayName("stops when another publisher takes its path, and closing it later does nothing")
    void replaced() throws Exception {
        ManualPort port = new ManualPort();
        RelayHub hub = new RelayHub(Settings.defaults(), port, Clock.systemUTC());
        TestSource source = new TestSource(hub, Clock.systemUTC());
        List<Thread> threads = drawingThreads();
        assertEquals(1, threads.size());
        RelayStream own = hub.find(TestSource.PATH);
        hub.publish(TestSource.PATH, (status, why) -> { },
                Sample.format("fmp4", "video/mp4", 2, 1, ByteBuffer.allocate(10)));
        assertTrue(threads.getFirst().join(Duration.ofSeconds(RelayRig.DEADLINE_SECONDS)), "the thread did not end");
        assertTrue(own.json().contains("\"state\":\"ended\""), own::json);
        assertEquals("fmp4", hub.find(TestSource.PATH).container());
        source.close();
        assertFalse(hub.reports().toString().contains("mjpeg"));
        hub.endAll(1001, "the test is over");
        assertEquals(0, port.buffers().usedBytes());
    }
}
