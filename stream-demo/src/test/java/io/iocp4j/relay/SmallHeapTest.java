package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A relay with 64 MiB of heap and of direct memory. */
@Tag("e2e")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SmallHeapTest {
    private static final int VIEWERS = 500;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    @DisplayName("500 viewers of a relay with 64 MiB are served or refused, and it never runs out of memory")
    void viewers() throws IOException, InterruptedException {
        try (RelayProcess relay = RelayProcess.start(List.of("-Xmx64m", "-XX:MaxDirectMemorySize=64m"), "--port", "0");
                HttpClient client = HttpClient.newHttpClient();
                Crowd crowd = new Crowd(URI.create(relay.address().replace("http", "ws") + "live/test"), false)) {
            crowd.join(VIEWERS, 0, LIMIT);
            crowd.await("each is served or refused", LIMIT,
                    () -> crowd.count(member -> member.frames >= 25 || member.closeCode != 0) == VIEWERS);
            long served = crowd.count(member -> member.open);
            HttpRequest health = HttpRequest.newBuilder(URI.create(relay.address() + "healthz")).timeout(LIMIT).build();
            assertEquals(200, client.send(health, HttpResponse.BodyHandlers.discarding()).statusCode());
            assertTrue(served > 0, "nobody is served");
            assertFalse(relay.process().lines().stream().anyMatch(line -> line.text().contains("OutOfMemoryError")));
            assertEquals(0, relay.stop());
            crowd.await("all are closed", LIMIT, () -> crowd.count(member -> !member.open) == VIEWERS);
            long told = crowd.count(member -> member.bye != null);
            System.out.printf("e2e: 64 MiB: %d of %d viewers were served, %d got bye at the end%n", served, VIEWERS,
                    told);
            assertEquals(served, told, "viewers that got bye");
        }
    }
}
