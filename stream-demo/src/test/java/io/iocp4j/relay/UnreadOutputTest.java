package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.JavaProgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A relay whose output nobody reads")
@Timeout(120)
class UnreadOutputTest {
    /** Starts a JVM whose outputs are pipes. */
    private static Process start(String... arguments) throws IOException {
        return new ProcessBuilder(JavaProgram.command(arguments)).start();
    }

    private static InetSocketAddress address(BufferedReader out) throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.contains("http://127.0.0.1:")) {
                int port = Integer.parseInt(line.replaceFirst(".*http://127\\.0\\.0\\.1:(\\d+)/.*", "$1"));
                return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            }
        }
        throw new AssertionError("no address");
    }

    private static void assertHealthy(InetSocketAddress address) throws IOException {
        try (RawPeer peer = new RawPeer(address)) {
            String answer = peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").head();
            assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
        }
    }

    @Test
    @DisplayName("answers requests, logs later how many lines were lost, and stops on SIGTERM")
    void log() throws Exception {
        Process relay = start("-cp", System.getProperty("java.class.path"), Chatter.class.getName(), Chatter.STAYS);
        try (BufferedReader out = relay.inputReader(); BufferedReader log = relay.errorReader()) {
            InetSocketAddress address = address(out);
            assertHealthy(address);

            String line = log.readLine();
            while (line != null && !line.contains("lines lost here")) {
                line = log.readLine();
            }
            assertNotNull(line, "the log does not report the lost lines");
            assertHealthy(address);
            relay.toHandle().destroy();
            assertTrue(relay.waitFor(10, TimeUnit.SECONDS), "it did not stop");
            assertEquals(0, relay.exitValue());
        } finally {
            relay.destroyForcibly().waitFor();
        }
    }

    @Test
    @DisplayName("stops even if nobody reads its output until the end")
    void stop() throws Exception {
        Process relay = start("-cp", System.getProperty("java.class.path"), Chatter.class.getName());
        try (BufferedReader out = relay.inputReader()) {
            InetSocketAddress address = address(out);
            assertTrue(relay.waitFor(30, TimeUnit.SECONDS), "it did not stop, so it waits for a reader");
            assertEquals(Chatter.PRINTED_ALL, relay.exitValue());
            assertNotNull(address);
        } finally {
            relay.destroyForcibly().waitFor();
        }
    }

    /** A relay that prints and logs more than any pipe holds, and then ends, unless its argument is {@link #STAYS}. */
    static final class Chatter {
        static final String STAYS = "stays";
        static final int PRINTED_ALL = 7;

        private Chatter() {
        }

        public static void main(String[] args) throws InterruptedException {
            Main.main(new String[] {"serve", "--port", "0", "--no-test-picture"});
            System.Logger log = System.getLogger("chatter");
            for (int i = 0; i < 20_000; i++) {
                System.out.println("line " + i + ", which nobody reads");
                System.err.println("line " + i + ", which nobody reads");
                log.log(System.Logger.Level.INFO, "line {0}, which nobody reads", i);
            }
            if (args.length == 0) {
                System.exit(PRINTED_ALL);
            }
        }
    }
}
