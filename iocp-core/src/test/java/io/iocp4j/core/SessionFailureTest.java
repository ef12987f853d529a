package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What the session of a connection throws")
class SessionFailureTest extends TcpFixture {
    private final Logger logger = Logger.getLogger("io.iocp4j.core");
    private final List<LogRecord> warnings = new CopyOnWriteArrayList<>();
    private final Handler keeping = new Handler() {
        @Override
        public void publish(LogRecord line) {
            if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
                warnings.add(line);
            }
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    };

    @BeforeEach
    void listen() {
        logger.addHandler(keeping);
        logger.setUseParentHandlers(false);
    }

    @AfterEach
    void stop() {
        logger.removeHandler(keeping);
        logger.setUseParentHandlers(true);
    }

    /** Connects a peer, which does something, and returns how the connection ended. */
    private CloseInfo end(TcpSession session, Peer peer) throws Exception {
        CompletableFuture<TcpConnection> begun = new CompletableFuture<>();
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        try (TcpServer server = TcpServer.listenBlocking(options, c -> {
            begun.complete(c);
            thread.complete(Thread.currentThread());
            session.run(c);
        })) {
            try (Socket socket = new Socket(LOOPBACK, server.address().getPort())) {
                peer.act(socket);
                CloseInfo info = awaitClosed(await(begun));
                // it may still have to log
                assertTrue(await(thread).join(Duration.ofSeconds(Recorder.DEADLINE_SECONDS)), "the session goes on");
                server.close(Duration.ofSeconds(Recorder.DEADLINE_SECONDS));
                return info;
            }
        }
    }

    private interface Peer {
        void act(Socket socket) throws Exception;
    }

    private static void resets(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private static void agreesAndResets(Socket socket) throws IOException {
        socket.getOutputStream().write('\n');
        assertEquals('\n', socket.getInputStream().read());
        resets(socket);
    }

    /** The other side of {@link #agreesAndResets}. */
    private static TcpConnection agreed(TcpConnection c) throws IOException {
        assertEquals("", c.readLine());
        c.write("\n");
        return c;
    }

    /** Takes one byte of many, so that the rest is certain to wait in the queue, and resets. */
    private static void readsOneAndResets(Socket socket) throws IOException {
        assertEquals(0, socket.getInputStream().read());
        resets(socket);
    }

    /** The other side of {@link #readsOneAndResets}: queues more than two kernels take. */
    private static TcpConnection toldTooMuch(TcpConnection c) {
        c.send(ByteBuffer.allocate(TcpOptions.defaults().maxSendQueue()));
        return c;
    }

    private static void isSilent(Socket socket) {
    }

    @Test
    @DisplayName("is logged if it is an IOException of the application's own, and ends the connection as any other "
            + "exception does")
    void ofTheApplication() throws Exception {
        FileNotFoundException thrown = new FileNotFoundException("on purpose");
        CloseInfo info = end(c -> {
            throw thrown;
        }, SessionFailureTest::isSilent);
        assertEquals(IoError.HANDLER_FAILED, info.error());
        assertSame(thrown, info.cause());
        assertEquals(List.of(thrown), warnings.stream().map(LogRecord::getThrown).toList());
    }

    @Test
    @DisplayName("is logged also if the connection has ended meanwhile, which is not what it tells of")
    void besideTheEnd() throws Exception {
        FileNotFoundException thrown = new FileNotFoundException("on purpose");
        end(c -> {
            c.abort();
            throw thrown;
        }, SessionFailureTest::isSilent);
        assertEquals(List.of(thrown), warnings.stream().map(LogRecord::getThrown).toList());
    }

    @Test
    @DisplayName("is logged if it tells of another connection")
    void ofAnother() throws Exception {
        try (ServerSocket elsewhere = new ServerSocket(0, 10, LOOPBACK)) {
            CloseInfo info = end(c -> {
                TcpConnection other =
                        TcpClient.connect(port, options, (InetSocketAddress) elsewhere.getLocalSocketAddress());
                resets(elsewhere.accept());
                other.readLine();
            }, SessionFailureTest::isSilent);
            assertEquals(IoError.HANDLER_FAILED, info.error());
            assertEquals(1, warnings.size());
            assertEquals(IoError.CONNECTION_RESET, IoError.of(warnings.getFirst().getThrown()));
        }
    }

    @Test
    @DisplayName("is not logged if it tells of the end of this connection, or was caused by it: a read, a write, a "
            + "time-out, a handshake")
    void ofTheConnection() throws Exception {
        assertEquals(IoError.CONNECTION_RESET, end(c -> c.readLine(), SessionFailureTest::resets).error());
        // it ends in order, or with EOF, whichever is told first
        end(c -> c.readFully(10), Socket::shutdownOutput);
        assertEquals(IoError.TIMED_OUT, end(c -> c.read(Duration.ofMillis(10)), SessionFailureTest::isSilent).error());
        assertEquals(IoError.Group.LOST, end(c -> {
            while (true) {
                c.write(ByteBuffer.allocate(MIB));
            }
        }, SessionFailureTest::resets).error().group());
        end(c -> {
            try {
                c.readLine();
            } catch (IOException e) {
                throw new UncheckedIOException(new IOException("the protocol broke off", e));
            }
        }, SessionFailureTest::resets);
        TcpOptions tls = options.tls(TestKeys.LOCALHOST.context());
        end(c -> agreed(c).acceptTls(tls), SessionFailureTest::agreesAndResets);
        end(c -> toldTooMuch(c).flushed().join(), SessionFailureTest::readsOneAndResets);
        end(c -> toldTooMuch(c).flushed().get(), SessionFailureTest::readsOneAndResets);
        assertTrue(warnings.isEmpty(), () -> warnings.getFirst().getThrown().toString());
    }

    @Test
    @DisplayName("is not logged of a callback either, where the connection has ended before the call that threw")
    void ofACallback() throws Exception {
        for (boolean ends : new boolean[] {true, false}) {
            Recorder recorder = new Recorder() {
                @Override
                public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                    if (ends) {
                        c.abort();
                    }
                    c.keepAlive(true);
                    throw new IOException("on purpose");
                }
            };
            Pair pair = accept(options, recorder);
            pair.peerSends("x");
            awaitClosed(pair.connection());
            assertEquals(ends ? 0 : 1, warnings.size());
        }
    }
}
