package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Faults;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpServer;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.http.HttpHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisplayName("Pauses by threads of the application, while the peer sends without a break")
class PauseRaceTest {
    /** Accepts that find no descriptor are logged. */
    @RegisterExtension
    static final Quiet QUIET = new Quiet(TcpServer.class);

    private static final int ROUNDS = 100_000;
    private static final int BATCH = 500;

    /** Counts what comes, which is numbered. */
    private static final class Counting extends TestServer.Recorder {
        final CompletableFuture<Long> last = new CompletableFuture<>();
        private long expected;

        @Override
        public void onText(WebSocket socket, String text) {
            if (text.equals("last")) {
                last.complete(expected);
            } else if (Long.parseLong(text) == expected) {
                expected++;
            } else {
                last.completeExceptionally(new AssertionError(text + " came instead of " + expected));
            }
        }

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            last.completeExceptionally(new AssertionError("closed behind message " + expected + ": " + why));
            super.onClose(socket, why);
        }
    }

    /** Sends numbers until it is told to stop, then that this was the last; returns how many there were. */
    private static long stream(RawClient client, AtomicBoolean stop) throws IOException {
        long next = 0;
        while (!stop.get()) {
            ByteArrayOutputStream batch = new ByteArrayOutputStream();
            for (int i = 0; i < BATCH; i++) {
                batch.writeBytes(WireBytes.masked(0x81, Long.toString(next++)));
            }
            client.send(batch.toByteArray());
        }
        client.text("last");
        return next;
    }

    private static CompletableFuture<Void> onThread(String name, Runnable task) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform().name(name).start(() -> {
            try {
                task.run();
                done.complete(null);
            } catch (Throwable thrown) {
                done.completeExceptionally(thrown);
            }
        });
        return done;
    }

    private static void race(int threads) throws Exception {
        Counting counting = new Counting();
        try (TestServer server = TestServer.webSockets(() -> counting); RawClient client = server.upgraded()) {
            WebSocket socket = counting.socket();
            AtomicBoolean stop = new AtomicBoolean();
            CompletableFuture<Long> sent = new CompletableFuture<>();
            onThread("peer", () -> {
                try {
                    sent.complete(stream(client, stop));
                } catch (IOException e) {
                    sent.completeExceptionally(e);
                }
            });
            List<CompletableFuture<Void>> pausing = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                SplittableRandom random = new SplittableRandom(i);
                pausing.add(onThread("pausing-" + i, () -> {
                    for (int round = 0; round < ROUNDS / threads && !counting.last.isDone(); round++) {
                        socket.pause();
                        // sometimes long enough for a receive to come into the pause
                        for (int looks = random.nextInt(50); looks > 0; looks--) {
                            socket.state();
                        }
                        socket.resume();
                    }
                }));
            }
            for (CompletableFuture<Void> done : pausing) {
                done.get(120, TimeUnit.SECONDS);
            }
            stop.set(true);
            long received = counting.last.get(20, TimeUnit.SECONDS);
            assertEquals(sent.get(20, TimeUnit.SECONDS), received);
            assertNull(counting.ends.poll());
            socket.abort();
        }
    }

    @Test
    @Timeout(180)
    @DisplayName("100,000 pauses by one thread: every message comes once and in order")
    void oneThread() throws Exception {
        race(1);
    }

    @Test
    @Timeout(180)
    @DisplayName("100,000 pauses by two threads that know nothing of each other: every message comes once, and "
            + "the last resume() holds")
    void twoThreads() throws Exception {
        race(2);
    }

    /**
     * Numbered messages through a simulated network; the application pauses and resumes in callbacks and between them.
     */
    private static void simulated(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        Simulation world = new Simulation(seed, Faults.draw(random).harmless(), new BufferPool(1 << 20));
        VirtualPair pair = new VirtualPair(world, o -> o.heartbeat(Duration.ZERO, Duration.ofSeconds(1)),
                HttpHandler.none());
        TcpConnection peer = pair.connectMute(new byte[0]);
        pair.run(Duration.ofSeconds(30));
        StringBuilder expected = new StringBuilder();
        pair.server.behindText = () -> {
            if (random.nextInt(4) == 0) {
                pauseOrResume(pair.server.socket, random);
            }
        };
        for (int i = 0; i < 100; i++) {
            ByteArrayOutputStream batch = new ByteArrayOutputStream();
            for (int n = random.nextInt(1, 20); n > 0; n--) {
                String number = Integer.toString(i * 100 + n);
                expected.append(number).append(' ');
                batch.writeBytes(WireBytes.masked(0x81, number));
            }
            peer.send(ByteBuffer.wrap(batch.toByteArray()));
            for (int n = random.nextInt(6); n > 0; n--) {
                world.later(random.nextLong(20_000), () -> pauseOrResume(pair.server.socket, random));
            }
            pair.run(Duration.ofNanos(random.nextLong(10_000)));
        }
        pair.run(Duration.ofSeconds(1));
        pair.server.behindText = () -> { };
        pair.server.socket.resume();
        pair.run(Duration.ofMinutes(10));
        assertEquals(expected.toString(), pair.server.texts.toString(), "seed " + seed);
        assertNull(pair.server.end, "seed " + seed);
        pair.end();
    }

    private static void pauseOrResume(WebSocket socket, SplittableRandom random) {
        for (int n = random.nextInt(1, 4); n > 0; n--) {
            if (random.nextBoolean()) {
                socket.pause();
            } else {
                socket.resume();
            }
        }
    }

    @Test
    @DisplayName("in a simulated network, in callbacks and between them, for every seed: every message comes "
            + "once and in order")
    void simulated() throws Throwable {
        Simulation.onThreadOfItsOwn(() -> {
            for (long seed = 0; seed < 200; seed++) {
                try {
                    simulated(seed);
                } catch (IOException e) {
                    throw new AssertionError("seed " + seed, e);
                }
            }
        });
    }
}
