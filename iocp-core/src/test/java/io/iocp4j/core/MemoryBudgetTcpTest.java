package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Connections on the simulated port, whose memory is small. */
@DisplayName("Connections and the memory budget")
class MemoryBudgetTcpTest {
    private static final long HORIZON = Duration.ofSeconds(2).toNanos();
    private static final int STEPS_MAX = 2_000_000;
    private static final int SEEDS = 50;

    private final List<ServerEnd> ends = new ArrayList<>();
    private Simulation world;
    private SimulatedPort serverPort;
    private SimulatedPort clientPort;
    private TcpServer server;

    /** The simulation has one memory for all its ports, so the clients, which keep nothing, are counted too. */
    private void begin(long seed, Faults faults, long maxHeap, long maxDirect) throws IOException {
        ends.clear();
        world = new Simulation(seed, faults, new BufferPool(0, maxHeap, maxDirect));
        serverPort = new SimulatedPort(world, "servers", 1);
        clientPort = new SimulatedPort(world, "clients", 1);
        server = TcpServer.listen(serverPort, TcpOptions.defaults().loopback(0), connection -> {
            ServerEnd end = new ServerEnd(connection);
            ends.add(end);
            return end;
        });
    }

    private final class ServerEnd implements TcpHandler {
        final TcpConnection connection;
        private boolean open;
        private long received;
        private int tight;
        private String lastWords;
        private CloseInfo closed;

        ServerEnd(TcpConnection connection) {
            this.connection = connection;
        }

        @Override
        public void onOpen(TcpConnection c) {
            open = true;
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            received += data.remaining();
        }

        @Override
        public void onMemoryTight(TcpConnection c) {
            tight++;
        }

        @Override
        public void onMemoryScarce(TcpConnection c, String reason) {
            lastWords = reason;
            c.send(ByteBuffer.wrap(new byte[] {'b', 'y', 'e'}));
            c.close();
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            closed = why;
        }
    }

    private static final class ClientEnd implements TcpHandler {
        private final boolean reads;
        private TcpConnection connection;
        private long received;
        private CloseInfo closed;

        ClientEnd(boolean reads) {
            this.reads = reads;
        }

        @Override
        public void onOpen(TcpConnection c) {
            if (!reads) {
                c.pause();
            }
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            received += data.remaining();
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            closed = why;
        }
    }

    private ClientEnd connect(boolean reads) throws IOException {
        ClientEnd client = new ClientEnd(reads);
        client.connection = TcpClient.connect(clientPort, TcpOptions.defaults(), server.address(), client);
        run();
        return client;
    }

    private void run() {
        world.run(world.nanos() + HORIZON, STEPS_MAX);
        assertEquals(List.of(), world.failures());
    }

    private void end() {
        serverPort.close();
        clientPort.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        assertEquals(List.of(), world.failures());
        assertEquals(0, serverPort.memory().used(Kind.HEAP), "charged on the heap at the end");
        assertEquals(0, serverPort.memory().used(Kind.DIRECT), "direct memory at the end");
    }

    @Test
    @DisplayName("who does not read what is queued for it is ended, and nobody else notices")
    void doesNotRead() throws IOException {
        begin(1, Faults.none(), 1 << 20, 1 << 20);
        List<ClientEnd> readers = List.of(connect(true), connect(true), connect(true));
        ClientEnd greedy = connect(false);
        for (int round = 0; round < 20; round++) {
            for (ServerEnd end : ends) {
                end.connection.send(ByteBuffer.allocate(100_000));
            }
            run();
        }
        for (ClientEnd reader : readers) {
            assertEquals(2_000_000, reader.received);
            assertEquals(null, reader.closed);
        }
        CloseInfo why = ends.get(3).closed;
        assertEquals(IoError.NO_BUFFERS, why.error());
        assertTrue(why.cause().getMessage().contains("direct memory"), why.cause().getMessage());
        run();
        assertFalse(greedy.closed == null && greedy.connection.state() == TcpConnection.State.OPEN && !serverEnded(3));
        end();
    }

    private boolean serverEnded(int index) {
        return ends.get(index).connection.state() == TcpConnection.State.CLOSED;
    }

    @Test
    @DisplayName("a send by the handler of one connection to another that holds too much ends the other")
    void sendFromElsewhere() throws IOException {
        begin(1, Faults.none(), 1 << 20, 1 << 20);
        connect(true);
        connect(false);
        ServerEnd sender = ends.get(0);
        TcpConnection greedy = ends.get(1).connection;
        sender.connection.execute(() -> {
            while (greedy.state() == TcpConnection.State.OPEN) {
                greedy.send(ByteBuffer.allocate(50_000));
            }
        });
        run();
        assertEquals(IoError.NO_BUFFERS, ends.get(1).closed.error());
        assertEquals(null, sender.closed);
        end();
    }

