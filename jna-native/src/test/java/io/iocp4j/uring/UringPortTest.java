package io.iocp4j.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.core.Awaited;
import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortContract;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortSocket;
import io.iocp4j.core.TcpOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("UringPort keeps the contract of a completion port")
class UringPortTest extends CompletionPortContract {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    /** More connections than either queue of a ring has entries: 1,024 and 4,096. */
    private static final int MANY = 4_500;

    @BeforeAll
    static void works() {
        assumeUring();
    }

    /** Skips the test, with the reason, where the kernel or a sandbox has no io_uring for us. */
    static void assumeUring() {
        Optional<String> missing = new UringProvider().obstacle();
        assumeTrue(missing.isEmpty(), missing::toString);
    }

    @Override
    protected CompletionPort open(int workers) throws IOException {
        return new UringProvider().open(PortOptions.defaults().workers(workers).engine("uring"));
    }

    private static PortSocket accept(PortAcceptor listener, Socket peer) throws Exception {
        Awaited accepted = Awaited.accept(listener);
        peer.connect(listener.local());
        accepted.ended(0);
        return accepted.accepted();
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    @DisplayName("a close behind SO_LINGER 0 is a reset that the peer sees, also with a receive pending")
    void reset() throws Exception {
        for (boolean pending : new boolean[] {false, true}) {
            try (CompletionPort port = open(1); Socket peer = new Socket()) {
                PortSocket socket = accept(port.listen(ANY, 1, CompletionKey.NONE), peer);
                Awaited received = pending ? Awaited.receive(socket, ByteBuffer.allocateDirect(1)) : null;
                socket.option(StandardSocketOptions.SO_LINGER, 0);
                socket.close();
                assertThrows(SocketException.class, () -> peer.getInputStream().read());
                if (pending) {
                    received.failed(IoError.OPERATION_ABORTED);
                }
            }
        }
    }

    @Test
    @DisplayName("a connection that its peer has reset before it was accepted has its address, and its receive fails")
    void resetBeforeAccept() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = port.listen(ANY, 1, CompletionKey.NONE);
            InetSocketAddress address;
            try (Socket peer = new Socket()) {
                peer.connect(listener.local());
                address = (InetSocketAddress) peer.getLocalSocketAddress();
                peer.setSoLinger(true, 0);
            }
            Awaited accepted = Awaited.accept(listener);
            accepted.ended(0);
            assertEquals(address, accepted.accepted().remote());
            Awaited.receive(accepted.accepted(), ByteBuffer.allocateDirect(1)).failed(IoError.CONNECTION_RESET);
        }
    }

    @Test
    @DisplayName("the address of a listener is free again when its close has returned")
    void rebind() throws Exception {
        try (CompletionPort port = open(2)) {
            PortAcceptor first = port.listen(ANY, 1, CompletionKey.NONE);
            for (int i = 0; i < 100; i++) {
                Awaited accept = Awaited.accept(first);
                first.close();
                accept.failed(IoError.OPERATION_ABORTED);
                first = port.listen(first.local(), 1, CompletionKey.NONE);
            }
        }
    }

    @Test
    @DisplayName("a receive into a read-only buffer fails, and the next one works")
    void readOnly() throws Exception {
        try (CompletionPort port = open(1); Socket peer = new Socket()) {
            PortSocket socket = accept(port.listen(ANY, 1, CompletionKey.NONE), peer);
            Awaited.receive(socket, ByteBuffer.allocateDirect(1).asReadOnlyBuffer()).failed(IoError.OTHER);
            Awaited next = Awaited.receive(socket, ByteBuffer.allocateDirect(1));
            peer.getOutputStream().write(1);
            next.ended(1);
        }
    }

    @Test
    @DisplayName("buffers on the heap are sent and received too, alone, gathered, and with direct ones")
    void heap() throws Exception {
        try (CompletionPort port = open(1); Socket peer = new Socket()) {
            PortSocket socket = accept(port.listen(ANY, 1, CompletionKey.NONE), peer);
            ByteBuffer direct = ByteBuffer.allocateDirect(2).put(bytes("ct")).flip();
            ByteBuffer[] some = {bytes("xxheap, "), bytes("dire"), direct};
            some[0].position(2);
            Awaited.send(socket, some).ended(12);
            for (ByteBuffer buffer : some) {
                assertEquals(0, buffer.remaining());
            }
            Awaited.send(socket, bytes("!")).ended(1);
            assertEquals("heap, direct!", new String(peer.getInputStream().readNBytes(13), StandardCharsets.US_ASCII));
            peer.getOutputStream().write(new byte[] {1, 2, 3});
            ByteBuffer in = ByteBuffer.allocate(8).position(2);
            int count = (int) Awaited.receive(socket, in).await().transferred();
            assertEquals(2 + count, in.position());
            assertEquals(1, in.get(2));
            assertEquals(0, port.counters().buffersUsed());
        }
    }

    @Test
    @DisplayName("one delivery starts more operations than the ring has entries, and more end inside it")
    void moreThanEntries() throws Exception {
        try (CompletionPort port = open(1); CompletionPort peers = open(1)) {
            List<PortSocket> sockets = new ArrayList<>();
            PortAcceptor listener = port.listen(ANY, 100, CompletionKey.NONE);
            for (int i = 0; i < MANY; i++) {
                Awaited accepted = Awaited.accept(listener);
                connect(peers, listener.local());
                sockets.add(accepted.await().accepted());
            }
            List<Awaited> started = new CopyOnWriteArrayList<>();
            CountDownLatch all = new CountDownLatch(1);
            port.execute(() -> {
                for (PortSocket socket : sockets) {
                    started.add(Awaited.receive(socket, ByteBuffer.allocateDirect(1)));
                    started.add(Awaited.send(socket, ByteBuffer.allocateDirect(1)));
                }
                sockets.forEach(PortSocket::close);
                all.countDown();
            });
            assertTrue(all.await(60, TimeUnit.SECONDS));
            for (int i = 0; i < started.size(); i += 2) {
                started.get(i).failed(IoError.OPERATION_ABORTED);
                started.get(i + 1).ended(1);
            }
        }
    }

    @Test
    @DisplayName("connections are dealt to the workers in turn")
    void dealt() throws Exception {
        try (CompletionPort port = open(2); Socket one = new Socket(); Socket other = new Socket()) {
            PortAcceptor listener = port.listen(ANY, 2, CompletionKey.NONE);
            Set<Thread> workers = ConcurrentHashMap.newKeySet();
            for (Socket peer : List.of(one, other)) {
                PortSocket socket = accept(listener, peer);
                CountDownLatch received = new CountDownLatch(1);
                socket.receive(ByteBuffer.allocateDirect(1), new IoContext() {
                    @Override
                    protected void onCompletion() {
                        workers.add(Thread.currentThread());
                        received.countDown();
                    }
                });
                peer.getOutputStream().write(1);
                assertTrue(received.await(60, TimeUnit.SECONDS));
            }
            assertEquals(2, workers.size());
        }
    }

    @Test
    @DisplayName("options are set, refused if the kernel refuses them, and NOT_SUPPORTED if they are unknown")
    void options() throws Exception {
        try (CompletionPort port = open(1)) {
            PortSocket socket = port.socket(CompletionKey.NONE);
            socket.option(StandardSocketOptions.TCP_NODELAY, true);
            socket.option(TcpOptions.USER_TIMEOUT, 1_000);
            assertEquals(IoError.INVALID_ARGUMENT, assertThrows(IoException.class,
                    () -> socket.option(StandardSocketOptions.SO_LINGER, 1)).error());
            assertEquals(IoError.NOT_SUPPORTED, assertThrows(IoException.class,
                    () -> socket.option(StandardSocketOptions.IP_MULTICAST_TTL, 1)).error());
        }
    }
}
