package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Awaited.Pair;
import java.io.File;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

/**
 * Races in which no operation may be lost, delivered twice or freed too early, whatever a port is made of. The tests of
 * an engine extend this class and say how to open it.
 */
public abstract class PortStress {
    private static final long DEADLINE_SECONDS = 60;
    /** The longest takes a minute on the JDK's channels, and more than the usual 120 s on a busy machine. */
    private static final int LONG_SECONDS_MAX = 600;
    private static final int LONG_ROUNDS = 10_000;
    private static final int LONG_SHUTDOWNS = 500;
    /** The closes do not wait for sends. */
    private static final int FREE = -1;
    /** By how many sends a close follows the send on its own connection; one value for each batch, in turn. */
    private static final int[] BEHIND = {0, FREE, 1, 5, 50};
    /** Connects that are pending at a time: fewer than the backlog of the listener. */
    private static final int CONNECTS_AT_ONCE = 50;
    /** More than the system's buffers hold. */
    private static final int MUCH = 8 << 20;
    /** What an operation may end with when its handle is closed meanwhile, or its peer. */
    private static final Set<IoError> ENDED = EnumSet.of(IoError.OPERATION_ABORTED, IoError.BAD_DESCRIPTOR,
            IoError.CONNECTION_RESET, IoError.CONNECTION_ABORTED, IoError.BROKEN_PIPE, IoError.SHUT_DOWN);
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private long descriptorsBefore;

    /** For the classes of the engines. */
    protected PortStress() {
    }

    /**
     * Opens the engine under test.
     *
     * @param workers how many
     * @return an open port
     * @throws IOException fails the test
     */
    protected abstract CompletionPort open(int workers) throws IOException;

    /**
     * The number of cancel races. A round takes microseconds on some engines, and milliseconds under Wine.
     *
     * @return 2,500 or more, so that closes come at different moments
     */
    protected abstract int races();

    /**
     * The number of connections, closes and shutdowns of a build, as far as a test has no number of its own.
     *
     * @return 30 or more
     */
    protected int rounds() {
        return 300;
    }

    // ---------------------------------------------------------------- descriptors

    @BeforeEach
    void countDescriptors() throws Exception {
        // the JDK keeps what it has opened for the first of all
        try (CompletionPort port = open(1)) {
            Pair.of(port);
        }
        descriptorsBefore = descriptors();
    }

    @AfterEach
    void noDescriptorIsLeft() throws IOException {
        assertEquals(descriptorsBefore, descriptors(), "descriptors of sockets and selectors");
    }

    /** Sockets, epolls and what wakes them; 0 where the system does not tell. */
    private static long descriptors() throws IOException {
        if (File.separatorChar != '/' || !Files.isDirectory(DESCRIPTORS)) {
            return 0;
        }
        try (Stream<Path> links = Files.list(DESCRIPTORS)) {
            return links.map(PortStress::target)
                    .filter(target -> target.startsWith("socket:") || target.startsWith("anon_inode:[event")).count();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            // closed meanwhile: that of the list itself
            return "";
        }
    }

    // ---------------------------------------------------------------- who owes what

    /** Counts what was submitted and what has completed. A second completion of one context is a failed handler. */
    private static final class Tally {
        private final AtomicLong submitted = new AtomicLong();
        private final AtomicLong completed = new AtomicLong();

        /** Submits; what a submit throws leaves the context here. */
        void submit(Step step, Runnable call) {
            submitted.incrementAndGet();
            boolean taken = false;
            try {
                call.run();
                taken = true;
            } finally {
                if (!taken) {
                    submitted.decrementAndGet();
                    step.release();
                }
            }
        }

        void assertAllEnded(CompletionPort port, int workers) {
            assertEquals(submitted.get(), completed.get());
            PortCounters counters = port.counters();
            assertEquals(0, counters.handlerFailures());
            assertEquals(0, counters.outstanding());
            assertEquals(0, counters.handles());
            assertEquals(workers, counters.nullCompletions());
        }
    }

    /** A context that is counted. */
    private static final class Step extends IoContext {
        private final Tally tally;
        private final Next next;

        Step(Tally tally, Next next) {
            super((RefCounted) null);
            this.tally = tally;
            this.next = next;
        }

