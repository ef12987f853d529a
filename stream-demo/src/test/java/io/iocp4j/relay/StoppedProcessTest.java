package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.core.JavaProgram;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.TooLate;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("e2e")
@DisplayName("A relay whose process is stopped for longer than its time limits, then continued")
@Timeout(300)
class StoppedProcessTest {
    private static final Duration LIMIT = Duration.ofSeconds(3);
    private static final Duration STOPPED = Duration.ofSeconds(11);

    @BeforeAll
    static void signals() {
        assumeTrue(File.separatorChar == '/', "needs SIGSTOP");
    }

    /** A relay with short time limits, which prints its port number. */
    static final class Relay {
        private Relay() {
        }

        public static void main(String[] args) throws IOException {
            RelayServer relay = RelayServer.start(
                    Settings.defaults().with(ServeSettings.PORT, 0).with(ServeSettings.GRACE, LIMIT)
                            .with(ServeSettings.PUBLISHER_TIMEOUT, LIMIT)
                            .with(ServeSettings.MAX_LAG, STOPPED.multipliedBy(9)));
            System.out.println(relay.address().getPort());
        }
    }

    private static void signal(Process process, String name) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor());
    }

    @Test
    @DisplayName("a publisher whose frames arrived meanwhile keeps its stream; the test picture skips missed frames")
    void stopped() throws IOException, InterruptedException {
        RealTime.check(StoppedProcessTest::stopTwice);
    }

    private static void stopTwice() throws IOException, InterruptedException {
        Process relay = new ProcessBuilder(JavaProgram.command("-cp", System.getProperty("java.class.path"),
                Relay.class.getName())).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader out = relay.inputReader()) {
            int port = Integer.parseInt(out.readLine());
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            round(address, relay);
            round(address, relay);
        } finally {
            relay.destroyForcibly().waitFor();
        }
    }

    private static void round(InetSocketAddress address, Process relay) throws IOException, InterruptedException {
        String base = "http://127.0.0.1:" + address.getPort() + "/";
        try (TestPublisher publisher = TestPublisher.open(address, "cam1").init().frames(1);
                ViewerSocket picture = new ViewerSocket(base, TestSource.PATH)) {
            long first = nextSeq(picture);
            signal(relay, "STOP");
            publisher.frames(1);
            assertFalse(relay.waitFor(STOPPED.toMillis(), TimeUnit.MILLISECONDS));
            signal(relay, "CONT");
            long continued = System.nanoTime();
            publisher.frames(1);
            String answer = publisher.end();
            // the status would be 408 if the stop had counted as silence
            TooLate.unless(answer.startsWith("HTTP/1.1 200 "), answer);

            long last = first;
            while (System.nanoTime() - continued < TimeUnit.SECONDS.toNanos(1)) {
                last = nextSeq(picture);
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - continued);
            // frames of up to one second may have been queued before the stop
            long most = TestSource.FRAMES_PER_SECOND * (millis / 1_000 + 2);
            assertTrue(last - first <= most, (last - first) + " frames in " + millis + " ms");
        }
    }

    private static long nextSeq(ViewerSocket viewer) throws IOException {
        WireMessage message = viewer.next();
        while (!message.isMedia()) {
            message = viewer.next();
        }
        return message.seq();
    }
}
