package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.JavaProgram;
import io.iocp4j.core.MemoryBudget;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.Deflater;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Five hundred connections that break no limit of their own, against a server with 64 MiB of heap and 64 MiB of direct
 * memory.
 */
@DisplayName("A server whose peers make it hold too much")
class MemoryAttackTest {
    private static final int CONNECTIONS = 500;
    private static final int MIB = 1 << 20;
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final byte[] DEFLATED = deflated(MIB - 1_000);
    private static final Pattern MEMORY = Pattern.compile(
            "memory \\d+: heap (\\d+) of (\\d+) direct (\\d+) of (\\d+) connections (\\d+) evictions (\\d+) workers "
                    + "(\\d+)");

    /** How one connection makes the server hold about 1 MiB. */
    enum Attack {
        /** Sends messages that come back, and does not read. */
        QUEUE {
            @Override
            void begin(RawClient client) throws IOException {
                client.upgrade();
                byte[] message = WireBytes.masked(0x82, new byte[64_000]);
                for (int i = 0; i < 40; i++) {
                    client.send(message);
                }
            }
        },
        /** Sends nearly all of a message. */
        MESSAGE {
            @Override
            void begin(RawClient client) throws IOException {
                client.upgrade();
                byte[] frame = WireBytes.masked(0x02, new byte[MIB - 1_000]);
                client.send(frame);
            }
        },
        /** Sends nearly all of a message that inflates to 1 MiB, within the ratio that is let through. */
        DEFLATE {
            @Override
            void begin(RawClient client) throws IOException {
                client.send(RawClient.upgradeHead("/", "Sec-WebSocket-Extensions: permessage-deflate"));
                assertEquals(101, client.response().status());
                client.send(WireBytes.masked(0x42, DEFLATED));
            }
        },
        /** Sends nearly all of the head of a request, on as many connections as it takes. */
        HEAD {
            @Override
            void begin(RawClient client) throws IOException {
                StringBuilder head = new StringBuilder("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n");
                for (int i = 0; i < 7; i++) {
                    head.append("X-").append(i).append(": ").append("x".repeat(4_000)).append("\r\n");
                }
                client.send(head.toString());
            }

            @Override
            int connections() {
                return 2_000;
            }
        };

        abstract void begin(RawClient client) throws IOException;

        int connections() {
            return CONNECTIONS;
        }
    }

    private static byte[] deflated(int length) {
        byte[] runs = new byte[length];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < length; i++) {
            runs[i] = i % 256 == 0 ? (byte) random.nextInt() : runs[i - 1];
        }
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(runs);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] part = new byte[4_096];
        for (int n = deflater.deflate(part, 0, part.length, Deflater.SYNC_FLUSH); n > 0;
                n = deflater.deflate(part, 0, part.length, Deflater.SYNC_FLUSH)) {
            out.write(part, 0, n);
        }
        deflater.end();
        return out.toByteArray();
    }

    /** What the server says of itself. */
    private record Memory(long heap, long maxHeap, long direct, long maxDirect, long connections, long evictions,
            long workers) {
        /** Newcomers are not read from then, so nothing more is taken. */
        boolean isTight() {
            return heap > maxHeap / 100 * MemoryBudget.TIGHT_PERCENT
                    || direct > maxDirect / 100 * MemoryBudget.TIGHT_PERCENT;
        }
    }

    private ChildProcess server;
    private InetSocketAddress address;
    private int asked;

    private Memory ask() throws IOException, InterruptedException {
        asked++;
        server.type((byte) '\n');
        String line = server.awaitLine("memory " + asked + ": ", LIMIT).text();
        Matcher answer = MEMORY.matcher(line);
        assertTrue(answer.matches(), line);
        long[] numbers = IntStream.rangeClosed(1, answer.groupCount()).mapToLong(i -> Long.parseLong(answer.group(i)))
                .toArray();
        return new Memory(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]);
    }

    private void probe(RawClient webSocket, int number) throws IOException {
        webSocket.text("probe " + number);
        assertEquals("probe " + number, webSocket.text());
    }

    private void newcomer() throws IOException {
        try (RawClient client = new RawClient(address)) {
            client.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
            assertEquals("here", client.response().body());
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("ends those that hold most and harms nobody else; its memory returns")
    void attack(Attack attack) throws Exception {
        List<String> command = JavaProgram.command("-Xmx64m",
                "-XX:MaxDirectMemorySize=64m", "-cp", System.getProperty("java.class.path"),
                MemoryVictim.class.getName());
        List<RawClient> attackers = new ArrayList<>();
        try (ChildProcess started = ChildProcess.start("memory-attack-" + attack, new ProcessBuilder(command))) {
            server = started;
            String line = server.awaitLine("listening on", LIMIT).text();
            address = new InetSocketAddress(InetAddress.getLoopbackAddress(),
                    Integer.parseInt(line.replaceAll("\\D", "")));
            try (RawClient victim = new RawClient(address).upgrade()) {
                probe(victim, -1);
                for (int i = 0; i < attack.connections(); i++) {
                    RawClient attacker = new RawClient(address);
                    attackers.add(attacker);
                    Thread begun = Thread.ofVirtual().start(() -> {
                        try {
                            attack.begin(attacker);
                        } catch (IOException | AssertionError e) {
                            // it was ended, or was not let in, which is what has to happen to some of them
                        }
                    });
                    if (i % 10 == 0) {
                        begun.join(Duration.ofMillis(100));
                        probe(victim, i);
                    }
                }
                probe(victim, attack.connections());
                Memory held = ask();
                assertTrue(held.evictions > 0 || held.isTight(), "not counted: " + held);
                assertTrue(held.heap <= held.maxHeap && held.direct <= held.maxDirect, "too much: " + held);
                for (RawClient attacker : attackers) {
                    attacker.reset();
                }
                Memory after = ask();
                for (int i = 0; i < 1_000 && after.connections > 1; i++) {
                    probe(victim, i);
                    after = ask();
                }
                assertEquals(1, after.connections);
                assertTrue(after.heap <= 64 << 10 && after.direct <= MIB, "not given back: " + after);
                assertEquals(Runtime.getRuntime().availableProcessors(), after.workers);
                newcomer();
                probe(victim, 0);
            }
            assertFalse(server.lines().stream().anyMatch(said -> said.text().contains("OutOfMemoryError")),
                    "memory ran out anyway, see " + ChildProcess.RESULTS);
        } finally {
            for (RawClient attacker : attackers) {
                attacker.close();
            }
        }
    }
}