        @Override
        protected void onCompletion() {
            tally.completed.incrementAndGet();
            next.ended(this);
        }
    }

    @FunctionalInterface
    private interface Next {
        void ended(IoContext context);
    }

    /** One end of a connection that sends back what it receives, until the other end is gone. */
    private static final class Echo {
        private final Tally tally;
        private final PortSocket socket;
        private final Runnable onGone;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(64);

        Echo(Tally tally, PortSocket socket, Runnable onGone) {
            this.tally = tally;
            this.socket = socket;
            this.onGone = onGone;
        }

        void receive() {
            buffer.clear();
            Step step = new Step(tally, this::received);
            tally.submit(step, () -> socket.receive(buffer, step));
        }

        private void received(IoContext context) {
            if (context.transferred() == 0) {
                end();
            } else {
                buffer.flip();
                send();
            }
        }

        void send() {
            Step step = new Step(tally, this::sent);
            tally.submit(step, () -> socket.send(buffer, step));
        }

        private void sent(IoContext context) {
            if (context.error() != null) {
                end();
            } else if (buffer.hasRemaining()) {
                send();
            } else {
                receive();
            }
        }

        private void end() {
            socket.close();
            onGone.run();
        }
    }

    /** Accepts connections, and echoes on each. */
    private static final class EchoServer {
        private final Tally tally;
        private final PortAcceptor listener;
        /** Connections, and one for the listener. */
        private final AtomicInteger open = new AtomicInteger(1);
        private final CompletableFuture<Void> allGone = new CompletableFuture<>();

        EchoServer(Tally tally, CompletionPort port) throws IOException {
            this.tally = tally;
            this.listener = Awaited.listen(port);
            accept();
        }

        private void accept() {
            Step step = new Step(tally, this::accepted);
            tally.submit(step, () -> listener.accept(step));
        }

        private void accepted(IoContext context) {
            if (context.error() == null) {
                open.incrementAndGet();
                new Echo(tally, context.accepted(), this::gone).receive();
                accept();
            } else if (context.error() == IoError.OPERATION_ABORTED || context.error() == IoError.BAD_DESCRIPTOR) {
                gone();
            } else {
                accept();
            }
        }

        private void gone() {
            if (open.decrementAndGet() == 0) {
                allGone.complete(null);
            }
        }

        /** Closes the listener, and waits until every connection is gone. */
        void end() throws Exception {
            listener.close();
            await(allGone);
        }
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("an operation has not ended", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** A part of a test. */
    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    /** Runs on a thread of its own. */
    private static CompletableFuture<Void> start(Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform().name("test-stress").start(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (Throwable thrown) {
                done.completeExceptionally(thrown);
            }
        });
        return done;
    }

    private static void endedOrAborted(Awaited context) throws InterruptedException {
        context.await();
        assertTrue(context.error() == null || ENDED.contains(context.error()), context::toString);
    }

    // ---------------------------------------------------------------- connections that end at any moment

    @Test
    @DisplayName("connections that end at any moment: every operation of both ends completes once, without the end of "
            + "the port")
    void aborts(TestReporter reporter) throws Exception {
        aborts(rounds(), reporter);
    }

    @Test
    @Tag("long")
    @Timeout(LONG_SECONDS_MAX)
    @DisplayName("10,000 connections that end at any moment")
    void abortsForLong(TestReporter reporter) throws Exception {
        aborts(LONG_ROUNDS, reporter);
    }

    private void aborts(int rounds, TestReporter reporter) throws Exception {
        CompletionPort port = open(2);
        Tally tally = new Tally();
        CompletionPort closers = open(1);
        try {
            EchoServer server = new EchoServer(tally, port);
            List<CompletableFuture<Void>> clients = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                SplittableRandom random = new SplittableRandom(t);
                clients.add(start(() -> {
                    for (int i = 0; i < rounds / 2; i++) {
                        abort(port, closers, server.listener, random);
                    }
                }));
            }
            for (CompletableFuture<Void> client : clients) {
                client.get();
            }
            server.end();
        } finally {
            closers.close();
            port.close();
        }
        tally.assertAllEnded(port, 2);
        reporter.publishEntry("completions", Long.toString(port.counters().delivered()));
    }

