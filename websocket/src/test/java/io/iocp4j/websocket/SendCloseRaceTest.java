package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A send that meets a close must not touch what belongs to another connection: several WebSockets live at a time, every
 * byte on the wire says whose it is, and what was taken while a WebSocket was open has to arrive.
 */
@DisplayName("8 threads send on WebSockets that any of them may close")
class SendCloseRaceTest {
    private static final int THREADS = 8;
    private static final int WEB_SOCKETS = 4;
    /** Of each thread in a round, to any of the WebSockets; one in 200 is a close instead. */
    private static final int MESSAGES = 400;
    private static final int CLOSE_ONE_IN = 200;
    private static final int PADDING_MAX = 2_000;
    private static final int CODE = 4000;
    private static final long SEED = 20221122;
    private static final int LIMIT_SECONDS = 20;

    @Test
    @Shows("CVE-2022-25762")
    @DisplayName("for a second: each peer gets its own messages, whole and in order, then Close, then FIN")
    void forASecond() throws Exception {
        race(Duration.ofSeconds(1));
    }

    @Test
    @Tag("long")
    @Shows("CVE-2022-25762")
    @DisplayName("for 60 s, or -Drace.seconds: each peer gets its own messages, whole, in order, then Close, then FIN")
    void forAMinute() throws Exception {
        race(Duration.ofSeconds(Integer.getInteger("race.seconds", 60)));
    }

    private static void race(Duration time) throws Exception {
        long end = System.nanoTime() + time.toNanos();
        int rounds = 0;
        long messages = 0;
        TestServer.Recorder recorder = new TestServer.Recorder();
        try (TestServer server = TestServer.webSockets(() -> recorder);
                ExecutorService threads =
                        Executors.newCachedThreadPool(Thread.ofPlatform().name("test-race-", 0).factory())) {
            for (; System.nanoTime() < end; rounds++) {
                messages += round(server, recorder, threads, rounds);
            }
        }
        assertTrue(recorder.ends.isEmpty(), "onClose once for each");
        System.out.println("race: " + rounds * WEB_SOCKETS + " WebSockets, " + messages + " messages, " + time);
    }

    /** Returns how many messages arrived. */
    private static long round(TestServer server, TestServer.Recorder recorder, ExecutorService threads, int number)
            throws Exception {
        List<Contested> contested = new ArrayList<>();
        for (int i = 0; i < WEB_SOCKETS; i++) {
            contested.add(new Contested(number + "." + i, server.upgraded(), recorder.socket()));
        }
        SplittableRandom random = new SplittableRandom(SEED + number);
        CyclicBarrier start = new CyclicBarrier(THREADS);
        List<Callable<Void>> senders = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int thread = i;
            SplittableRandom mine = random.split();
            senders.add(() -> {
                start.await(LIMIT_SECONDS, TimeUnit.SECONDS);
                for (int n = 0; n < MESSAGES; n++) {
                    contested.get(mine.nextInt(WEB_SOCKETS)).disturb(thread, n, mine);
                }
                return null;
            });
        }
        List<Callable<Void>> readers = contested.stream().<Callable<Void>>map(one -> one::read).toList();
        List<Future<Void>> reading = readers.stream().map(threads::submit).toList();
        await(senders.stream().map(threads::submit).toList());
        contested.forEach(Contested::close);
        await(reading);
        long messages = 0;
        for (Contested one : contested) {
            one.check();
            assertEquals(CODE, recorder.end().code(), one.name);
            messages += one.messages;
        }
        return messages;
    }

    private static void await(List<Future<Void>> tasks) throws Exception {
        for (Future<Void> task : tasks) {
            task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    /**
     * One WebSocket over which all threads race, and what its peer gets. A message is "name thread n xxx", of that
     * thread's letter.
     */
    private static final class Contested {
        final String name;
        /** The messages of each thread that were queued for certain; each thread writes its own. */
        private final List<BitSet> taken = Stream.generate(BitSet::new).limit(THREADS).toList();
        /** The messages of each thread that came; the reader's. */
        private final List<BitSet> received = Stream.generate(BitSet::new).limit(THREADS).toList();
        private final WebSocket socket;
        private final RawClient peer;
        private long messages;

        Contested(String name, RawClient peer, WebSocket socket) {
            this.name = name;
            this.peer = peer;
            this.socket = socket;
        }

        void disturb(int thread, int n, SplittableRandom random) {
            if (random.nextInt(CLOSE_ONE_IN) == 0) {
                close();
                return;
            }
            boolean over = socket.state() != WebSocket.State.OPEN;
            String message = name + " " + thread + " " + n + " " + padding(thread, random.nextInt(PADDING_MAX));
            boolean sent = switch (random.nextInt(3)) {
                case 0 -> socket.trySend(message);
                case 1 -> socket.trySend(ByteBuffer.wrap(WireBytes.utf8(message)));
                default -> {
                    socket.ping(ByteBuffer.wrap(WireBytes.utf8(name)));
                    yield false;
                }
            };
            assertFalse(over && sent, "taken by a WebSocket that was not open");
            if (sent) {
                taken.get(thread).set(n);
            }
        }

        void close() {
            socket.close(CODE, name);
        }

        /** To the end of the connection. */
        Void read() throws IOException {
            try (peer) {
                RawClient.Frame frame = peer.frame();
                while (frame.firstOctet() != 0x88) {
                    if (frame.firstOctet() == 0x89) {
                        assertEquals(name, frame.text(), "a ping");
                    } else {
                        take(frame);
                    }
                    frame = peer.frame();
                }
                assertEquals(CODE, frame.closeCode());
                assertEquals(name, frame.text().substring(2), "the reason");
                peer.close(CODE);
                peer.assertEnd();
            }
            return null;
        }

        private void take(RawClient.Frame frame) {
            assertTrue(frame.firstOctet() == 0x81 || frame.firstOctet() == 0x82,
                    () -> "first octet " + frame.firstOctet());
            String[] words = frame.text().split(" ", 4);
            assertEquals(name, words[0], "whose message it is");
            int thread = Integer.parseInt(words[1]);
            int n = Integer.parseInt(words[2]);
            assertTrue(n >= received.get(thread).length(),
                    () -> n + " of thread " + thread + " is not behind those before");
            assertEquals(padding(thread, words[3].length()), words[3]);
            received.get(thread).set(n);
            messages++;
        }

        /** After all threads are done. */
        void check() throws Exception {
            for (int thread = 0; thread < THREADS; thread++) {
                BitSet lost = taken.get(thread);
                lost.andNot(received.get(thread));
                assertTrue(lost.isEmpty(), name + " lost what it had taken of thread " + thread + ": " + lost);
            }
            CloseStatus end = socket.closed().get(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertEquals(new CloseStatus(CODE, name, Initiator.LOCAL, true), end);
        }

        private static String padding(int thread, int length) {
            return Character.toString('a' + thread).repeat(length);
        }
    }
}