    @Test
    @DisplayName("a layer that charged most says its last words, which arrive")
    void lastWords() throws IOException {
        begin(1, Faults.none(), 100_000, 1 << 20);
        ClientEnd client = connect(true);
        ClientEnd other = connect(true);
        assertTrue(ends.get(0).connection.memory().charge(Kind.HEAP, 76_000));
        assertEquals(2, ends.size());
        run();
        assertTrue(ends.get(0).lastWords.contains("the heap"), ends.get(0).lastWords);
        assertEquals(3, client.received);
        assertEquals(null, other.closed);
        assertEquals(1, ends.get(1).tight);
        end();
    }

    @Test
    @DisplayName("a newcomer is not read from while memory is tight, and is then")
    void newcomerWaits() throws IOException {
        begin(1, Faults.none(), 1 << 20, 1 << 20);
        connect(true);
        // nobody's, so nobody can end for it
        List<PooledBuffer> ofTheApplication =
                List.of(serverPort.buffers().acquire(512 << 10), serverPort.buffers().acquire(256 << 10),
                serverPort.buffers().acquire(32 << 10));
        ClientEnd newcomer = connect(true);
        newcomer.connection.send(ByteBuffer.wrap(new byte[10]));
        run();
        ServerEnd end = ends.get(1);
        assertTrue(end.open);
        assertEquals(0, end.received);
        ofTheApplication.forEach(PooledBuffer::release);
        run();
        assertEquals(10, end.received);
        end();
    }

    @Test
    @DisplayName("a newcomer waits for memory that does not come until its limit, and then ends")
    void newcomerWaitsTooLong() throws IOException {
        begin(1, Faults.none(), 1 << 20, 1 << 20);
        List<PooledBuffer> ofTheApplication = takeAllBut((3 << 19) - (900 << 10));
        ClientEnd newcomer = new ClientEnd(true);
        newcomer.connection = TcpClient.connect(clientPort, TcpOptions.defaults(), server.address(), newcomer);
        long limit = world.nanos() + MemoryBudget.NEWCOMER_WAIT_MAX.toNanos();
        world.run(limit, STEPS_MAX);
        ServerEnd end = ends.get(0);
        assertTrue(end.open);
        assertNull(end.closed);
        world.run(limit + Duration.ofSeconds(1).toNanos(), STEPS_MAX);
        assertEquals(IoError.NO_BUFFERS, end.closed.error());
        assertEquals("no memory for a new connection within 10 s", end.closed.cause().getMessage());
        ofTheApplication.forEach(PooledBuffer::release);
        end();
    }

    @Test
    @DisplayName("a newcomer is let in for one that holds more than its share")
    void newcomerIsLetIn() throws IOException {
        begin(1, Faults.none(), 100_000, 1 << 20);
        connect(true);
        ends.get(0).connection.memory().charge(Kind.HEAP, 70_000);
        ClientEnd newcomer = connect(true);
        newcomer.connection.send(ByteBuffer.wrap(new byte[10]));
        run();
        assertEquals(10, ends.get(1).received);
        assertTrue(ends.get(0).closed != null);
        end();
    }

    @Test
    @DisplayName("shared buffers that wait in the queue are charged for their places, and given back when it runs "
            + "empty")
    void sharedEntries() throws IOException {
        begin(1, Faults.none(), 10 << 20, 10 << 20);
        ClientEnd slow = connect(false);
        long before = serverPort.memory().used(Kind.HEAP);
        PooledBuffer shared = serverPort.buffers().acquire(1_000);
        shared.buffer().limit(1_000);
        TcpConnection connection = ends.get(0).connection;
        for (int i = 0; i < 1_000; i++) {
            connection.send(shared);
        }
        shared.release();
        run();
        assertTrue(serverPort.memory().used(Kind.HEAP) - before >= 500 * TcpSendQueue.ENTRY_BYTES);
        slow.connection.resume();
        run();
        assertEquals(1_000_000, slow.received);
        assertEquals(before, serverPort.memory().used(Kind.HEAP));
        end();
    }

    @Test
    @DisplayName("a connection that rests behind a large message waits for the next with little memory")
    void rests() throws IOException {
        begin(1, Faults.none(), 10 << 20, 10 << 20);
        ClientEnd client = connect(true);
        client.connection.send(ByteBuffer.allocate(500_000));
        run();
        assertEquals(500_000, ends.get(0).received);
        assertTrue(serverPort.buffers().usedBytes() <= 2 * TcpReceiver.RECEIVE_REST,
                "used: " + serverPort.buffers().usedBytes());
        end();
    }

    @Test
    @DisplayName("a connection that rests is said to hold what it waits with, and not what its next receive might take")
    void restsAndHoldsLittle() throws IOException {
        begin(1, Faults.none(), 10 << 20, 10 << 20);
        ClientEnd client = connect(true);
        client.connection.send(ByteBuffer.allocate(500_000));
        run();
        long held = ends.get(0).connection.memory().held(Kind.DIRECT);
        assertTrue(held > 0 && held <= TcpReceiver.RECEIVE_REST, "held: " + held);
        end();
    }

