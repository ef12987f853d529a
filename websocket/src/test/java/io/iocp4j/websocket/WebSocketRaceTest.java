package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WebSocketRaceTest {
    private static final int THREADS = 8;
    private static final Duration RACE = Duration.ofMillis(2500);

    private static void runTogether(List<Callable<Void>> tasks) throws Exception {
        CyclicBarrier start = new CyclicBarrier(tasks.size());
        try (ExecutorService threads = Executors.newFixedThreadPool(tasks.size())) {
            List<Future<Void>> results = new ArrayList<>();
            for (Callable<Void> task : tasks) {
                results.add(threads.submit(() -> {
                    start.await(5, TimeUnit.SECONDS);
                    return task.call();
                }));
            }
            for (Future<Void> result : results) {
                result.get(20, TimeUnit.SECONDS);
            }
        }
    }

    /** Reads frames to the end of the connection, whichever way it ends; nothing may follow a Close frame. */
    private static Callable<Void> reader(RawClient client) {
        return () -> {
            boolean closed = false;
            try {
                while (true) {
                    RawClient.Frame frame = client.frame();
                    assertFalse(closed, "a frame behind the Close frame");
                    closed = frame.firstOctet() == 0x88;
                    if (closed) {
                        client.end();
                    }
                }
            } catch (RawClient.CutFrame cut) {
                // an abort() may cut a frame, but no frame has begun behind Close
                assertFalse(closed, cut::getMessage);
                return null;
            } catch (EOFException fin) {
                return null;
            } catch (SocketException reset) {
                return assertServerGone(reset);
            }
        };
    }

    /** The server was faster, or this side has ended already: no other failure of a socket is in order. */
    private static Void assertServerGone(SocketException failure) {
        // Windows says "forcibly closed" and "was aborted"; Wine has no text for these
        Pattern gone = Pattern.compile("reset|forcibly closed|was aborted|Broken pipe|output is shutdown|^\\s*$");
        assertTrue(gone.matcher(failure.getMessage()).find(), failure::getMessage);
        return null;
    }

    @Test
    @Shows("B29")
    @DisplayName("8 threads send, ping, close and abort the same WebSocket: onClose once, nothing after "
            + "Close, nothing left")
    void everythingAtOnce() throws Exception {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        BlockingQueue<Recorder> recorders = new LinkedBlockingQueue<>();
        long end = System.nanoTime() + RACE.toNanos();
        try (TestServer server = TestServer.webSockets(() -> {
            recorders.add(new Recorder());
            return recorders.peek();
        })) {
            SharedMessage shared = Message.shared(server.port.buffers(), "shared");
            while (System.nanoTime() < end) {
                try (RawClient client = server.upgraded()) {
                    Recorder recorder = TestServer.take(recorders);
                    WebSocket socket = recorder.socket();
                    List<Callable<Void>> tasks = new ArrayList<>();
                    tasks.add(reader(client));
                    for (int i = 0; i < THREADS; i++) {
                        SplittableRandom mine = random.split();
                        tasks.add(() -> disturb(socket, shared, mine));
                    }
                    tasks.add(() -> disturb(client, random.split()));
                    runTogether(tasks);
                    assertNotEquals(null, recorder.end(), "seed " + seed);
                    socket.closed().get(10, TimeUnit.SECONDS);
                    assertEquals(WebSocket.State.CLOSED, socket.state());
                    assertTrue(recorder.ends.isEmpty(), "onClose once, seed " + seed);
                }
            }
            assertEquals(1, shared.references(), "seed " + seed);
            shared.release();
        }
    }

    private static Void disturb(WebSocket socket, Message shared, SplittableRandom random) {
        for (int i = 0; i < 40; i++) {
            switch (random.nextInt(40)) {
                case 0 -> socket.close(4000, "race");
                case 1 -> {
                    if (random.nextInt(4) == 0) {
                        socket.abort();
                    }
                }
                case 2, 3, 4, 5 -> socket.ping(ByteBuffer.wrap(new byte[5]));
                case 6, 7 -> socket.trySend(ByteBuffer.allocate(random.nextInt(100_000)));
                case 8 -> socket.execute(() -> socket.trySend("from a callback"));
                case 9, 10, 11, 12, 13 -> socket.trySend(shared);
                default -> socket.trySend("text " + i);
            }
        }
        socket.close();
        return null;
    }

    private static Void disturb(RawClient client, SplittableRandom random) throws IOException {
        try {
            for (int i = random.nextInt(20); i > 0; i--) {
                client.text("from the peer");
                client.send(WireBytes.masked(0x89, "ping"));
            }
            if (random.nextBoolean()) {
                client.close(1000);
            }
            return null;
        } catch (SocketException serverWasFaster) {
            return assertServerGone(serverWasFaster);
        }
    }

    @Test
    @Shows({"A6", "A11"})
    @DisplayName("10 threads close() while the peer closes: one onClose, in a WebSocket that is not open "
            + "any more")
    void closeFromEverywhere() throws Exception {
        for (int round = 0; round < 50; round++) {
            CompletableFuture<WebSocket.State> inside = new CompletableFuture<>();
            Recorder recorder = new Recorder() {
                @Override
                public void onClose(WebSocket socket, CloseStatus why) {
                    super.onClose(socket, why);
                    inside.complete(socket.state());
                }
            };
            try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
                WebSocket socket = recorder.socket();
                List<Callable<Void>> tasks = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    int code = 4000 + i;
                    tasks.add(() -> {
                        socket.close(code, "");
                        return null;
                    });
                }
                tasks.add(() -> {
                    client.close(4999);
                    return null;
                });
                runTogether(tasks);
                int code = client.frame().closeCode();
                client.assertEnd();
                client.end();
                assertEquals(code, recorder.end().code(), "what the peer was told is what the application was told");
                assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
                assertNotEquals(WebSocket.State.OPEN, inside.get());
            }
            assertTrue(recorder.ends.isEmpty(), "onClose once");
        }
    }

    @Test
    @Shows("D1")
    @DisplayName("the messages of each of 8 threads arrive in its order, all that send() took, and none after "
            + "the Close frame")
    void orderOfEachThread() throws Exception {
        int messages = 2000;
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                String name = i + ":";
                tasks.add(() -> {
                    for (int n = 0; n < messages; n++) {
                        socket.trySend(name + n);
                    }
                    return null;
                });
            }
            int[] next = new int[THREADS];
            tasks.add(() -> {
                for (int n = 0; n < THREADS * messages; n++) {
                    String[] parts = client.text().split(":");
                    int thread = Integer.parseInt(parts[0]);
                    assertEquals(next[thread]++, Integer.parseInt(parts[1]));
                }
                return null;
            });
            runTogether(tasks);
            socket.close();
            assertEquals(1000, client.frame().closeCode());
            client.close(1000);
            client.assertEnd();
        }
    }

    @Test
    @Shows("CVE-2022-25762")
    @DisplayName("threads that send while another closes: the wire has whole messages, "
            + "then Close, then FIN")
    void closeAmongSends() throws Exception {
        for (int round = 0; round < 20; round++) {
            Recorder recorder = new Recorder();
            try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
                WebSocket socket = recorder.socket();
                List<Callable<Void>> tasks = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    tasks.add(() -> {
                        for (int n = 0; n < 1000 && socket.state() == WebSocket.State.OPEN; n++) {
                            socket.trySend("whole");
                        }
                        return null;
                    });
                }
                tasks.add(() -> {
                    assertEquals("whole", client.text());
                    socket.close(4004, "");
                    RawClient.Frame frame = client.frame();
                    while (frame.firstOctet() == 0x81) {
                        assertEquals("whole", frame.text());
                        frame = client.frame();
                    }
                    assertEquals(4004, frame.closeCode());
                    client.close(4004);
                    client.assertEnd();
                    client.end();
                    return null;
                });
                runTogether(tasks);
                assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
            }
        }
    }
}