    /** Connects, and ends in one of several ways; the worker of another port makes some of the closes. */
    private static void abort(CompletionPort port, CompletionPort closers, PortAcceptor server,
            SplittableRandom random) throws Exception {
        PortSocket socket = port.socket(CompletionKey.NONE);
        Awaited connect = Awaited.connect(socket, server.local());
        switch (random.nextInt(6)) {
            case 0 -> {
                socket.close();
                endedOrAborted(connect);
            }
            case 1 -> {
                closers.execute(socket::close);
                endedOrAborted(connect);
            }
            case 2 -> {
                connect.ended(0);
                Awaited receive = Awaited.receive(socket, ByteBuffer.allocateDirect(1));
                Awaited send = Awaited.send(socket, ByteBuffer.allocateDirect(1));
                resetAtClose(socket);
                socket.close();
                endedOrAborted(receive);
                endedOrAborted(send);
            }
            case 3 -> {
                connect.ended(0);
                resetAtClose(socket);
                Awaited receive = Awaited.receive(socket, ByteBuffer.allocateDirect(1));
                Awaited send = Awaited.send(socket, ByteBuffer.allocateDirect(100_000));
                closers.execute(socket::close);
                endedOrAborted(receive);
                endedOrAborted(send);
            }
            case 4 -> {
                connect.ended(0);
                Awaited receive = Awaited.receive(socket, ByteBuffer.allocateDirect(10));
                Awaited.send(socket, ByteBuffer.allocateDirect(1)).ended(1);
                receive.ended(1);
            }
            default -> {
                connect.ended(0);
                socket.shutdownOutput();
                Awaited.receive(socket, ByteBuffer.allocateDirect(1)).ended(0);
            }
        }
        socket.close();
    }

    /** On the JDK's asynchronous channels a close is a reset only where something was not read. */
    private static void resetAtClose(PortSocket socket) throws IoException {
        try {
            socket.option(StandardSocketOptions.SO_LINGER, 0);
        } catch (IoException e) {
            assertEquals(IoError.NOT_SUPPORTED, e.error());
        }
    }

    // ---------------------------------------------------------------- submits against closes

    @Test
    @DisplayName("a receive, a send and a close of one handle by three threads at once: both complete once")
    void closes() throws Exception {
        closes(rounds());
    }

    @Test
    @Tag("long")
    @Timeout(LONG_SECONDS_MAX)
    @DisplayName("10,000 times a receive, a send and a close of one handle by three threads at once")
    void closesForLong() throws Exception {
        closes(LONG_ROUNDS);
    }

    private void closes(int rounds) throws Exception {
        CompletionPort port = open(2);
        try {
            PortAcceptor listener = Awaited.listen(port);
            for (int done = 0; done < rounds; done += CONNECTS_AT_ONCE) {
                List<Pair> pairs = Pair.of(port, listener, CONNECTS_AT_ONCE);
                for (int i = 0; i < CONNECTS_AT_ONCE; i += 2) {
                    // every second receive finds something
                    Awaited.send(pairs.get(i).client(), ByteBuffer.allocateDirect(1)).ended(1);
                }
                CyclicBarrier each = new CyclicBarrier(3);
                List<Awaited> submitted = Collections.synchronizedList(new ArrayList<>());
                List<CompletableFuture<Void>> threads = List.of(
                        start(() -> forEach(pairs, each, pair -> submitted
                                .add(Awaited.receive(pair.server(), ByteBuffer.allocateDirect(1))))),
                        start(() -> forEach(pairs, each, pair -> submitted
                                .add(Awaited.send(pair.server(), ByteBuffer.allocateDirect(1))))),
                        start(() -> forEach(pairs, each, pair -> pair.server().close())));
                for (CompletableFuture<Void> thread : threads) {
                    await(thread);
                }
                assertEquals(2 * CONNECTS_AT_ONCE, submitted.size());
                for (Awaited context : submitted) {
                    endedOrAborted(context);
                }
                pairs.forEach(pair -> pair.client().close());
            }
            accepts(port, rounds / 10);
        } finally {
            port.close();
        }
        assertEquals(0, port.outstanding());
        assertEquals(0, port.counters().handles());
    }

