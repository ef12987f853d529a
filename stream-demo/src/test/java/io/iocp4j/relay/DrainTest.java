package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A relay that drains")
@Timeout(120)
class DrainTest {
    private static final int VIEWERS = 500;
    private static final Duration JOIN_LIMIT = Duration.ofSeconds(40);

    @Test
    @DisplayName("it says 503 at /readyz, refuses viewers and publishers, and serves those that are there")
    void refuses() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            assertEquals(200, rig.send("GET", "/readyz").statusCode());
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            rig.server.admission().drain();
            assertEquals(503, rig.send("GET", "/readyz").statusCode());
            assertEquals(200, rig.send("GET", "/healthz").statusCode());
            assertThrows(CompletionException.class, () -> rig.watch("cam1"));
            String refused = rig.publish("cam2").head();
            assertTrue(refused.startsWith("HTTP/1.1 503 ") && refused.contains("Retry-After: "), refused);
            publisher.frames(1);
            viewer.units("f1");
        }
    }

    @Test
    @DisplayName("viewers get bye with a time to come back and 1001, then the publisher gets 503 and Retry-After")
    void tells() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            Thread drain = Thread.ofVirtual().start(rig.server::drain);
            viewer.bye(1001);
            String answer = publisher.head();
            assertTrue(answer.startsWith("HTTP/1.1 503 ") && answer.contains("Retry-After: "), answer);
            publisher.close();
            drain.join();
        }
    }

    @Test
    @DisplayName("a relay without clients stops at once, also with a long delay for a load balancer")
    void alone() throws Exception {
        try (RelayRig rig = RelayRig.start(RelayRig.settings()
                .with(LimitSettings.DRAIN_DELAY, Duration.ofMinutes(5)).with(LimitSettings.DRAIN_TIME,
                        Duration.ofMinutes(10)))) {
            rig.server.drain();
        }
    }

    @Test
    @DisplayName("all of 500 viewers are told within the time, each with its own moment to come back")
    void crowd() throws Exception {
        try (RelayRig rig = RelayRig.start();
                Crowd crowd = new Crowd(rig.uri("ws", "/live/cam1"), false)) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            // no more than 200 get the cached frame at once, and the others wait for the next one
            crowd.join(VIEWERS, 0, JOIN_LIMIT);
            crowd.await("all are open", JOIN_LIMIT, () -> crowd.count(member -> member.open) == VIEWERS);
            long start = System.nanoTime();
            Thread drain = Thread.ofVirtual().start(rig.server::drain);
            assertTrue(publisher.head().startsWith("HTTP/1.1 503 "));
            publisher.close();
            drain.join();
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            crowd.await("all are closed", Duration.ofSeconds(10), () -> crowd.count(member -> !member.open) == VIEWERS);
            assertEquals(VIEWERS, crowd.count(member -> member.bye != null), "viewers that got bye");
            assertEquals(VIEWERS, crowd.count(member -> member.closeCode == 1001), "viewers that got 1001");
            assertTrue(took.compareTo(LimitSettings.DRAIN_TIME.standard()) < 0, took::toString);
            assertTrue(crowd.members.stream().map(member -> member.retryMillis).distinct().count() > VIEWERS / 4,
                    "the moments to come back are not spread");
            Map<String, Object> bye = Json.parse(crowd.members.getFirst().bye);
            assertEquals(1001.0, bye.get("code"));
        }
    }
}
