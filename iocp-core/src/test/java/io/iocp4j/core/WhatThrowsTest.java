package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Wherever code of an application runs, it may throw anything, and the logger that is told of it may throw as well. */
@DisplayName("Whatever throws, wherever")
class WhatThrowsTest {
    private static final String WORKERS = "iocp4j-worker";

    /** Where code of an application runs. */
    private enum Place {
        HANDLERS, OPEN, DATA, DRAIN, END, TIMEOUT, CLOSE, TASK, TIMER_OF_CONNECTION, FLUSHED, CLOSED, ADMITS, DROP,
                TIMER, COMPLETION,
        SESSION
    }

    private static final class Thrown implements Supplier<Throwable> {
        private final Class<? extends Throwable> type;

        Thrown(Class<? extends Throwable> type) {
            this.type = type;
        }

        @Override
        public Throwable get() {
            try {
                return type.getConstructor(String.class).newInstance("on purpose");
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public String toString() {
            return type.getSimpleName();
        }
    }

    static Stream<Arguments> cases() {
        return Stream.of(Place.values())
                .flatMap(place -> Stream.of(IllegalStateException.class, NoClassDefFoundError.class,
                OutOfMemoryError.class).flatMap(type -> Stream.of(false, true).map(logger ->
                Arguments.of(place, new Thrown(type), logger))));
    }

    private CompletionPort port;

    @BeforeEach
    void open() throws IOException {
        port = CompletionPort.open(PortOptions.defaults().workers(2));
    }

    @AfterEach
    void close() {
        port.close();
        assertEquals(0, port.buffers().usedBytes(), "bytes that were not given back to the pool");
    }

    /** Throws once, in one place. */
    private static final class Culprit extends Recorder {
        private final Place where;
        private final Supplier<Throwable> what;
        private final CountDownLatch thrown = new CountDownLatch(1);

        Culprit(Place where, Supplier<Throwable> what) {
            this.where = where;
            this.what = what;
        }

        void at(Place place) {
            if (place == where && thrown.getCount() > 0) {
                thrown.countDown();
                Culprit.<RuntimeException>sneak(what.get());
            }
        }

        @SuppressWarnings("unchecked")
        private static <T extends Throwable> void sneak(Throwable thrown) throws T {
            throw (T) thrown;
        }

        @Override
        public void onOpen(TcpConnection c) throws IOException {
            super.onOpen(c);
            at(Place.OPEN);
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) throws IOException {
            super.onData(c, data);
            switch (where) {
                case DRAIN -> {
                    c.waterMarks(0, 0);
                    c.send(ByteBuffer.allocate(1));
                }
                case TIMEOUT -> c.idleTimeout(Duration.ofMillis(1));
                case TASK -> c.execute(() -> at(Place.TASK));
                case TIMER_OF_CONNECTION -> c.schedule(Duration.ofMillis(1), () -> at(Place.TIMER_OF_CONNECTION));
                case FLUSHED -> {
                    c.send(ByteBuffer.allocate(1));
                    c.flushed().thenRun(() -> at(Place.FLUSHED));
                }
                case CLOSED -> {
                    c.closed().thenRun(() -> at(Place.CLOSED));
                    c.abort();
                }
                case CLOSE -> c.abort();
                default -> at(Place.DATA);
            }
        }

        @Override
        public void onDrain(TcpConnection c) throws IOException {
            super.onDrain(c);
            at(Place.DRAIN);
        }

        @Override
        public void onEnd(TcpConnection c) throws IOException {
            super.onEnd(c);
            at(Place.END);
        }

        @Override
        public void onTimeout(TcpConnection c) throws IOException {
            super.onTimeout(c);
            at(Place.TIMEOUT);
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            super.onClose(c, why);
            at(Place.CLOSE);
        }
    }

    /** Admits all but the first where one of its own methods is to throw. */
    private record Filter(Culprit culprit) implements ConnectionFilter {
        @Override
        public boolean admits(InetSocketAddress local, InetSocketAddress remote) {
            culprit.at(Place.ADMITS);
            return culprit.where != Place.DROP || culprit.thrown.getCount() == 0;
        }

        @Override
        public void onDrop(InetSocketAddress local, InetSocketAddress remote, DropReason why) {
            culprit.at(Place.DROP);
        }
    }

    private static final class Echo implements TcpHandler {
        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            c.send(data);
        }
    }

