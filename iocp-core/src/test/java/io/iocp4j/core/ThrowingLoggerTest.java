package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A logger that throws")
class ThrowingLoggerTest {
    private final Logger logger = Logger.getLogger("io.iocp4j.core");
    private final AtomicInteger thrown = new AtomicInteger();
    private final Handler throwing = new Handler() {
        @Override
        public void publish(LogRecord line) {
            thrown.incrementAndGet();
            throw new NoClassDefFoundError("on purpose");
        }

        @Override
        public void flush() {
            // keeps nothing
        }

        @Override
        public void close() {
            // keeps nothing
        }
    };

    @BeforeEach
    void begin() {
        logger.addHandler(throwing);
    }

    @AfterEach
    void end() {
        logger.removeHandler(throwing);
        assertTrue(thrown.get() > 0, "nothing was logged");
        assertTrue(GuardedLog.lost() > 0);
    }

    @Test
    @DisplayName("ends no worker: the next completion comes on the same one")
    void worker() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1))) {
            Probe first = new Probe(null, () -> {
                throw new IllegalStateException("on purpose");
            });
            port.post(first);
            Probe second = new Probe();
            port.post(second);
            assertSame(first.await().thread(), second.await().thread());
            assertEquals(1, port.counters().handlerFailures());
            assertEquals(1, port.counters().workers());
        }
    }

    @Test
    @DisplayName("nor does a context whose text cannot be made")
    void text() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1))) {
            Probe first = new Probe(null, () -> {
                throw new IllegalStateException("on purpose");
            }) {
                @Override
                public String toString() {
                    thrown.incrementAndGet();
                    throw new IllegalStateException("no text on purpose");
                }
            };
            port.post(first);
            Probe second = new Probe();
            port.post(second);
            assertSame(first.await().thread(), second.await().thread());
        }
    }

    @Test
    @DisplayName("ends no timer")
    void timer() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1))) {
            CompletableFuture<Thread> first = new CompletableFuture<>();
            CompletableFuture<Thread> second = new CompletableFuture<>();
            port.schedule(Duration.ZERO, () -> {
                first.complete(Thread.currentThread());
                throw new IllegalStateException("on purpose");
            });
            Thread thread = TcpFixture.await(first);
            port.schedule(Duration.ZERO, () -> second.complete(Thread.currentThread()));
            assertSame(thread, TcpFixture.await(second));
        }
    }

    @Test
    @DisplayName("skips nothing where a callback threw: the connection ends, and onClose is told")
    void callback() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1));
                TcpServer server = TcpServer.listen(port, TcpOptions.defaults().loopback(0),
                        connection -> new Recorder())) {
            Recorder failing = new Recorder() {
                @Override
                public void onOpen(TcpConnection c) {
                    throw new IllegalStateException("on purpose");
                }
            };
            TcpConnection connection = TcpClient.connect(port, TcpOptions.defaults(), server.address(), failing);
            assertEquals(IoError.HANDLER_FAILED, TcpFixture.awaitClosed(connection).error());
            failing.awaitClose();
        }
    }

    @Test
    @DisplayName("skips nothing where an accept failed: the filter is told, and the server accepts again")
    void accept() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        TcpOptions options = TcpOptions.defaults().loopback(0).filter(new ConnectionFilter() {
            @Override
            public void onAcceptFailed(IoException failure) {
                told.countDown();
            }
        });
        Recorder recorder = new Recorder();
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1));
                TcpServer server = TcpServer.listen(
                        new TcpAcceptFailureTest.FailingPort(port, IoError.NO_DESCRIPTORS, 1), options,
                        connection -> recorder);
                Socket client = new Socket(TcpFixture.LOOPBACK, server.address().getPort())) {
            TcpFixture.await(told);
            assertEquals(client.getLocalSocketAddress(), recorder.awaitOpen().remote());
        }
        recorder.awaitClose();
    }
}