    private interface EachPair {
        void run(Pair pair);
    }

    private static void forEach(List<Pair> pairs, CyclicBarrier each, EachPair action) {
        for (Pair pair : pairs) {
            await(each);
            action.run(pair);
        }
    }

    /** An accept against the close of its listener. */
    private static void accepts(CompletionPort port, int rounds) throws Exception {
        CyclicBarrier each = new CyclicBarrier(2);
        for (int i = 0; i < rounds; i++) {
            PortAcceptor listener = Awaited.listen(port);
            CompletableFuture<Awaited> accept = new CompletableFuture<>();
            CompletableFuture<Void> thread = start(() -> {
                await(each);
                accept.complete(Awaited.accept(listener));
            });
            await(each);
            listener.close();
            await(thread);
            await(accept).await();
            assertTrue(ENDED.contains(accept.get().error()), accept.get()::toString);
        }
    }

    // ---------------------------------------------------------------- the end of the port under load

    @Test
    @DisplayName("a port that is closed while connections echo and a thread posts completes everything once, again and "
            + "again")
    void shutdowns(TestReporter reporter) throws Exception {
        shutdowns(rounds() / 30, reporter);
    }

    @Test
    @Tag("long")
    @Timeout(LONG_SECONDS_MAX)
    @DisplayName("500 ports that are closed under load")
    void shutdownsForLong(TestReporter reporter) throws Exception {
        shutdowns(LONG_SHUTDOWNS, reporter);
    }

    private void shutdowns(int rounds, TestReporter reporter) throws Exception {
        SplittableRandom random = new SplittableRandom(42);
        long delivered = 0;
        for (int round = 0; round < rounds; round++) {
            CompletionPort port = open(2);
            Tally tally = new Tally();
            CompletableFuture<Void> enough = new CompletableFuture<>();
            AtomicInteger left = new AtomicInteger(random.nextInt(1, 2_000));
            PortAcceptor listener = Awaited.listen(port);
            for (Pair pair : Pair.of(port, listener, 10)) {
                new Echo(tally, pair.server(), () -> { }).receive();
                new Echo(tally, pair.client(), () -> { }).send();
            }
            CompletableFuture<Void> poster = start(() -> {
                Semaphore few = new Semaphore(100);
                boolean open = true;
                while (open) {
                    few.acquire();
                    Step post = new Step(tally, context -> {
                        few.release();
                        if (left.decrementAndGet() == 0) {
                            enough.complete(null);
                        }
                    });
                    try {
                        tally.submit(post, () -> port.post(post));
                    } catch (IllegalStateException e) {
                        // the port is closed
                        open = false;
                    }
                }
            });
            await(enough);
            port.close();
            await(poster);
            tally.assertAllEnded(port, 2);
            delivered += port.counters().delivered();
        }
        reporter.publishEntry("completions", Long.toString(delivered));
    }

    @Test
    @DisplayName("closing the port under load ends every operation, and every worker leaves")
    void shutdownUnderLoad() throws Exception {
        int workers = 4;
        CompletionPort port = open(workers);
        PortAcceptor listener = Awaited.listen(port);
        List<Awaited> pending = new ArrayList<>();
        ByteBuffer much = ByteBuffer.allocateDirect(MUCH);
        for (int i = 0; i < 200; i++) {
            Pair pair = Pair.of(port, listener);
            pending.add(Awaited.receive(pair.server(), ByteBuffer.allocateDirect(10)));
            pending.add(Awaited.receive(pair.client(), ByteBuffer.allocateDirect(10)));
            pending.add(Awaited.send(pair.server(), much.duplicate()));
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

    // ---------------------------------------------------------------- bytes against closes

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
                CompletableFuture<Void> closer = start(() -> {
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
                await(closer);
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

    // ---------------------------------------------------------------- what an operation must survive

    @Test
    @DisplayName("buffers and records of pending operations survive garbage collections while only the system refers "
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

    /**
     * Runs a task in a thread of its own. Returns when that thread has ended, for the operating system too.
     *
     * @param task submits
     * @throws InterruptedException fails the test
     */
    protected void runInThread(Runnable task) throws InterruptedException {
        Thread.ofPlatform().name("test-initiator").start(task).join();
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
}