    @ParameterizedTest(name = "in {0}: {1}, a logger that throws: {2}")
    @MethodSource("cases")
    @DisplayName("no worker ends, the connection that it was about does and is told so, and the server accepts the "
            + "next")
    void anything(Place where, Supplier<Throwable> what, boolean loggerThrows) throws Exception {
        Set<Thread> workers = workers();
        Culprit culprit = new Culprit(where, what);
        try (ThrowingLog log = ThrowingLog.begin(loggerThrows ? 1 : Integer.MAX_VALUE)) {
            TcpOptions options = TcpOptions.defaults().loopback(0).filter(new Filter(culprit))
                    .lingerTimeout(Duration.ofMillis(200));
            TcpServer server = TcpServer.listen(port, options, connection -> {
                culprit.at(Place.HANDLERS);
                return culprit.thrown.getCount() == 0 ? new Echo() : culprit;
            });
            trigger(server, culprit);
            TcpFixture.await(culprit.thrown);
            echo(server.address());
            if (culprit.count("open") > 0) {
                TcpFixture.awaitClosed(culprit.awaitOpen());
                assertEquals(1, culprit.count("close"), "onClose once");
            }
            server.close(Duration.ofSeconds(1));
            assertEquals(2, port.counters().workers());
            assertEquals(workers, workers(), "the workers are those that there were");
            assertTrue(!loggerThrows || log.records() > 0 || where == Place.CLOSED || where == Place.FLUSHED,
                    "nothing was logged");
        }
    }

    private void trigger(TcpServer server, Culprit culprit) throws Exception {
        switch (culprit.where) {
            case TIMER -> {
                port.schedule(Duration.ZERO, () -> culprit.at(Place.TIMER));
                // the timer logs what a task has thrown before it runs the next one
                CompletableFuture<Void> next = new CompletableFuture<>();
                port.schedule(Duration.ZERO, () -> next.complete(null));
                TcpFixture.await(next);
            }
            case COMPLETION -> port.post(new IoContext(null) {
                @Override
                protected void onCompletion() {
                    culprit.at(Place.COMPLETION);
                }
            });
            case SESSION -> session(culprit);
            default -> {
                try (Socket peer = new Socket(server.address().getAddress(), server.address().getPort())) {
                    peer.setSoTimeout(20_000);
                    peer.getOutputStream().write(1);
                    if (culprit.where == Place.END) {
                        peer.shutdownOutput();
                    }
                    TcpFixture.await(culprit.thrown);
                }
            }
        }
    }

    /** On a virtual thread, of a server with a port of its own. */
    private static void session(Culprit culprit) throws Exception {
        TcpOptions options = TcpOptions.defaults().loopback(0);
        TcpServer server = TcpServer.listenBlocking(options, connection -> culprit.at(Place.SESSION));
        try (Socket peer = new Socket(server.address().getAddress(), server.address().getPort())) {
            peer.setSoTimeout(20_000);
            assertEquals(-1, peer.getInputStream().read());
        }
        server.close(Duration.ofSeconds(1));
    }

    private static void echo(InetSocketAddress address) throws IOException {
        try (Socket peer = new Socket(address.getAddress(), address.getPort())) {
            peer.setSoTimeout(20_000);
            peer.getOutputStream().write(7);
            assertEquals(7, peer.getInputStream().read(), "the next connection");
        }
    }

    private static Set<Thread> workers() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith(WORKERS))
                .collect(Collectors.toSet());
    }
}
