package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Publishers and viewers that are killed: the relay and all others continue. */
@Tag("e2e")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class KillTest {
    private static final Duration LENGTH = Duration.ofSeconds(60);
    private static final Duration LIMIT = Duration.ofSeconds(15);

    @BeforeAll
    static void programs() {
        Installed.require("chromium", "ffmpeg");
    }

    @Test
    @DisplayName("ffmpeg is killed, then a browser: the other viewers wait for the next publisher, then continue")
    void killed() throws IOException, InterruptedException {
        RealTime.check(KillTest::kill);
    }

    private static void kill() throws IOException, InterruptedException {
        try (RelayProcess relay = RelayProcess.start();
                HttpClient client = HttpClient.newHttpClient();
                Chromium chromium = Chromium.start();
                Ffmpeg killed = Ffmpeg.publish(relay.address(), "kill", LENGTH);
                LiveViewer viewer = new LiveViewer(relay.address(), "kill", "viewer")) {
            // never closed, because its browser is killed
            PlayerPage page = new PlayerPage(chromium.open(relay.address() + "watch/kill"));
            page.until("stats.framesShown > 30", LIMIT);
            viewer.awaitFrames(30, LIMIT);

            TooLate.unless(!killed.endsWithin(Duration.ZERO), "ffmpeg ended before it was killed");
            long start = System.nanoTime();
            killed.kill();
            viewer.awaitState("waiting", LIMIT);
            page.until("stats.state === 'waiting'", LIMIT);
            long notified = System.nanoTime();
            assertHealthy(client, relay);
            long frames = viewer.frames();
            long epoch = viewer.epoch();

            try (Ffmpeg next = Ffmpeg.publish(relay.address(), "kill", LENGTH)) {
                viewer.awaitFrames(frames + 30, LIMIT);
                page.until("stats.epoch === " + (epoch + 1) + " && stats.state === 'live'", LIMIT);
                assertEquals(epoch + 1, viewer.epoch());

                chromium.kill();
                relay.awaitLog("viewer \\S+ left kill", LIMIT);
                long left = viewer.frames();
                viewer.awaitFrames(left + 90, LIMIT);
                assertHealthy(client, relay);
                next.stop();
            }
            System.out.printf("e2e: killed: viewers notified after %d ms; %d frames before, %d after; faults of the"
                    + " other viewer: %s%n", TimeUnit.NANOSECONDS.toMillis(notified - start), frames,
                    viewer.frames() - frames, viewer.faults());
            viewer.assertNoFaults();
        }
    }

    private static void assertHealthy(HttpClient client, RelayProcess relay) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(relay.address() + "healthz")).timeout(LIMIT).build();
        assertEquals(200, client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
    }
}
