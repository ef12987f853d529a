package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The port that clients without one share")
class SharedPortTest extends TcpFixture {
    private static final int CLIENTS = 300;
    private static final int RACERS = 8;
    private static final int ROUNDS = 60;

    /** Of this process: those of clients, and all of ours. */
    private static long threads(String prefix) {
        // each look-up of a name has a thread, for as long as it takes
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                .filter(name -> name.startsWith(prefix) && !name.startsWith("iocp4j-lookup")).count();
    }

    private TcpServer echo() throws IOException {
        return TcpServer.listen(port, options, connection -> new TcpHandler() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) {
                c.send(data);
            }
        });
    }

    private static TcpConnection connect(TcpServer server) throws IOException {
        return TcpClient.connect("localhost", server.address().getPort());
    }

    @Test
    @DisplayName("many clients have no thread each, and its threads do not keep the process running")
    void threads() throws Exception {
        try (TcpServer server = echo()) {
            List<TcpConnection> clients = new ArrayList<>();
            clients.add(connect(server));
            clients.getFirst().write("x");
            assertEquals(1, clients.getFirst().read().remaining());
            long ofOne = threads("iocp4j");
            for (int i = 1; i < CLIENTS; i++) {
                clients.add(connect(server));
                assertSame(clients.getFirst().completionPort(), clients.get(i).completionPort());
            }
            assertTrue(threads("iocp4j") <= ofOne + 1,
                    () -> threads("iocp4j") + " threads, " + ofOne + " with one client");
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("iocp4j-client"))
                    .allMatch(Thread::isDaemon));
            clients.forEach(TcpConnection::close);
            for (TcpConnection client : clients) {
                awaitClosed(client);
            }
        }
    }

    @Test
    @DisplayName("ends with its last client, while the next ones open another: nobody meets a port that closes")
    void races() throws Exception {
        try (TcpServer server = echo()) {
            List<CompletableFuture<Void>> racers = new ArrayList<>();
            for (int i = 0; i < RACERS; i++) {
                racers.add(TlsFixture.inBackground(() -> {
                    for (int round = 0; round < ROUNDS; round++) {
                        TcpConnection client = connect(server);
                        client.write("x");
                        assertEquals(1, client.read().remaining());
                        client.abort();
                        awaitClosed(client);
                    }
                }));
            }
            for (CompletableFuture<Void> racer : racers) {
                await(racer);
            }
        }
        // that none of its threads is left is what the check for leaks demands
    }

    @Test
    @DisplayName("closed by an application, it is closed for those that have it, not for those to come")
    void closedByApplication() throws Exception {
        try (TcpServer server = echo()) {
            TcpConnection first = connect(server);
            TcpConnection second = connect(server);
            first.completionPort().close();
            awaitClosed(second);
            try (TcpConnection third = connect(server)) {
                assertNotSame(first.completionPort(), third.completionPort());
                third.write("x");
                assertEquals(1, third.read().remaining());
            }
        }
    }

    @Test
    @DisplayName("a callback of one client must not wait for another: the call says so")
    void callback() throws Exception {
        try (TcpServer server = echo(); SharedPort use = SharedPort.use()) {
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            Recorder recorder = new Recorder() {
                @Override
                public void onOpen(TcpConnection c) throws IOException {
                    thrown.complete(TlsFixture.failureOf(() -> connect(server)));
                    super.onOpen(c);
                }
            };
            TcpConnection client = TcpClient.connect(use.completionPort(), options, server.address(), recorder);
            assertInstanceOf(IllegalStateException.class, await(thrown));
            client.abort();
            awaitClosed(client);
        }
    }

    @Test
    @DisplayName("a connect that fails gives it back")
    void failure() throws Exception {
        CompletionPort before;
        TcpServer server = echo();
        server.close();
        try (SharedPort use = SharedPort.use()) {
            before = use.completionPort();
            assertInstanceOf(IoException.class, TlsFixture.failureOf(() -> connect(server)));
        }
        // the connection that failed is freed a moment after the call has thrown
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("iocp4j-client")) {
                assertTrue(thread.join(Duration.ofSeconds(Recorder.DEADLINE_SECONDS)), () -> thread + " goes on");
            }
        }
        try (SharedPort use = SharedPort.use()) {
            assertNotSame(before, use.completionPort());
        }
    }
}
