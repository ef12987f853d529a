package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A relay that is killed or stopped, and started again on the same port. */
@Tag("e2e")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RestartTest {
    private static final int VIEWERS = 20;
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration DOWN = Duration.ofSeconds(6);
    private static final Duration BACK_LIMIT = Duration.ofSeconds(3);

    @Test
    @DisplayName("kill -9: after the restart, a page and other viewers see the picture again within 3 s")
    void killed() throws IOException, InterruptedException {
        Installed.require("chromium");
        RealTime.check(() -> restart(true));
    }

    @Test
    @DisplayName("SIGTERM: exit code 0, viewers get bye, and see the picture again within 3 s after the restart")
    void stopped() throws IOException, InterruptedException {
        Installed.require("chromium");
        RealTime.check(() -> restart(false));
    }

    private static void restart(boolean kill) throws IOException, InterruptedException {
        try (RelayProcess first = RelayProcess.start();
                Chromium chromium = Chromium.start();
                PlayerPage page = new PlayerPage(chromium.open(first.address() + "watch/test"));
                Crowd crowd = new Crowd(URI.create(first.address().replace("http", "ws") + "live/test"), true)) {
            crowd.join(VIEWERS, 5, LIMIT);
            page.until("stats.framesShown > 5", LIMIT);
            if (kill) {
                first.kill();
            } else {
                assertEquals(0, first.stop(), "exit code");
                assertEquals(VIEWERS, crowd.count(member -> member.bye != null), "viewers that got bye");
            }
            page.until("stats.state === 'reconnecting'", LIMIT);
            CountDownLatch down = new CountDownLatch(1);
            crowd.port.schedule(DOWN, down::countDown);
            down.await();
            double shown = page.stat("framesShown");
            List<Long> frames = crowd.members.stream().map(member -> member.frames).toList();
            String port = String.valueOf(URI.create(first.address()).getPort());
            try (RelayProcess second = RelayProcess.start(List.of(), "--port", port)) {
                long start = System.nanoTime();
                assertEquals(first.address(), second.address());
                page.until("stats.framesShown > " + shown, BACK_LIMIT);
                Duration left = BACK_LIMIT.minusNanos(System.nanoTime() - start);
                crowd.await("all viewers are back", left.isNegative() ? Duration.ZERO : left, () -> {
                    for (int i = 0; i < VIEWERS; i++) {
                        if (crowd.members.get(i).frames <= frames.get(i)) {
                            return false;
                        }
                    }
                    return true;
                });
                System.out.printf("e2e: restart after %s: %d viewers and a page are back after %d ms%n",
                        kill ? "kill -9" : "SIGTERM", VIEWERS, (System.nanoTime() - start) / 1_000_000);
                TooLate.unless(crowd.count(member -> member.open) == VIEWERS, "a viewer was lost again");
            }
        }
    }
}
