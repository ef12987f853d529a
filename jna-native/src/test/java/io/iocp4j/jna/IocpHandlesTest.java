package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortSocket;
import io.iocp4j.core.Shows;
import io.iocp4j.jna.Awaited.Pair;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Port, listener and connect, as Windows demands them and Wine does not check")
class IocpHandlesTest {
    private final FakeKernel kernel = new FakeKernel();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), kernel.leftovers());
    }

    private CompletionPort open(int workers) throws IoException {
        return new IocpPort(PortOptions.defaults().workers(workers), kernel, new IocpLimits(1000, 4, 1024));
    }

    /** That these calls were made in this order, others between them or not. */
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
    @DisplayName("a listener: both families, exclusive, then bind, listen, and AcceptEx before anybody asks for a connection")
    void listener() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            Awaited accepted = Awaited.accept(listener);
            inOrder("option 1b", "option fffffffb", "bind", "listen", "getsockname", "accept", "accept", "accept", "accept");
            Awaited.connect(port.socket(CompletionKey.NONE), listener.local()).ended(0);
            accepted.ended(0);
        }
    }

    @Test
    @DisplayName("an accepted socket: UPDATE_ACCEPT_CONTEXT comes before its addresses, which getpeername would refuse otherwise")
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
    @DisplayName("a handle that is closed is counted no more when anything of it ends")
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
        try (CompletionPort port = new IocpPort(PortOptions.defaults().workers(1), watched, new IocpLimits(1000, 4, 1024))) {
            opened[0] = port;
            PortAcceptor listener = Awaited.listen(port);
            PortSocket socket = port.socket(CompletionKey.NONE);
            socket.close();
            listener.close();
            assertEquals(List.of(1, 0), counted.subList(0, 2));
        }
    }

    @Test
    @DisplayName("a connect: ports may be shared, then bind, ConnectEx, UPDATE_CONNECT_CONTEXT, addresses")
    void connectContext() throws Exception {
        try (CompletionPort port = open(1)) {
            Pair.of(port).client().shutdownOutput();
            inOrder("option 1b", "option 3007", "bind", "connect", "option 7010", "getsockname", "getpeername", "shutdown");
        }
    }

    @Test
    @Shows("C12")
    @DisplayName("a connect from an address of ours: bound to it before ConnectEx, and to nothing else")
    void boundConnect() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            Awaited accepted = Awaited.accept(listener);
            PortSocket client = port.socket(CompletionKey.NONE);
            int before = kernel.calls().size();
            client.bind(new InetSocketAddress("127.0.0.1", 4711));
            Awaited.connect(client, listener.local()).ended(0);
            List<String> calls = kernel.calls().subList(before, kernel.calls().size());
            assertEquals(List.of("option 1b", "bind", "connect"),
                    calls.stream().filter(call -> Set.of("option 1b", "option 3007", "bind", "connect").contains(call)).toList());
            assertEquals(4711, client.local().getPort());
            accepted.ended(0);
        }
    }

    @Test
    @Shows("C11")
    @DisplayName("the peer's address has the name that was connected to, which the system does not know")
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
    @DisplayName("where SO_REUSE_UNICASTPORT is not known, SO_PORT_SCALABILITY is asked for, and neither is needed")
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
    @DisplayName("a burst of connections is taken before anybody asks, up to the limit, and the rest waits in the backlog")
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
    @DisplayName("a peer that gave up before it was accepted harms nothing: the accept goes on waiting for another")
    void acceptReset() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener = Awaited.listen(port);
            kernel.endNext("accept", FakeKernel.STATUS_CONNECTION_RESET);
            kernel.endNext("accept", 0xC0000241);
            for (int i = 0; i < 4; i++) {
                // what Wine says when the peer has reset; as often as there are accepts with the kernel
                kernel.endNext("accept", 0xC0000140);
            }
            Awaited accepted = Awaited.accept(listener);
            Awaited.connect(port.socket(CompletionKey.NONE), listener.local()).ended(0);
            accepted.ended(0);
        }
    }

    @Test
    @Shows({"C46", "Accept storms"})
    @DisplayName("Accept storms: no descriptor for the next socket: the accept says so, and a later one works")
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
    @DisplayName("a listener that is closed ends its accepts, also those that nobody asked for, and gives its address back at once")
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
    @DisplayName("names without an address are HOST_NOT_FOUND, for connect, bind and listen")
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
    @DisplayName("several null completions in one batch: the worker keeps one and posts the others again")
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
    @DisplayName("shutdown under load with full batches: every operation ends before any worker leaves")
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
    @DisplayName("a batch of operations: each is delivered, also behind one that throws")
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
    @DisplayName("a post that the system has no memory for is made again, and the context is not lost")
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
    @DisplayName("a wait that times out early goes on; the count, which is garbage then, is not looked at")
    void earlyTimeout() throws Exception {
        kernel.failNext("dequeue", WinApi.WAIT_TIMEOUT);
        try (CompletionPort port = open(1)) {
            Awaited post = new Awaited();
            port.post(post);
            post.ended(0);
        }
    }

    @Test
    @DisplayName("735: workers leave a port whose handle somebody else closed, instead of asking it for ever")
    void abandonedWait() throws Exception {
        FakeKernel closed = new FakeKernel();
        CompletionPort port = new IocpPort(PortOptions.defaults().workers(3), closed, IocpLimits.defaults());
        closed.closePorts();
        // the workers are not there to take their null completions; close() returns because they have left
        port.close();
        assertEquals(0, port.counters().nullCompletions());
        assertTrue(closed.leftovers().stream().allMatch(text -> text.contains("a closed port")), () -> "" + closed.leftovers());
    }
}
