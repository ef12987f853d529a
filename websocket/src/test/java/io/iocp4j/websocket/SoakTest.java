package io.iocp4j.websocket;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Everything at once on the real engine")
class SoakTest {
    @Test
    @DisplayName("for some seconds: every chore ends in time, and nothing is left")
    void shortly() throws Exception {
        Soak.run(Duration.ofSeconds(5), 1);
    }

    @Test
    @Tag("long")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    @DisplayName("for 3 minutes, or -Dsoak.minutes: every chore ends in time, and nothing is left")
    void forLong() throws Exception {
        long millis = (long) (Double.parseDouble(System.getProperty("soak.minutes", "3")) * 60_000);
        Soak.run(Duration.ofMillis(millis), Long.getLong("soak.seed", System.nanoTime()));
    }
}
