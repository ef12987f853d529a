package io.iocp4j.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Awaited;
import io.iocp4j.core.Awaited.Pair;
import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A port on io_uring, where the kernel fails a ring or lacks memory or descriptors")
class UringFailureTest {
    private static final long DEADLINE_SECONDS = 60;
    private static final int EBADF = 9;
    private static final int EMFILE = 24;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private final Logger quiet = Logger.getLogger("io.iocp4j.core");
    private final FailingKernel kernel = new FailingKernel();
    private final List<AutoCloseable> toClose = new ArrayList<>();
    private Socket peer;

    @BeforeAll
    static void works() {
        UringPortTest.assumeUring();
    }

    @BeforeEach
    void hush() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void closeAll() throws Exception {
        quiet.setLevel(null);
        for (AutoCloseable closeable : toClose.reversed()) {
            await(inBackground(closeable::close));
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> inBackground(Step step) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                step.run();
                done.complete(null);
            } catch (Throwable thrown) {
                done.completeExceptionally(thrown);
            }
        });
        return done;
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    private <T extends AutoCloseable> T closeLater(T closeable) {
        toClose.add(closeable);
        return closeable;
    }

    private CompletionPort open(int workers) throws IoException {
        return closeLater(new UringPort(PortOptions.defaults().workers(workers).engine("uring"), kernel));
    }

    /** Connects a socket of the port to a peer, which stays open. */
    private PortSocket connect(CompletionPort port) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            PortSocket socket = port.socket(CompletionKey.NONE);
            Awaited connected = Awaited.connect(socket, (InetSocketAddress) listener.getLocalSocketAddress());
            peer = closeLater(listener.accept());
            connected.ended(0);
            return socket;
        }
    }

    private static Awaited receive(PortSocket socket) {
        return Awaited.receive(socket, ByteBuffer.allocateDirect(1));
    }

    private static Awaited send(PortSocket socket) {
        return Awaited.send(socket, ByteBuffer.allocateDirect(1));
    }

    /** The open sockets, rings and counters of this process, by descriptor. */
    private static Map<Path, String> descriptors() throws Exception {
        Map<Path, String> found = new TreeMap<>();
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            for (Path each : all.toList()) {
                String target = Files.readSymbolicLink(each).toString();
                if (target.startsWith("socket:") || target.startsWith("anon_inode:")) {
                    found.put(each, target);
                }
            }
        }
        return found;
    }

    // ---------------------------------------------------------------- a ring that is broken

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @DisplayName("a ring that fails for ever ends the port: each operation has one completion, the peers see an end")
    void broken(int workers) throws Exception {
        CompletionPort port = open(workers);
        List<PortSocket> sockets = new ArrayList<>();
        List<Socket> peers = new ArrayList<>();
        List<Awaited> pending = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            sockets.add(connect(port));
            peers.add(peer);
            // direct, and on the heap
            pending.add(Awaited.receive(sockets.getLast(),
                    i % 4 < 2 ? ByteBuffer.allocateDirect(1) : ByteBuffer.allocate(1)));
        }
        PortAcceptor listener = Awaited.listen(port);
        pending.add(Awaited.accept(listener));
        kernel.breakRing(0, EBADF);
        // the loop of the first socket has the first ring
        send(sockets.getFirst()).await();
        assertInstanceOf(IllegalStateException.class, await(port.failure()));
        for (Awaited each : pending) {
            each.failed(IoError.OPERATION_ABORTED);
        }
        await(inBackground(port::close));
        assertEquals(0, port.outstanding());
        assertEquals(0, port.counters().handles());
        assertEquals(0, port.counters().buffersUsed());
        for (Socket each : peers) {
            each.setSoTimeout((int) TimeUnit.SECONDS.toMillis(DEADLINE_SECONDS));
            assertTrue(each.getInputStream().readAllBytes().length <= 1);
        }
    }

    @Test
    @DisplayName("a broken ring ends its thread at once, not after many attempts")
    void endsAtOnce() throws Exception {
        CompletionPort port = open(1);
        PortSocket socket = connect(port);
        kernel.breakRing(0, EBADF);
        send(socket).await();
        await(port.failure());
        await(inBackground(port::close));
        assertEquals(0, port.counters().workersReplaced());
    }

    @Test
    @DisplayName("what several threads submit and close while a ring breaks has one completion each")
    void brokenUnderLoad() throws Exception {
        for (int round = 0; round < 20; round++) {
            CompletionPort port = open(2);
            List<PortSocket> sockets = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                sockets.add(connect(port));
            }
            // keeps the port from its end, so that submits are taken
            CountDownLatch goOn = new CountDownLatch(1);
            CountDownLatch held = new CountDownLatch(1);
            port.execute(() -> {
                try {
                    assertTrue(goOn.await(DEADLINE_SECONDS, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                } finally {
                    held.countDown();
                }
            });
            List<CompletableFuture<Void>> threads = new ArrayList<>();
            List<List<Awaited>> submitted = new ArrayList<>();
            CountDownLatch go = new CountDownLatch(1);
            for (int t = 0; t < 4; t++) {
                List<PortSocket> mine = sockets.subList(10 * t, 10 * t + 10);
                List<Awaited> contexts = new ArrayList<>();
                submitted.add(contexts);
                threads.add(inBackground(() -> {
                    assertTrue(go.await(DEADLINE_SECONDS, TimeUnit.SECONDS));
                    for (PortSocket socket : mine) {
                        contexts.add(receive(socket));
                        contexts.add(send(socket));
                        socket.close();
                    }
                }));
            }
            kernel.breakRing(kernel.rings() - 1, EBADF);
            go.countDown();
            for (CompletableFuture<Void> thread : threads) {
                await(thread);
            }
            goOn.countDown();
            assertTrue(held.await(DEADLINE_SECONDS, TimeUnit.SECONDS));
            for (List<Awaited> contexts : submitted) {
                for (Awaited context : contexts) {
                    context.await();
                }
            }
            await(inBackground(port::close));
            assertEquals(0, port.outstanding());
        }
    }

    @Test
    @DisplayName("a ring that the thread of its loop may not use ends the port too")
    void notEnabled() throws Exception {
        kernel.fail(Ring.REGISTER, LibC.EPERM, 0, 1);
        CompletionPort port = open(1);
        assertInstanceOf(IllegalStateException.class, await(port.failure()));
        await(inBackground(port::close));
        assertEquals(0, port.outstanding());
    }

    // ---------------------------------------------------------------- no memory, no descriptors

    @ParameterizedTest
    @ValueSource(ints = {LibC.EAGAIN, LibC.EBUSY, LibC.ENOMEM, LibC.EINTR})
    @DisplayName("a kernel that lacks memory for a while, or is interrupted, loses nothing")
    void shortage(int errno) throws Exception {
        CompletionPort port = open(1);
        PortSocket socket = connect(port);
        kernel.fail(Ring.ENTER, errno, 0, 20);
        Awaited received = receive(socket);
        send(socket).ended(1);
        peer.getOutputStream().write(1);
        received.ended(1);
    }

    @Test
    @DisplayName("an operation for which the kernel takes no entry fails with NO_BUFFERS, and the others go on")
    void noEntry() throws Exception {
        kernel.fail(Ring.SETUP, LibC.ENOMEM, 0, 4);
        CompletionPort port = open(1);
        assertEquals(List.of(1024L, 512L, 256L, 128L, 64L), kernel.asked());
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            pairs.add(Pair.of(port));
        }
        List<Awaited> receives = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(1);
        port.execute(() -> {
            kernel.fail(Ring.ENTER, LibC.EAGAIN, 0, 100);
            for (Pair pair : pairs) {
                receives.add(receive(pair.server()));
            }
            kernel.fail(Ring.ENTER, LibC.EAGAIN, 0, 0);
            all.countDown();
        });
        assertTrue(all.await(DEADLINE_SECONDS, TimeUnit.SECONDS));
        for (Pair pair : pairs) {
            send(pair.client()).ended(1);
        }
        int refused = 0;
        for (Awaited each : receives) {
            each.await();
            if (each.error() == null) {
                assertEquals(1, each.transferred());
            } else {
                assertEquals(IoError.NO_BUFFERS, each.error());
                refused++;
            }
        }
        // the read that wakes the loop is perhaps among the entries
        assertTrue(refused == 6 || refused == 7, refused + " were refused");
    }

    @ParameterizedTest
    @ValueSource(ints = {LibC.ENOMEM, EMFILE})
    @DisplayName("a port whose last ring the kernel refuses is not opened, and leaves no descriptor behind")
    void notOpened(int errno) throws Exception {
        Map<Path, String> before = descriptors();
        kernel.fail(Ring.SETUP, errno, 2, 100);
        IoException e = assertThrows(IoException.class, () -> open(3));
        assertEquals(errno == EMFILE ? IoError.NO_DESCRIPTORS : IoError.NO_BUFFERS, e.error());
        assertEquals(2, kernel.rings());
        assertEquals(before, descriptors());
    }

    @Test
    @DisplayName("a child process inherits no descriptor of the engine")
    void notInherited() throws Exception {
        Map<Path, String> before = descriptors();
        CompletionPort port = open(2);
        PortAcceptor listener = Awaited.listen(port);
        Pair pair = Pair.of(port, listener);
        Map<Path, String> found = descriptors();
        found.keySet().removeAll(before.keySet());
        for (Path each : found.keySet()) {
            assertTrue(Files.readString(Path.of("/proc/self/fdinfo", each.getFileName().toString())).lines()
                    .anyMatch(UringFailureTest::closesOnExec), found::toString);
        }
        // a ring and a counter for each worker, the listener, and both ends of the connection
        assertTrue(found.size() >= 7, found::toString);
        pair.client().close();
    }

    private static boolean closesOnExec(String line) {
        return line.startsWith("flags:") && (Integer.parseInt(line.substring(6).strip(), 8) & LibC.SOCK_CLOEXEC) != 0;
    }
}