    @Test
    @DisplayName("a TLS connection for whose records there is no memory ends with that error, whatever it was about "
            + "to do")
    void tlsWithoutMemory() throws IOException {
        for (boolean serverSends : new boolean[] {false, true}) {
            for (int left = 0; left <= 96 << 10; left += 4 << 10) {
                tlsWithoutMemory(serverSends, left);
            }
        }
    }

    private void tlsWithoutMemory(boolean serverSends, int left) throws IOException {
        begin(1, Faults.none(), 10 << 20, 1 << 20);
        ends.clear();
        TcpServer secure = TcpServer.listen(serverPort,
                TcpOptions.defaults().loopback(0).tls(TestKeys.LOCALHOST.context()), connection -> {
            ServerEnd end = new ServerEnd(connection);
            ends.add(end);
            return end;
        });
        ClientEnd client = new ClientEnd(true);
        client.connection = TcpClient.connect(clientPort, TcpOptions.defaults().tls(TestKeys.trusting()),
                secure.address(), client);
        run();
        assertEquals(TcpConnection.State.OPEN, client.connection.state());
        List<PooledBuffer> ofTheApplication = takeAllBut(left);
        TcpConnection sender = serverSends ? ends.get(0).connection : client.connection;
        sender.send(ByteBuffer.allocate(60_000));
        run();
        long received = serverSends ? client.received : ends.get(0).received;
        boolean ended = client.closed != null || ends.get(0).closed != null;
        assertTrue(received == 60_000 || ended,
                "nothing more comes, and nobody was told; left " + left + ", received " + received);
        ofTheApplication.forEach(PooledBuffer::release);
        client.connection.abort();
        ends.get(0).connection.abort();
        run();
        end();
        assertEquals(0, serverPort.counters().handlerFailures() + clientPort.counters().handlerFailures(),
                "left " + left);
    }

    /** Beyond the budget of 1 MiB, up to where a new buffer is refused, except for what is left. */
    private List<PooledBuffer> takeAllBut(int left) {
        List<PooledBuffer> taken = new ArrayList<>();
        long room = (3 << 19) - serverPort.buffers().usedBytes() - left;
        for (int piece = 256 << 10; piece >= BufferPool.PIECE_MIN; piece /= 2) {
            for (; room >= piece; room -= piece) {
                taken.add(serverPort.buffers().acquire(piece));
            }
        }
        return taken;
    }

    @Test
    @DisplayName("of a pair without memory for what is under way the end that sends is told")
    void pairWithoutMemory() throws IOException {
        begin(1, Faults.none(), 10 << 20, 1 << 20);
        ClientEnd left = new ClientEnd(true);
        ClientEnd right = new ClientEnd(true);
        TcpPair pair = TcpPair.open(serverPort, TcpOptions.defaults(), left, right);
        run();
        List<PooledBuffer> ofTheApplication = takeAllBut(16 << 10);
        pair.left().send(ByteBuffer.allocate(100));
        run();
        assertEquals(IoError.NO_BUFFERS, left.closed.error());
        assertEquals(0, right.received);
        ofTheApplication.forEach(PooledBuffer::release);
        end();
    }

    @Test
    @DisplayName("random peers and faults: who holds little is never ended for memory, and everything comes back")
    void seeds() throws IOException {
        int evictions = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            evictions += random(seed);
        }
        assertTrue(evictions > SEEDS, "evictions: " + evictions);
    }

    private int random(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        begin(seed, Faults.draw(random).harmless().with(Faults.Kind.SMALL_WINDOW, 0), 1 << 20, 512 << 10);
        List<ClientEnd> clients = new ArrayList<>();
        int count = 2 + random.nextInt(8);
        for (int i = 0; i < count; i++) {
            clients.add(connect(random.nextBoolean()));
        }
        // what nobody is refused, whatever the others do
        int small = (int) (serverPort.memory().max(Kind.DIRECT) / (2 * count + 2));
        for (int round = 0; round < 30; round++) {
            for (ServerEnd end : ends) {
                boolean greedy = !clients.get(ends.indexOf(end)).reads;
                long room = greedy ? 60_000 : small / 8 - end.connection.bufferedAmount();
                if (room > 0) {
                    end.connection.send(ByteBuffer.allocate((int) Math.min(room, 1 + random.nextInt(60_000))));
                }
            }
            world.run(world.nanos() + random.nextLong(HORIZON / 10), STEPS_MAX);
        }
        run();
        int evictions = 0;
        for (ServerEnd end : ends) {
            boolean ended = end.closed != null && end.closed.error() == IoError.NO_BUFFERS;
            evictions += ended ? 1 : 0;
            assertTrue(!ended || !clients.get(ends.indexOf(end)).reads,
                    "seed " + seed + ": one that reads was ended, " + end.closed);
        }
        end();
        return evictions;
    }
}
