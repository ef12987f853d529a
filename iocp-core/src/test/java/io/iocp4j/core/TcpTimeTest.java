package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Time on a connection")
class TcpTimeTest extends TcpFixture {
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

    /** Completes when the given time has passed on the port's timer. */
    private CountDownLatch after(Duration delay) {
        CountDownLatch passed = new CountDownLatch(1);
        port.schedule(delay, passed::countDown);
        return passed;
    }

    @Test
    @Shows({"C9", "E2"})
    @DisplayName("silence is told, again after each such silence, and closes nothing; no other callback comes of it")
    void notifiesOnly() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        long start = System.nanoTime();
        pair.connection().idleTimeout(SHORT);
        recorder.await("timeout", 2);
        assertTrue(millisSince(start) >= 2 * SHORT.toMillis(), "told before its time");
        assertEquals(TcpConnection.State.OPEN, pair.connection().state());
        pair.peerSends("x");
        recorder.awaitBytes(1);
    }

    @Test
    @Shows("C8")
    @DisplayName("received and sent bytes restart the measurement")
    void activityRestarts() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        Duration silence = Duration.ofMillis(400);
        long start = System.nanoTime();
        pair.connection().idleTimeout(silence);
        int received = 0;
        while (millisSince(start) < 2 * silence.toMillis()) {
            long quiet = System.nanoTime();
            await(after(SHORT));
            if (received % 2 == 0) {
                pair.peerSends("x");
                recorder.awaitBytes(received / 2 + 1);
            } else {
                pair.connection().send(text("y"));
                pair.peerReads(1);
            }
            received++;
            if (millisSince(quiet) > silence.toMillis() / 2) {
                Assumptions.abort("the machine was too slow for this test to mean anything");
            }
        }
        assertEquals(0, recorder.count("timeout"));
    }

    @Test
    @Shows("C7")
    @DisplayName("zero switches it off, a new time replaces the old one, a negative one is refused")
    void setAgain() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.idleTimeout(SHORT), recorder);
        recorder.await("timeout");
        pair.connection().idleTimeout(Duration.ZERO);
        settle(pair.connection());
        int before = recorder.count("timeout");
        await(after(SHORT.multipliedBy(3)));
        settle(pair.connection());
        assertEquals(before, recorder.count("timeout"));
        pair.connection().idleTimeout(SHORT);
        recorder.await("timeout", before + 1);
        pair.connection().idleTimeout(FOR_EVER);
        assertThrows(IllegalArgumentException.class, () -> pair.connection().idleTimeout(Duration.ofNanos(-1)));
    }

    @Test
    @DisplayName("what a handler sets in onOpen holds against the option")
    void handlerDecides() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onOpen(TcpConnection c) throws IOException {
                super.onOpen(c);
                c.idleTimeout(SHORT);
            }
        };
        accept(options.idleTimeout(LONG), recorder);
        recorder.await("timeout");
    }

    @Test
    @DisplayName("many changes of the time leave one measurement, not one each")
    void changesDoNotAddUp() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        for (int i = 0; i < 20_000; i++) {
            pair.connection().idleTimeout(Duration.ofNanos(1 + i % 1_000));
        }
        pair.connection().idleTimeout(LONG);
        settle(pair.connection());
        int before = recorder.count("timeout");
        await(after(SHORT));
        settle(pair.connection());
        assertEquals(before, recorder.count("timeout"));
    }

    @Test
    @DisplayName("a silence before the connection is there is not told: onOpen comes first")
    void notWhileConnecting() throws Exception {
        Recorder recorder = new Recorder();
        TcpConnection connection = TcpClient.connect(port, options, silentAddress(), recorder);
        connection.idleTimeout(Duration.ofMillis(5));
        await(after(SHORT));
        connection.close();
        recorder.awaitClose();
        assertEquals(List.of("close"), recorder.events());
        awaitClosed(connection);
    }

    @Test
    @DisplayName("silences behind a callback that takes long do not pile up: one notice is pending at most")
    void oneNoticeAtATime() throws Exception {
        CountDownLatch manySilences = new CountDownLatch(1);
        Recorder recorder = new Recorder() {
            @Override
            public void onTimeout(TcpConnection c) throws IOException {
                super.onTimeout(c);
                try {
                    TcpFixture.await(manySilences);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                c.idleTimeout(Duration.ZERO);
            }
        };
        Pair pair = accept(options.idleTimeout(Duration.ofMillis(1)), recorder);
        recorder.await("timeout");
        await(after(SHORT));
        manySilences.countDown();
        settle(pair.connection());
        assertEquals(List.of("open", "timeout"), recorder.events());
    }

    @Test
    @DisplayName("a connection that closes is not measured any more: silence costs no turn of a worker")
    void notWhileClosing() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.idleTimeout(Duration.ofMillis(1)), recorder);
        pair.connection().close();
        recorder.awaitClose();
        // the turns that close() itself caused are over when the peer has seen the FIN
        assertEquals(0, pair.peerReadsAll().length);
        await(after(SHORT));
        long before = port.counters().delivered();
        await(after(SHORT));
        assertEquals(before, port.counters().delivered());
        assertEquals(TcpConnection.State.CLOSING, pair.connection().state());
    }

    @Test
    @Shows("C10")
    @DisplayName("a pending timer keeps neither the connection nor the port")
    void timersDoNotHold() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.idleTimeout(LONG).lingerTimeout(FOR_EVER), recorder);
        pair.connection().schedule(LONG, () -> recorder.add("too late"));
        pair.connection().close();
        pair.peer().close();
        awaitClosed(pair.connection());
        long start = System.nanoTime();
        port.close();
        assertTrue(millisSince(start) < 5_000);
        assertTrue(port.schedule(Duration.ZERO, () -> recorder.add("after the end")).isCancelled());
        assertEquals(List.of("open", "close"), recorder.events());
    }

    @Test
    @DisplayName("a task of the port's timer that throws is logged, its future says so, and the timer goes on")
    void timerTaskThrows() throws Exception {
        Logger quiet = Logger.getLogger("io.iocp4j.core");
        quiet.setLevel(Level.OFF);
        try {
            IllegalStateException thrown = new IllegalStateException("on purpose");
            Future<?> task = port.schedule(Duration.ZERO, () -> {
                throw thrown;
            });
            assertSame(thrown, assertThrows(ExecutionException.class,
                    () -> task.get(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS)).getCause());
            await(after(Duration.ZERO));
        } finally {
            quiet.setLevel(null);
        }
    }

    @Test
    @DisplayName("execute() and schedule() run among the callbacks, in order, on a worker")
    void tasks() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        TcpConnection connection = pair.connection();
        List<Integer> order = new ArrayList<>();
        CompletableFuture<Thread> scheduled = new CompletableFuture<>();
        CountDownLatch all = new CountDownLatch(100);
        for (int i = 0; i < 100; i++) {
            int number = i;
            connection.execute(() -> {
                order.add(number);
                all.countDown();
            });
        }
        await(all);
        for (int i = 0; i < 100; i++) {
            assertEquals(i, order.get(i));
        }
        connection.schedule(Duration.ofMillis(1), () -> scheduled.complete(Thread.currentThread()));
        assertNotSame(Thread.currentThread(), await(scheduled));
        assertTrue(await(scheduled) instanceof Worker);
    }

    @Test
    @DisplayName("executeLater() runs behind what another connection has waiting, in order; what is left of it is "
            + "dropped after close()")
    void laterTurns() throws Exception {
        try (CompletionPort ordered = CompletionPort.open(PortOptions.defaults().workers(1))) {
            Recorder left = new Recorder();
            Recorder right = new Recorder();
            TcpPair pair = TcpPair.open(ordered, options, left, right);
            left.awaitOpen();
            right.awaitOpen();
            CountDownLatch posted = new CountDownLatch(1);
            List<String> order = new ArrayList<>();
            pair.left().execute(() -> {
                awaitUnchecked(posted);
                pair.left().executeLater(() -> order.add("later 1"));
                pair.left().executeLater(() -> order.add("later 2"));
                pair.left().executeLater(pair.left()::abort);
                pair.left().executeLater(() -> order.add("dropped"));
                order.add("now");
            });
            pair.right().execute(() -> order.add("other"));
            posted.countDown();
            awaitClosed(pair.left());
            pair.left().executeLater(() -> order.add("too late"));
            awaitClosed(pair.right());
            // the first two may come in either order: a turn that has lasted too long lets others go before what is
            // posted to it
            assertEquals(Set.of("now", "other"), Set.copyOf(order.subList(0, 2)));
            assertEquals(List.of("later 1", "later 2"), order.subList(2, order.size()));
        }
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            await(latch);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("tasks are dropped after close(), a cancelled one never runs, and what a task sends leaves when it "
            + "returns")
    void tasksAndClose() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        TcpConnection connection = pair.connection();
        Future<?> cancelled = connection.schedule(SHORT, () -> recorder.add("cancelled"));
        assertTrue(cancelled.cancel(false));
        connection.execute(() -> connection.send(text("from a task")));
        assertEquals("from a task", pair.peerReads(11));
        connection.schedule(SHORT, () -> recorder.add("scheduled"));
        connection.close();
        connection.execute(() -> recorder.add("executed"));
        recorder.awaitClose();
        await(after(SHORT.multipliedBy(2)));
        pair.peer().close();
        awaitClosed(connection);
        assertEquals(List.of("open", "close"), recorder.events());
        assertFalse(connection.send(ByteBuffer.allocate(1)));
    }
}
