package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoError;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.jna.Awaited.Pair;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Races in which nothing may be lost or freed too early. They run once on the fake kernel and once on Windows. */
abstract class IocpStress {
    /** The closes do not wait for sends. */
    private static final int FREE = -1;
    /** By how many sends a close follows the send on its own connection; one value for each batch, in turn. */
    private static final int[] BEHIND = {0, FREE, 1, 5, 50};
    /** Connects that are pending at a time: fewer than the backlog of the listener. */
    private static final int CONNECTS_AT_ONCE = 50;

    abstract CompletionPort open(int workers) throws IOException;

    /** The number of cancel races. A round takes some microseconds on the fake kernel, and milliseconds under Wine. */
    abstract int races();

    @Test
    @DisplayName("a receive whose handle is closed while its bytes arrive ends exactly once, with the bytes or "
            + "OPERATION_ABORTED")
    void cancelRaces() throws Exception {
        int batch = Math.min(500, races());
        int arrived = 0;
        int aborted = 0;
        try (CompletionPort port = open(2)) {
            PortAcceptor listener = Awaited.listen(port);
            for (int done = 0; done < races(); done += batch) {
                List<Pair> pairs = new ArrayList<>();
                List<Awaited> receives = new ArrayList<>();
                for (int i = 0; i < batch; i++) {
                    if (i % CONNECTS_AT_ONCE == 0) {
                        pairs.addAll(Pair.of(port, listener, Math.min(CONNECTS_AT_ONCE, batch - i)));
                    }
                    receives.add(Awaited.receive(pairs.get(i).server(), ByteBuffer.allocateDirect(1)));
                }
                CyclicBarrier start = new CyclicBarrier(2);
                List<Awaited> sends = new ArrayList<>();
                List<Pair> toClose = new ArrayList<>(pairs);
                // a free close nearly always wins; so in other batches the close follows the sends, closely or further
                // behind
                int behind = BEHIND[done / batch % BEHIND.length];
                Semaphore mayClose = new Semaphore(behind == FREE ? batch : -behind);
                if (behind == FREE) {
                    Collections.shuffle(toClose, new SplittableRandom(done));
                }
                Thread closer = Thread.ofPlatform().name("test-closer").start(() -> {
                    await(start);
                    for (Pair pair : toClose) {
                        mayClose.acquireUninterruptibly();
                        pair.server().close();
                    }
                });
                await(start);
                for (Pair pair : pairs) {
                    sends.add(Awaited.send(pair.client(), ByteBuffer.allocateDirect(1)));
                    mayClose.release();
                }
                mayClose.release(batch);
                closer.join();
                for (int i = 0; i < batch; i++) {
                    Awaited receive = receives.get(i).await();
                    if (receive.error() == null) {
                        assertEquals(1, receive.transferred());
                        arrived++;
                    } else {
                        assertEquals(IoError.OPERATION_ABORTED, receive.error());
                        assertEquals(0, receive.transferred());
                        aborted++;
                    }
                    sends.get(i).await();
                    pairs.get(i).client().close();
                }
            }
        }
        assertEquals(races(), arrived + aborted);
        assertTrue(arrived > 0 && aborted > 0, arrived + " arrived, " + aborted + " aborted: there was no race");
    }

    /** Runs a task in a thread of its own. Returns when that thread has ended, for the operating system too. */
    void runInThread(Runnable task) throws InterruptedException {
        Thread.ofPlatform().name("test-initiator").start(task).join();
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("buffers and records of pending operations survive garbage collections while only the kernel refers "
            + "to them")
    void garbageCollection() throws Exception {
        int count = 200;
        try (CompletionPort port = open(2)) {
            PortAcceptor listener = Awaited.listen(port);
            List<Pair> pairs = new ArrayList<>();
            List<Awaited> receives = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                pairs.add(Pair.of(port, listener));
                receives.add(Awaited.receive(pairs.get(i).server(), ByteBuffer.allocateDirect(4096)));
            }
            for (int round = 0; round < 5; round++) {
                System.gc();
                List<ByteBuffer> garbage = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                    // a receive into memory that was freed and reused shows these bytes
                    garbage.add(ByteBuffer.allocateDirect(4096).putLong(0, -1));
                }
            }
            for (int i = 0; i < count; i++) {
                Awaited.send(pairs.get(i).client(), ByteBuffer.allocateDirect(8).putLong(0, i)).ended(8);
            }
            for (int i = 0; i < count; i++) {
                receives.get(i).ended(8);
                assertEquals(i, receives.get(i).buffer().getLong(0));
            }
        }
    }

    @Test
    @DisplayName("an operation survives the end of the thread that submitted it")
    void initiatorEnds() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            Awaited receive = new Awaited();
            runInThread(() -> pair.server().receive(ByteBuffer.allocateDirect(10), receive));
            Awaited.send(pair.client(), ByteBuffer.allocateDirect(3)).ended(3);
            receive.ended(3);
        }
    }

    @Test
    @DisplayName("closing the port under load ends every operation, and every worker leaves")
    void shutdownUnderLoad() throws Exception {
        int workers = 4;
        CompletionPort port = open(workers);
        PortAcceptor listener = Awaited.listen(port);
        List<Awaited> pending = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Pair pair = Pair.of(port, listener);
            pending.add(Awaited.receive(pair.server(), ByteBuffer.allocateDirect(10)));
            pending.add(Awaited.receive(pair.client(), ByteBuffer.allocateDirect(10)));
            // more than the system's send and receive buffers hold together
            pending.add(Awaited.send(pair.server(), ByteBuffer.allocateDirect(8 << 20)));
            Awaited post = new Awaited();
            port.post(post);
            pending.add(post);
        }
        port.close();
        for (Awaited context : pending) {
            assertTrue(context.isDone(), "close() returned before the end of " + context);
            context.await();
        }
        assertEquals(workers, port.counters().nullCompletions());
        assertEquals(0, port.outstanding());
        assertEquals(0, port.counters().handles());
    }
}
