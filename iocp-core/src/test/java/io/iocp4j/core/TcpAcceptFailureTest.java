package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A server whose accept fails")
class TcpAcceptFailureTest extends TcpFixture {
    /** The port of the test, but its listeners fail as often as asked, and the waits of its timer are written down and not waited for. */
    static final class FailingPort extends ForwardingPort {
        private final IoError error;
        private final AtomicInteger failuresLeft;
        private final List<Duration> waits = new CopyOnWriteArrayList<>();

        FailingPort(CompletionPort port, IoError error, int failures) {
            super(port);
            this.error = error;
            this.failuresLeft = new AtomicInteger(failures);
        }

        @Override
        public PortListener listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
            PortListener real = port.listen(local, backlog, key);
            return new PortListener() {
                @Override
                public void accept(IoContext context) {
                    if (failuresLeft.getAndDecrement() > 0) {
                        context.submit(Operation.ACCEPT, null);
                        context.complete(0, null, error, null);
                        port.post(new Probe(null, context::finish) {
                            @Override
                            protected void onCompletion() {
                                super.onCompletion();
                                release();
                            }
                        });
                    } else {
                        real.accept(context);
                    }
                }

                @Override
                public InetSocketAddress local() {
                    return real.local();
                }

                @Override
                public void close() {
                    real.close();
                }
            };
        }

        @Override
        public Future<?> schedule(Duration delay, Runnable task) {
            waits.add(delay);
            return port.schedule(Duration.ZERO, task);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NO_DESCRIPTORS", "CONNECTION_ABORTED", "NO_BUFFERS", "OTHER"})
    @DisplayName("Accept storms, C46: lives on, waits longer each time up to a second, and then accepts again")
    void retries(IoError error) throws Exception {
        FailingPort failing = new FailingPort(port, error, 10);
        Recorder recorder = new Recorder();
        TcpServer server = closeLater(TcpServer.listen(failing, options, connection -> recorder));
        try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
            assertEquals(client.getLocalSocketAddress(), recorder.awaitOpen().remote());
            assertEquals(1, server.accepted());
        }
        recorder.awaitClose();
        assertEquals(List.of(10L, 20L, 40L, 80L, 160L, 320L, 640L, 1000L, 1000L, 1000L),
                failing.waits.stream().map(Duration::toMillis).toList());
        server.close();
        await(server.closed());
    }

    @Test
    @DisplayName("can be closed while it waits to accept again")
    void closeWhileFailing() throws Exception {
        FailingPort failing = new FailingPort(port, IoError.NO_DESCRIPTORS, Integer.MAX_VALUE);
        TcpServer server = TcpServer.listen(failing, options, connection -> new Recorder());
        server.close();
        await(server.closed());
        assertTrue(server.closed().isDone());
        assertEquals(0, server.connections());
    }
}
