package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Settings;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reaches each limit of {@link LimitSettings} on purpose. RelayRig checks that all memory is given back. */
@DisplayName("Limits of a running relay")
@Timeout(120)
class LimitsTest {
    private static <T> Settings limited(Setting<T> limit, T value) {
        // a test that waits asks often
        return RelayRig.patientSettings().with(LimitSettings.LIMIT_LOOPBACK, true)
                .with(LimitSettings.MAX_REQUESTS, 1_000_000).with(limit, value);
    }

    /** Tries to watch, and returns the refusal. */
    private static HttpResponse<?> refusedJoin(RelayRig rig, String path) {
        CompletionException refused = assertThrows(CompletionException.class, () -> rig.watch(path));
        HttpResponse<?> answer = assertInstanceOf(WebSocketHandshakeException.class, refused.getCause()).getResponse();
        assertTrue(answer.headers().firstValue("Retry-After").isPresent(), "no Retry-After");
        return answer;
    }

    /** Checks that a limit was reached this often, and no other one. */
    private static void assertReached(RelayRig rig, RelayLimit limit, int times) {
        for (RelayLimit each : RelayLimit.values()) {
            assertEquals(each == limit ? times : 0, rig.server.admission().timesReached(each), each::label);
        }
    }

    /** Lets a publisher send a frame more, which a viewer must get: nothing has happened to them. */
    private static void assertUnharmed(TestPublisher publisher, TestViewer viewer, int next) throws Exception {
        publisher.frames(1);
        viewer.units((next % Sample.GOP == 0 ? "K" : "f") + next);
    }

    private static TestViewer steady(RelayRig rig, TestPublisher publisher) throws Exception {
        publisher.init().frames(1);
        rig.awaitFrames(1);
        TestViewer viewer = rig.watch("cam1").greeted();
        viewer.stream("live", 1);
        viewer.units("init 0", "K0c");
        return viewer;
    }

    @Test
    @DisplayName("every limit has a default, a flag of its own, and a label of its own for a counter")
    void named() {
        Set<String> labels = new HashSet<>();
        for (RelayLimit limit : RelayLimit.values()) {
            assertTrue(limit.value(Settings.defaults()) > 0);
            assertTrue(labels.add(limit.label()));
        }
        assertEquals(Runtime.getRuntime().maxMemory() / 4, LimitSettings.MAX_QUEUED.standard());
        assertTrue(LimitSettings.ALL.stream().allMatch(Setting::reloadable));
        assertTrue(Main.SETTINGS.containsAll(LimitSettings.ALL));
        assertEquals(12, Arrays.stream(RelayLimit.values()).count());
    }

