package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A port on selectors, where a selector fails or has no memory")
class SelectorFailureTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final OutOfMemoryError NO_MEMORY = new OutOfMemoryError("on purpose");

    /** A selector of the JDK that fails as often as a test says. */
    private static final class Failing extends AbstractSelector {
        private final Selector real;
        private final AtomicInteger selects = new AtomicInteger();
        private final AtomicInteger registersThatThrow = new AtomicInteger();
        /** Registrations that the real selector takes and is asked to watch nothing for. */
        private final AtomicInteger registersThatForget = new AtomicInteger();
        private final AtomicInteger selectsThatThrow = new AtomicInteger();
        private volatile IOException broken;

        Failing() throws IOException {
            this(Selector.open());
        }

        private Failing(Selector real) {
            super(real.provider());
            this.real = real;
        }

        @Override
        protected void implCloseSelector() throws IOException {
            real.close();
        }

        /** The channel takes the key of the real selector for one of this. */
        @Override
        protected SelectionKey register(AbstractSelectableChannel channel, int operations, Object attachment) {
            if (registersThatThrow.getAndDecrement() > 0) {
                throw NO_MEMORY;
            }
            try {
                return channel.register(real, registersThatForget.getAndDecrement() > 0 ? 0 : operations, attachment);
            } catch (ClosedChannelException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public int select(Consumer<SelectionKey> action) throws IOException {
            beforeSelect();
            return real.select(action);
        }

        @Override
        public int selectNow(Consumer<SelectionKey> action) throws IOException {
            beforeSelect();
            return real.selectNow(action);
        }

        private void beforeSelect() throws IOException {
            selects.incrementAndGet();
            if (broken != null) {
                throw broken;
            }
            if (selectsThatThrow.getAndDecrement() > 0) {
                throw NO_MEMORY;
            }
        }

        @Override
        public Selector wakeup() {
            real.wakeup();
            return this;
        }

        @Override
        public Set<SelectionKey> keys() {
            return real.keys();
        }

        @Override
        public Set<SelectionKey> selectedKeys() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int selectNow() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int select(long timeout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int select() {
            throw new UnsupportedOperationException();
        }
    }

    private final Logger quiet = Logger.getLogger("io.iocp4j.core");
    private final List<Failing> selectors = new ArrayList<>();
    private final List<AutoCloseable> toClose = new ArrayList<>();

    @BeforeEach
    void hush() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void closeAll() throws Exception {
        quiet.setLevel(null);
        for (AutoCloseable closeable : toClose.reversed()) {
            TcpFixture.await(TlsFixture.inBackground(closeable::close));
        }
        for (Failing selector : selectors) {
            assertFalse(selector.real.isOpen(), "a selector was left open");
        }
    }

    private <T extends AutoCloseable> T closeLater(T closeable) {
        toClose.add(closeable);
        return closeable;
    }

    private CompletionPort open(int workers) throws IOException {
        return closeLater(new SelectorPort(PortOptions.defaults().workers(workers).engine("selector"), () -> {
            Failing selector = new Failing();
            selectors.add(selector);
            return selector;
        }));
    }

    /** Connects a socket of the port to a peer, which it keeps open. */
    private PortSocket connect(CompletionPort port) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            PortSocket socket = port.socket(CompletionKey.NONE);
            Probe connected = new Probe();
            socket.connect((InetSocketAddress) listener.getLocalSocketAddress(), connected);
            peer = closeLater(listener.accept());
            assertNull(connected.await().error());
            return socket;
        }
    }

    private Socket peer;

    private static Probe receive(PortSocket socket) {
        Probe received = new Probe();
        socket.receive(ByteBuffer.allocateDirect(1), received);
        return received;
    }

    private static Probe send(PortSocket socket) {
        Probe sent = new Probe();
        socket.send(ByteBuffer.allocateDirect(1), sent);
        return sent;
    }

    // ---------------------------------------------------------------- no memory

    @Test
    @DisplayName("a connect that cannot be registered fails, and its socket closes as any other")
    void connectIsNotRegistered() throws Exception {
        CompletionPort port = open(1);
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            selectors.getFirst().registersThatThrow.set(1);
            PortSocket socket = port.socket(CompletionKey.NONE);
            Probe connected = new Probe();
            socket.connect((InetSocketAddress) listener.getLocalSocketAddress(), connected);
            assertEquals(IoError.NO_BUFFERS, connected.await().error());
            assertEquals(1, connected.completions());
            socket.close();
        }
    }

    @Test
    @DisplayName("an accept that cannot be registered fails, from another thread and from a delivery; the next one is")
    void acceptIsNotRegistered() throws Exception {
        CompletionPort port = open(1);
        PortAcceptor listener = port.listen(ANY, 5, CompletionKey.NONE);
        selectors.getFirst().registersThatThrow.set(2);
        Probe fromOutside = new Probe();
        listener.accept(fromOutside);
        assertEquals(IoError.NO_BUFFERS, fromOutside.await().error());
        Probe fromDelivery = new Probe();
        port.execute(() -> listener.accept(fromDelivery));
        assertEquals(IoError.NO_BUFFERS, fromDelivery.await().error());
        assertEquals(0, port.counters().handlerFailures());
        Probe accepted = new Probe();
        listener.accept(accepted);
        closeLater(new Socket(listener.local().getAddress(), listener.local().getPort()));
        assertNull(accepted.await().error());
        // the first receive of an accepted socket registers it
        selectors.getFirst().registersThatThrow.set(1);
        assertEquals(IoError.NO_BUFFERS, receive(accepted.accepted()).await().error());
    }

    @Test
    @DisplayName("a select that threw leaves no operation forgotten, although the selector has forgotten it")
    void selectForgets() throws Exception {
        CompletionPort port = open(1);
        PortAcceptor listener = port.listen(ANY, 5, CompletionKey.NONE);
        Failing selector = selectors.getFirst();
        selector.registersThatForget.set(1);
        selector.selectsThatThrow.set(3);
        Probe accepted = new Probe();
        listener.accept(accepted);
        closeLater(new Socket(listener.local().getAddress(), listener.local().getPort()));
        assertNull(accepted.await().error());
    }

    // ---------------------------------------------------------------- a selector that is broken

    @Test
    @DisplayName("a selector that fails for ever ends the port, with everything that is outstanding")
    void broken() throws Exception {
        CompletionPort port = open(2);
        List<PortSocket> sockets = new ArrayList<>();
        List<Probe> receives = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            sockets.add(connect(port));
            receives.add(receive(sockets.getLast()));
        }
        selectors.getFirst().broken = new IOException("on purpose");
        // the loop of the first socket is the first
        send(sockets.getFirst()).await();
        assertInstanceOf(IllegalStateException.class, TcpFixture.await(port.failure()));
        for (Probe receive : receives) {
            assertEquals(IoError.OPERATION_ABORTED, receive.await().error());
            assertEquals(1, receive.completions());
        }
        TcpFixture.await(TlsFixture.inBackground(port::close));
        assertEquals(0, port.outstanding());
        assertEquals(0, port.counters().handles());
    }

    @Test
    @DisplayName("what several threads submit and close while a loop ends has one completion each")
    void brokenUnderLoad() throws Exception {
        for (int round = 0; round < 20; round++) {
            CompletionPort port = open(2);
            List<PortSocket> sockets = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                sockets.add(connect(port));
            }
            // keeps the port from its end, so that submits are taken
            CountDownLatch goOn = new CountDownLatch(1);
            Probe holding = new Probe(null, () -> {
                try {
                    TcpFixture.await(goOn);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            port.post(holding);
            List<CompletableFuture<Void>> threads = new ArrayList<>();
            List<List<Probe>> submitted = new ArrayList<>();
            Failing failing = selectors.getLast();
            CountDownLatch go = new CountDownLatch(1);
            for (int t = 0; t < 4; t++) {
                List<PortSocket> mine = sockets.subList(10 * t, 10 * t + 10);
                List<Probe> probes = new ArrayList<>();
                submitted.add(probes);
                threads.add(TlsFixture.inBackground(() -> {
                    TcpFixture.await(go);
                    for (PortSocket socket : mine) {
                        probes.add(receive(socket));
                        probes.add(send(socket));
                        socket.close();
                    }
                }));
            }
            failing.broken = new IOException("on purpose");
            go.countDown();
            for (CompletableFuture<Void> thread : threads) {
                TcpFixture.await(thread);
            }
            goOn.countDown();
            holding.await();
            for (List<Probe> probes : submitted) {
                for (Probe probe : probes) {
                    probe.await();
                    assertEquals(1, probe.completions());
                }
            }
            TcpFixture.await(TlsFixture.inBackground(port::close));
            assertEquals(0, port.outstanding());
        }
    }

    @Test
    @DisplayName("selectors that cannot be opened leave none behind")
    void notOpened() {
        for (Throwable failure : List.of(new IOException("Too many open files"), NO_MEMORY)) {
            List<Selector> opened = new ArrayList<>();
            Throwable thrown = assertThrows(Throwable.class,
                    () -> new SelectorPort(PortOptions.defaults().workers(3).engine("selector"), () -> {
                        if (opened.size() == 2) {
                            switch (failure) {
                                case IOException e -> throw e;
                                case Error e -> throw e;
                                default -> throw new AssertionError(failure);
                            }
                        }
                        opened.add(Selector.open());
                        return opened.getLast();
                    }));
            assertTrue(thrown == NO_MEMORY || ((IoException) thrown).error() == IoError.NO_DESCRIPTORS);
            assertEquals(2, opened.size());
            opened.forEach(selector -> assertFalse(selector.isOpen()));
        }
    }

    // ---------------------------------------------------------------- how often it is asked

    @Test
    @DisplayName("a send of another thread costs the loop one turn")
    void turns() throws Exception {
        CompletionPort port = open(1);
        PortSocket socket = connect(port);
        Failing selector = selectors.getFirst();
        int count = 100;
        int before = selector.selects.get();
        for (int i = 0; i < count; i++) {
            assertNull(send(socket).await().error());
        }
        int turns = selector.selects.get() - before;
        assertTrue(turns <= count + count / 5, turns + " turns for " + count + " sends");
    }
}
