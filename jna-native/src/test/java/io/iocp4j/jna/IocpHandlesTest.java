package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import io.iocp4j.core.Shows;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The port, acceptors and connects follow rules of Windows that Wine does not check")
class IocpHandlesTest {
    private final FakeKernel kernel = new FakeKernel();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), kernel.leftovers());
    }

    private CompletionPort open(int workers) throws IoException {
        return new IocpPort(PortOptions.defaults().workers(workers), kernel, new IocpLimits(1000, 4, 1024));
    }

    /** Asserts that these calls were made in this order, possibly with others between them. */
    private void inOrder(String... names) {
        int at = 0;
        for (String call : kernel.calls()) {
            if (at < names.length && call.equals(names[at])) {
                at++;
            }
        }
        assertEquals(names.length, at, () -> "not in order " + List.of(names) + ": " + kernel.calls());
    }

    @Test
    @DisplayName("an acceptor allows both families, takes its address exclusively, and starts accepts before anybody "
            + "asks for a connection")
    void listener() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            Awaited accepted = Awaited.accept(listener);
            inOrder("option 1b", "option fffffffb", "bind", "listen", "getsockname",
                    "accept", "accept", "accept", "accept");
            Awaited.connect(port.socket(CompletionKey.NONE), listener.local()).ended(0);
            accepted.ended(0);
        }
    }

    @Test
    @DisplayName("an accepted socket sets UPDATE_ACCEPT_CONTEXT before it asks for its addresses, which getpeername "
            + "would refuse otherwise")
    void acceptContext() throws Exception {
        try (CompletionPort port = open(1)) {
            Pair pair = Pair.of(port);
            inOrder("accept", "option 700b", "getsockname", "getpeername");
            assertEquals(pair.client().local(), pair.server().remote());
            assertEquals(pair.client().remote(), pair.server().local());
            pair.server().shutdownOutput();
        }
    }

    @Test
    @DisplayName("a closed handle is no longer counted when any of its operations ends")
    void countedNoMore() throws Exception {
        List<Integer> counted = new ArrayList<>();
        CompletionPort[] opened = new CompletionPort[1];
        FakeKernel watched = new FakeKernel() {
            @Override
            public synchronized int closeSocket(long handle) {
                counted.add(opened[0].counters().handles());
                return super.closeSocket(handle);
            }
        };
        IocpLimits limits = new IocpLimits(1000, 4, 1024);
        try (CompletionPort port = new IocpPort(PortOptions.defaults().workers(1), watched, limits)) {
            opened[0] = port;
            PortAcceptor listener = Awaited.listen(port);
            PortSocket socket = port.socket(CompletionKey.NONE);
            socket.close();
            listener.close();
            assertEquals(List.of(1, 0), counted.subList(0, 2));
        }
    }

    @Test
    @DisplayName("a connect allows shared ports, then calls bind and ConnectEx, sets UPDATE_CONNECT_CONTEXT, and "
            + "asks for the addresses")
    void connectContext() throws Exception {
        try (CompletionPort port = open(1)) {
            Pair.of(port).client().shutdownOutput();
            inOrder("option 1b", "option 3007", "bind", "connect", "option 7010", "getsockname", "getpeername",
                    "shutdown");
        }
    }

    @Test
    @Shows("C12")
    @DisplayName("a connect from a chosen local address binds to it before ConnectEx, and to nothing else")
    void boundConnect() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            Awaited accepted = Awaited.accept(listener);
            PortSocket client = port.socket(CompletionKey.NONE);
            int before = kernel.calls().size();
            client.bind(new InetSocketAddress("127.0.0.1", 4711));
            Awaited.connect(client, listener.local()).ended(0);
            List<String> calls = kernel.calls().subList(before, kernel.calls().size());
            Set<String> ofInterest = Set.of("option 1b", "option 3007", "bind", "connect");
            assertEquals(List.of("option 1b", "bind", "connect"), calls.stream().filter(ofInterest::contains).toList());
            assertEquals(4711, client.local().getPort());
            accepted.ended(0);
        }
    }

    @Test
    @Shows("C11")
    @DisplayName("the peer's address has the host name that was connected to, which the system does not know")
    void name() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            Awaited accepted = Awaited.accept(listener);
            PortSocket client = port.socket(CompletionKey.NONE);
            InetAddress named = InetAddress.getByAddress("name.test", InetAddress.getLoopbackAddress().getAddress());
            Awaited.connect(client, new InetSocketAddress(named, listener.local().getPort())).ended(0);
            assertEquals("name.test", client.remote().getHostString());
            accepted.ended(0);
        }
    }

    @Test
    @DisplayName("where SO_REUSE_UNICASTPORT is not known, SO_PORT_SCALABILITY is tried, and a connect works without "
            + "either")
    void olderSystems() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            Awaited accepted = Awaited.accept(listener);
            PortSocket client = port.socket(CompletionKey.NONE);
            kernel.failNext("option", 0);
            kernel.failNext("option", 10042);
            kernel.failNext("option", 10042);
            Awaited.connect(client, listener.local()).ended(0);
            inOrder("option 3007", "option 3006", "bind", "connect");
            accepted.ended(0);
        }
    }

    @Test
    @DisplayName("a burst of connections is accepted before anybody asks, up to the limit, and the rest waits in the "
            + "backlog")
    void burst() throws Exception {
        try (CompletionPort port = open(2)) {
            PortAcceptor listener = Awaited.listen(port);
            Pair.of(port, listener);
            List<Awaited> connects = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                connects.add(Awaited.connect(port.socket(CompletionKey.NONE), listener.local()));
            }
            for (Awaited connect : connects) {
                connect.ended(0);
            }
            for (int i = 0; i < 10; i++) {
                Awaited.accept(listener).ended(0);
            }
            assertEquals(5 + 10, kernel.calls().stream().filter("accept"::equals).count());
        }
    }

    @Test
    @DisplayName("a peer that gave up before it was accepted harms nothing: the accept waits for the next peer")
    void acceptReset() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            kernel.endNext("accept", FakeKernel.STATUS_CONNECTION_RESET);
            kernel.endNext("accept", 0xC0000241);
            for (int i = 0; i < 4; i++) {
                // the status that Wine gives after a reset, once for each pending accept
                kernel.endNext("accept", 0xC0000140);
            }
            Awaited accepted = Awaited.accept(listener);
            Awaited.connect(port.socket(CompletionKey.NONE), listener.local()).ended(0);
            accepted.ended(0);
        }
    }

    @Test
    @Shows({"C46", "Accept storms"})
    @DisplayName("an accept fails when there is no descriptor for the next socket, and a later one works")
    void acceptWithoutDescriptors() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            kernel.failNext("socket", 10024);
            Awaited.accept(listener).failed(IoError.NO_DESCRIPTORS);
            Awaited accepted = Awaited.accept(listener);
            Awaited.connect(port.socket(CompletionKey.NONE), listener.local()).ended(0);
            accepted.ended(0);
            kernel.failNext("socket", 10024);
            assertEquals(IoError.NO_DESCRIPTORS,
                    assertThrows(IoException.class, () -> port.socket(CompletionKey.NONE)).error());
        }
    }

    @Test
    @Shows("C43")
    @DisplayName("a closed acceptor ends all its accepts, also those that nobody asked for, and gives its address "
            + "back at once")
    void closeListener() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            Awaited accepted = Awaited.accept(listener);
            listener.close();
            accepted.failed(IoError.OPERATION_ABORTED);
            Awaited.accept(listener).failed(IoError.BAD_DESCRIPTOR);
            Awaited.connect(port.socket(CompletionKey.NONE), listener.local()).failed(IoError.CONNECTION_REFUSED);
            // at once, although the packets of its accepts may still come
            assertEquals(listener.local(), port.listen(listener.local(), 1, CompletionKey.NONE).local());
        }
    }

    @Test
    @DisplayName("a name without an address is HOST_NOT_FOUND in connect, bind and listen")
    void unresolved() throws Exception {
        InetSocketAddress nowhere = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
        try (CompletionPort port = open(1)) {
            Awaited.connect(port.socket(CompletionKey.NONE), nowhere).failed(IoError.HOST_NOT_FOUND);
            PortSocket socket = port.socket(CompletionKey.NONE);
            assertEquals(IoError.HOST_NOT_FOUND, assertThrows(IoException.class, () -> socket.bind(nowhere)).error());
            IoException e = assertThrows(IoException.class, () -> port.listen(nowhere, 1, CompletionKey.NONE));
            assertEquals(IoError.HOST_NOT_FOUND, e.error());
        }
    }

    @Test
    @Shows("B2")
    @DisplayName("a worker that dequeues several null completions in one batch keeps one and posts the others again")
    void nullsInOneBatch() throws Exception {
        int workers = 4;
        CompletionPort port = open(workers);
        kernel.holdUntil(workers);
        port.close();
        assertEquals(workers, port.counters().nullCompletions());
        assertEquals(workers, kernel.largestBatch());
    }

    @Test
    @Shows("B3")
    @DisplayName("in a shutdown under load with full batches, every operation ends before any worker leaves")
    void shutdownInBatches() throws Exception {
        int workers = 4;
        CompletionPort port = open(workers);
        PortAcceptor listener = Awaited.listen(port);
        List<Awaited> receives = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Pair pair = Pair.of(port, listener);
            receives.add(Awaited.receive(pair.server(), ByteBuffer.allocateDirect(1)));
            receives.add(Awaited.receive(pair.client(), ByteBuffer.allocateDirect(1)));
        }
        kernel.holdUntil(100);
        port.close();
        for (Awaited receive : receives) {
            assertTrue(receive.isDone());
            receive.await();
        }
        assertEquals(IocpPort.BATCH, kernel.largestBatch());
        assertEquals(workers, port.counters().nullCompletions());
        assertEquals(0, port.outstanding());
    }

    @Test
    @DisplayName("each packet of a full batch is delivered")
    void batch() throws Exception {
        try (CompletionPort port = open(1)) {
            List<Awaited> posts = new ArrayList<>();
            kernel.holdUntil(3 * IocpPort.BATCH);
            for (int i = 0; i < 3 * IocpPort.BATCH; i++) {
                Awaited post = new Awaited();
                port.post(post);
                posts.add(post);
            }
            for (Awaited post : posts) {
                post.ended(0);
            }
            assertEquals(IocpPort.BATCH, kernel.largestBatch());
        }
    }

    @Test
    @DisplayName("a post that the system has no memory for is tried again, and the context is not lost")
    void postFails() throws Exception {
        try (CompletionPort port = open(1)) {
            kernel.failNext("post", 1450);
            kernel.failNext("post", 1450);
            Awaited post = new Awaited();
            port.post(post);
            post.ended(0);
        }
    }

    @Test
    @DisplayName("a wait that times out early goes on, and ignores the count, which is garbage then")
    void earlyTimeout() throws Exception {
        kernel.failNext("dequeue", WinApi.WAIT_TIMEOUT);
        try (CompletionPort port = open(1)) {
            Awaited post = new Awaited();
            port.post(post);
            post.ended(0);
        }
    }

    @Test
    @DisplayName("workers leave a port whose handle was closed under them (735), instead of waiting for ever")
    void abandonedWait() throws Exception {
        FakeKernel closed = new FakeKernel();
        CompletionPort port = new IocpPort(PortOptions.defaults().workers(3), closed, IocpLimits.defaults());
        closed.closePorts();
        // no worker is left to take a null completion; close() returns because all workers have left
        port.close();
        assertEquals(0, port.counters().nullCompletions());
        assertTrue(closed.leftovers().stream().allMatch(text -> text.contains("a closed port")),
                () -> "" + closed.leftovers());
    }
}