    @Test
    @DisplayName("the third viewer of two is refused with 503, and comes in when one has left")
    void viewers() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_VIEWERS, 2))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            TestViewer second = rig.watch("cam1").greeted();
            assertEquals(503, refusedJoin(rig, "cam1").statusCode());
            assertReached(rig, RelayLimit.VIEWERS, 1);
            assertUnharmed(publisher, steady, 1);
            second.close();
            rig.await("a place is free", () -> rig.server.admission().viewers() == 1);
            rig.watch("cam1").greeted();
            assertReached(rig, RelayLimit.VIEWERS, 1);
        }
    }

    @Test
    @DisplayName("a viewer whose place another one has taken during the handshake is closed with 4429")
    void viewersAtOnce() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_VIEWERS, 1))) {
            rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer[] both = new TestViewer[2];
            List<Thread> threads = List.of(Thread.ofVirtual().unstarted(() -> both[0] = watchOrNull(rig)),
                    Thread.ofVirtual().unstarted(() -> both[1] = watchOrNull(rig)));
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            long in = 0;
            for (TestViewer viewer : both) {
                TestViewer.Event first = viewer == null ? null : viewer.next();
                in += first != null && first.text() != null ? 1 : 0;
                assertTrue(first == null || first.text() != null || first.code() == Pass.TOO_MANY, () -> "" + first);
            }
            assertEquals(1, in);
            assertReached(rig, RelayLimit.VIEWERS, 1);
        }
    }

    private static TestViewer watchOrNull(RelayRig rig) {
        try {
            return rig.watch("cam1");
        } catch (CompletionException refused) {
            return null;
        }
    }

    @Test
    @DisplayName("a full stream refuses viewers with 503, another stream does not")
    void viewersOfStream() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_STREAM_VIEWERS, 1))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            assertEquals(503, refusedJoin(rig, "cam1").statusCode());
            assertReached(rig, RelayLimit.STREAM_VIEWERS, 1);
            assertUnharmed(publisher, steady, 1);
            rig.publish("cam2").init().frames(1);
            rig.await("a second stream", () -> rig.streams().size() == 2);
            rig.watch("cam2").greeted();
        }
    }

    @Test
    @DisplayName("an address that joins too often gets 429 and the time to wait")
    void joins() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_JOINS, 3))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            rig.watch("cam1").close();
            rig.watch("cam1").close();
            assertEquals(429, refusedJoin(rig, "cam1").statusCode());
            assertReached(rig, RelayLimit.JOINS, 1);
            assertUnharmed(publisher, steady, 1);
        }
    }

    @Test
    @DisplayName("without --limit-loopback, the clients of this machine are not limited by their address")
    void loopback() throws Exception {
        Settings settings = limited(LimitSettings.MAX_JOINS, 1).with(LimitSettings.MAX_REQUESTS, 1)
                .with(LimitSettings.MAX_CONNECTIONS, 1).with(LimitSettings.MAX_ADDRESS_PUBLISHERS, 1)
                .with(LimitSettings.LIMIT_LOOPBACK, false);
        try (RelayRig rig = RelayRig.start(settings)) {
            rig.publish("cam2");
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            rig.watch("cam1").greeted();
            assertUnharmed(publisher, steady, 1);
            assertReached(rig, RelayLimit.JOINS, 0);
        }
    }

    @Test
    @Shows("relay S10")
    @DisplayName("connections that send no frame hold no stream; the stream above the limit is refused with 503")
    void streams() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_STREAMS, 1))) {
            for (int i = 0; i < 5; i++) {
                rig.publish("idle" + i).init();
            }
            TestPublisher publisher = rig.publish("cam1");
            rig.await("five streams without a frame", () -> rig.streams().size() == 5);
            publisher.init().frames(1);
            rig.await("a frame", () -> rig.streams().stream().anyMatch(stream -> stream.get("framesIn").equals(1.0)));
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            TestPublisher refused = rig.publish("cam2").init().frames(1);
            assertTrue(refused.head().startsWith("HTTP/1.1 503 "), "the second stream");
            assertReached(rig, RelayLimit.STREAMS, 1);
            assertUnharmed(publisher, viewer, 1);
            rig.await("the refused stream is gone", () -> rig.streams().size() == 6);
        }
    }

    @Test
    @DisplayName("a stream that is off is told from one that never was, for the last names")
    void names() throws Exception {
        Settings settings = limited(LimitSettings.MAX_NAMES, 2).with(ServeSettings.GRACE, Duration.ZERO);
        try (RelayRig rig = RelayRig.start(settings)) {
            for (String name : List.of("a", "b", "c")) {
                TestPublisher publisher = rig.publish(name).init().frames(1);
                assertTrue(publisher.end().startsWith("HTTP/1.1 200 "));
                rig.await("the stream has ended", () -> rig.streams().isEmpty());
            }
            assertEquals("close 4404 the stream is off", rig.watch("c").next().toString());
            assertEquals("close 4404 the stream is off", rig.watch("b").next().toString());
            assertEquals("close 4404 there is no such stream", rig.watch("a").next().toString());
            assertReached(rig, RelayLimit.NAMES, 1);
        }
    }

    @Test
    @DisplayName("the second publisher of one is refused with 503, and comes in when the first has left")
    void publishers() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_PUBLISHERS, 1))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            String refused = rig.publish("cam2").head();
            assertTrue(refused.startsWith("HTTP/1.1 503 ") && refused.contains("Retry-After: "), refused);
            assertReached(rig, RelayLimit.PUBLISHERS, 1);
            assertUnharmed(publisher, steady, 1);
            assertTrue(publisher.end().startsWith("HTTP/1.1 200 "));
            rig.await("its place is free", () -> rig.server.admission().publishers() == 0);
            rig.publish("cam2").init().frames(1);
            rig.await("the other stream", () -> rig.streams().size() == 2);
        }
    }

    @Test
    @DisplayName("the second publisher of an address with one is refused with 429")
    void publishersOfAddress() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_ADDRESS_PUBLISHERS, 1))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            assertTrue(rig.publish("cam2").head().startsWith("HTTP/1.1 429 "));
            assertReached(rig, RelayLimit.ADDRESS_PUBLISHERS, 1);
            assertUnharmed(publisher, steady, 1);
        }
    }

    @Test
    @DisplayName("a publisher that sends more than its rate is answered with 429 that names the limit")
    void ingestRate() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_INGEST_RATE, 20_000L))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            TestPublisher greedy = rig.publish("cam2").init();
            sendUntilRefused(greedy);
            String answer = greedy.rest();
            assertTrue(answer.startsWith("HTTP/1.1 429 ") && answer.contains("max-ingest-rate"), answer);
            assertReached(rig, RelayLimit.INGEST_RATE, 1);
            assertUnharmed(publisher, steady, 1);
        }
    }

    private static void sendUntilRefused(TestPublisher publisher) {
        try {
            publisher.frames(10_000);
        } catch (IOException e) {
            // the relay has closed the connection, as it must do
        }
    }

    @Test
    @DisplayName("above the bytes for all viewers, the one that holds most skips, a join gets 503, the others get all")
    void queuedBytes() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_QUEUED, 100_000L)
                .with(ServeSettings.MIN_QUEUE, 64L << 20).with(ServeSettings.MAX_QUEUE, 64L << 20))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            // this viewer answers no ping, so what it gets is never confirmed
            rig.connect().upgrade("/live/cam1");
            rig.await("both watch", () -> rig.number("viewers") == 2);
            int next = 1;
            while (rig.server.admission().timesReached(RelayLimit.QUEUED) == 0 && next < 5_000) {
                assertUnharmed(publisher, steady, next++);
            }
            assertTrue(rig.server.admission().timesReached(RelayLimit.QUEUED) > 0, next + " frames");
            for (int i = 0; i < 2 * Sample.GOP; i++) {
                assertUnharmed(publisher, steady, next++);
            }
            assertTrue(rig.server.admission().queuedBytes() <= 100_000, rig.server.admission().queuedBytes() + "");
            assertTrue(rig.number("framesDropped") > 0, "the silent viewer lost nothing");
        }
    }

    @Test
    @DisplayName("while too much is queued to viewers, a join gets 503")
    void queuedBytesJoin() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_QUEUED, 1L))) {
            rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            rig.connect().upgrade("/live/cam1");
            rig.server.admission().queued(0, 1);
            assertEquals(503, refusedJoin(rig, "cam1").statusCode());
            rig.server.admission().queued(1, 0);
            assertTrue(rig.server.admission().timesReached(RelayLimit.QUEUED) > 0);
        }
    }

    @Test
    @DisplayName("an address that asks too often gets 429, a page that it has is not disturbed")
    void requests() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_REQUESTS, 200))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            HttpResponse<String> answer = rig.send("GET", "/healthz");
            for (int i = 0; i < 400 && answer.statusCode() == 200; i++) {
                answer = rig.send("GET", "/healthz");
            }
            assertEquals(429, answer.statusCode());
            assertTrue(answer.body().contains("max-requests"), answer.body());
            assertReached(rig, RelayLimit.REQUESTS, 1);
            assertUnharmed(publisher, steady, 1);
        }
    }

    @Test
    @DisplayName("a connection above the share of its address is closed at once, and its place comes back")
    void connections() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_CONNECTIONS, 3))) {
            RawPeer first = rig.connect();
            rig.connect();
            rig.connect();
            assertEquals("", rig.connect().rest());
            assertReached(rig, RelayLimit.CONNECTIONS, 1);
            first.close();
            rig.await("a connection comes in again", () -> answers(rig));
        }
    }

    private static boolean answers(RelayRig rig) {
        try (RawPeer peer = new RawPeer(rig.address())) {
            peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            return peer.rest().startsWith("HTTP/1.1 200 ");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    @DisplayName("a hopeless viewer, at which nothing arrives, is closed with 4408; the others get all")
    void stall() throws Exception {
        try (RelayRig rig = RelayRig.start(limited(LimitSettings.MAX_STALL, Duration.ofSeconds(1)))) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            RawPeer silent = rig.connect().upgrade("/live/cam1");
            rig.await("both watch", () -> rig.number("viewers") == 2);
            int next = 1;
            while (rig.server.admission().timesReached(RelayLimit.STALL) == 0) {
                assertUnharmed(publisher, steady, next++);
            }
            assertEquals(Viewer.TOO_SLOW, silent.closeCode());
            assertReached(rig, RelayLimit.STALL, 1);
            assertUnharmed(publisher, steady, next);
        }
    }

    @Test
    @Shows("relay S9")
    @DisplayName("many texts that ask for a restart make one burst of frames a second, and then close with 4408")
    void restarts() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1");
            TestViewer steady = steady(rig, publisher);
            TestViewer greedy = rig.watch("cam1").greeted();
            greedy.stream("live", 1);
            greedy.units("init 0", "K0c");
            int bursts = 0;
            long start = System.nanoTime();
            for (int i = 0; i < JoinBursts.RESTARTS_MAX; i++) {
                greedy.send("{\"t\":\"resync\"}").send("{\"t\":\"ping\",\"c\":" + i + "}");
                TestViewer.Event event = greedy.next();
                while (event.text() == null || !event.text().contains("pong")) {
                    bursts += event.toString().equals("K0c") ? 1 : 0;
                    event = greedy.next();
                }
            }
            long seconds = (System.nanoTime() - start) / 1_000_000_000;
            assertTrue(bursts >= JoinBursts.BURSTS_MAX - 1 && bursts <= JoinBursts.BURSTS_MAX + seconds,
                    bursts + " bursts in " + seconds + " s");
            greedy.send("{\"t\":\"resync\"}");
            greedy.end(Viewer.TOO_SLOW);
            assertUnharmed(publisher, steady, 1);
        }
    }
}
