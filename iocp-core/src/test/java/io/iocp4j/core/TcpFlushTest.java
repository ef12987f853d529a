package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("flushed() of a connection")
class TcpFlushTest extends TcpFixture {
    private static IoError failure(CompletableFuture<Void> future) {
        ExecutionException thrown = assertThrows(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS));
        return ((IoException) thrown.getCause()).error();
    }

    @Test
    @DisplayName("is done when nothing waits, and after the end when nothing was lost")
    void nothingWaits() throws Exception {
        Pair pair = accept(options, new Recorder());
        assertTrue(pair.connection().flushed().isDone());
        pair.connection().send(text("x"));
        pair.connection().flushed().get(10, TimeUnit.SECONDS);
        assertEquals(0, pair.connection().bufferedAmount());
        pair.peer().close();
        awaitClosed(pair.connection());
        assertFalse(pair.connection().flushed().isCompletedExceptionally());
    }

    @Test
    @DisplayName("completes in order as the peer reads, on a worker")
    void completesInOrder() throws Exception {
        Pair pair = accept(options.socketBuffers(SMALL, 0), new Recorder());
        List<CompletableFuture<String>> done = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            pair.connection().send(ByteBuffer.allocate(4 * MIB));
            int number = i;
            done.add(pair.connection().flushed().thenApply(nothing -> number + " worker " + port.isWorker()));
        }
        assertFalse(done.get(0).isDone(), "the peer has not read yet");
        // what the system takes beside what the peer has read is less than one of the three
        pair.peerReads(4 * MIB);
        assertEquals("0 worker true", done.get(0).get(10, TimeUnit.SECONDS));
        assertFalse(done.get(2).isDone());
        pair.peerReads(8 * MIB);
        assertEquals("2 worker true", done.get(2).get(10, TimeUnit.SECONDS));
        assertTrue(done.get(1).isDone());
        assertFalse(port.isWorker());
    }

    @Test
    @DisplayName("is the caller's own: who completes or cancels it changes nothing for others, nor for the connection")
    void copies() throws Exception {
        Pair pair = accept(options.socketBuffers(SMALL, 0), new Recorder());
        pair.connection().send(ByteBuffer.allocate(4 * MIB));
        CompletableFuture<Void> kept = pair.connection().flushed();
        List<CompletableFuture<Void>> mine = List.of(pair.connection().flushed(), pair.connection().flushed());
        assertTrue(mine.get(0).complete(null));
        assertTrue(mine.get(1).cancel(false));
        assertFalse(kept.isDone());
        pair.peerReads(4 * MIB);
        kept.get(10, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("completes for what a half-open side sends last, also where its end ends the connection")
    void lastOfAHalfOpenSide() throws Exception {
        CompletableFuture<CompletableFuture<Void>> asked = new CompletableFuture<>();
        Recorder recorder = new Recorder() {
            @Override
            public void onEnd(TcpConnection c) throws IOException {
                c.send(text("last"));
                asked.complete(c.flushed());
                c.end();
                super.onEnd(c);
            }
        };
        Pair pair = accept(options.allowHalfOpen(true), recorder);
        pair.peer().shutdownOutput();
        assertEquals("last", new String(pair.peerReadsAll()));
        await(await(asked));
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @Test
    @Shows("A7")
    @DisplayName("fails with OPERATION_ABORTED for all that waited when this side aborts, and for who asks later")
    void aborted() throws Exception {
        Pair pair = accept(options.socketBuffers(SMALL, 0), new Recorder());
        List<CompletableFuture<Void>> waiting = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            pair.connection().send(ByteBuffer.allocate(100_000));
            waiting.add(pair.connection().flushed());
        }
        pair.connection().abort();
        assertEquals(IoError.OPERATION_ABORTED, failure(waiting.getLast()));
        awaitClosed(pair.connection());
        assertEquals(IoError.OPERATION_ABORTED, failure(pair.connection().flushed()));
    }

    @Test
    @DisplayName("fails with the error of the connection when the peer resets it")
    void reset() throws Exception {
        Pair pair = accept(options.socketBuffers(SMALL, 0), new Recorder());
        pair.connection().send(ByteBuffer.allocate(8 * MIB));
        CompletableFuture<Void> waiting = pair.connection().flushed();
        pair.peerResets();
        assertTrue(List.of(IoError.CONNECTION_RESET, IoError.BROKEN_PIPE).contains(failure(waiting)));
    }

    @Test
    @DisplayName("a callback that takes long: what it sends behind the high-water mark goes meanwhile, all of it")
    void longCallback() throws Exception {
        CompletableFuture<Boolean> wasRead = new CompletableFuture<>();
        CountDownLatch read = new CountDownLatch(1);
        // little data, which the system always has room for: on selectors nobody else waits for room in this loop
        Pair pair = accept(options.waterMarks(1000, 2000), new Recorder());
        pair.connection().execute(() -> {
            for (int i = 0; i < 20; i++) {
                pair.connection().send(ByteBuffer.allocate(1000));
            }
            try {
                wasRead.complete(read.await(10, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                wasRead.completeExceptionally(e);
            }
        });
        pair.peerReads(20 * 1000);
        read.countDown();
        assertTrue(await(wasRead), "all of it came only when the callback was over");
    }

    @Test
    @DisplayName("a callback that was above the high-water mark: what it sends when the queue is empty goes at once")
    void restOfLongCallback() throws Exception {
        int much = 20_000;
        CountDownLatch empty = new CountDownLatch(1);
        CountDownLatch read = new CountDownLatch(1);
        CompletableFuture<Boolean> wasRead = new CompletableFuture<>();
        Pair pair = accept(options.waterMarks(1000, 2000), new Recorder());
        pair.connection().execute(() -> {
            pair.connection().send(ByteBuffer.allocate(much / 2));
            pair.connection().send(ByteBuffer.allocate(much / 2));
            whenEmpty(pair.connection(), empty);
            try {
                assertTrue(empty.await(10, TimeUnit.SECONDS));
                pair.connection().send(ByteBuffer.allocate(1));
                wasRead.complete(read.await(10, TimeUnit.SECONDS));
            } catch (Throwable e) {
                wasRead.completeExceptionally(e);
            }
        });
        pair.peerReads(much + 1);
        read.countDown();
        assertTrue(await(wasRead), "the last byte came only when the callback was over");
    }

    /** Looks each millisecond: while the callback lasts, nothing else tells that another worker emptied the queue. */
    private void whenEmpty(TcpConnection connection, CountDownLatch empty) {
        if (connection.bufferedAmount() == 0) {
            empty.countDown();
        } else {
            port.schedule(Duration.ofMillis(1), () -> whenEmpty(connection, empty));
        }
    }

    @Test
    @DisplayName("too much for the queue: the end says which limit it was and how high, and closeInfo() does at once")
    void limitInWords() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.maxSendQueue(1000), recorder);
        assertNull(pair.connection().closeInfo());
        assertFalse(pair.connection().send(ByteBuffer.allocate(1001)));
        String words = pair.connection().closeInfo().cause().getMessage();
        assertTrue(words.contains("maxSendQueue, 1000"), words);
        assertEquals(words, recorder.awaitClose().cause().getMessage());
    }
}
