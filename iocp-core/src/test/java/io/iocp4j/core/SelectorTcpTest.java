package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What connections do on an engine whose worker reads and writes itself. */
@DisplayName("A connection on a worker that reads and writes itself")
class SelectorTcpTest extends TcpFixture {
    private static final int LARGE = 60_000;

    @Override
    @BeforeEach
    void openPort() throws IOException {
        port = CompletionPort.open(PortOptions.defaults().workers(1).engine("selector"));
    }

    private static <T> T onStrand(TcpConnection connection, Callable<T> task) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        connection.execute(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable thrown) {
                result.completeExceptionally(thrown);
            }
        });
        return await(result);
    }

    @Test
    @DisplayName("holds no queue behind a send that the system has taken, and gathers what follows until its end")
    void settled() throws Exception {
        Pair publisher = accept(options, new Recorder());
        Pair viewer = accept(options, new Recorder());
        List<Long> queued = onStrand(publisher.connection(), () -> {
            List<Long> amounts = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                viewer.connection().send(text("x"));
                amounts.add(viewer.connection().bufferedAmount());
            }
            return amounts;
        });
        assertEquals(List.of(0L, 1L, 2L), queued);
        assertEquals("xxx", viewer.peerReads(3));
        assertEquals(3, viewer.connection().bytesTaken());
    }

    @Test
    @DisplayName("receives a message as large as the last one at once, and holds little memory between them")
    void largeReceives() throws Exception {
        List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                sizes.add(data.remaining());
                super.onData(c, data);
            }
        };
        Pair pair = accept(options, recorder);
        for (int message = 1; message <= 3; message++) {
            sizes.clear();
            CountDownLatch blocked = new CountDownLatch(1);
            CompletableFuture<Void> sent = new CompletableFuture<>();
            pair.connection().execute(() -> {
                blocked.countDown();
                sent.orTimeout(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS).join();
            });
            await(blocked);
            pair.peer().getOutputStream().write(new byte[LARGE]);
            sent.complete(null);
            recorder.awaitBytes(message * LARGE);
            settle(pair.connection());
            assertTrue(pair.connection().memory().held(Kind.DIRECT) <= TcpReceiver.RECEIVE_REST,
                    "held: " + pair.connection().memory().held(Kind.DIRECT));
            assertTrue(port.buffers().usedBytes() <= TcpReceiver.RECEIVE_REST, "used: " + port.buffers().usedBytes());
        }
        assertTrue(sizes.getFirst() > TcpReceiver.RECEIVE_REST, "sizes: " + sizes);
    }
}
