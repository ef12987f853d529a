package io.iocp4j.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Echoes over TCP, TLS or WebSocket. In a closed loop, each connection keeps a number of messages under way. In an open
 * loop, messages leave at their times on the connections in turn, however many are under way.
 */
final class EchoLoad extends Load {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final int size;
    private final int inFlight;
    private final long rate;
    private final List<Connection> connections = new ArrayList<>();
    /** The connections that were open when the run began. A message of an open loop is on the one of its number. */
    private Connection[] turn;
    private long begin;
    /** Messages under way on all connections. */
    private long waiting;
    private boolean running;
    private boolean stopping;

    EchoLoad(Workload workload, InetSocketAddress address) throws IOException {
        super(workload, address);
        size = workload.number("size");
        boolean slowReader = workload.kind() == WorkloadKind.SLOW_READER;
        inFlight = slowReader ? 1 : workload.number("inFlight");
        rate = slowReader ? 0 : workload.get("rate");
    }

    @Override
    int open() throws IOException {
        Protocol protocol = new Protocol(workload, size);
        Requests requests = protocol.requests(inFlight);
        for (int i = 0; i < workload.number("connections"); i++) {
            Connection connection = protocol.open(address, requests, inFlight);
            connections.add(connection);
            connection.register(selector);
        }
        long slow = workload.kind() == WorkloadKind.SLOW_READER ? workload.get("slow") : 0;
        for (int i = 0; i < slow; i++) {
            Connection connection = protocol.open(address, requests, 1);
            new SlowPeer(connection.wire(), requests).register(selector);
        }
        return connections.size() + (int) slow;
    }

    @Override
    void run(long start, long nanos) {
        turn = connections.stream().filter(Connection::isOpen).toArray(Connection[]::new);
        tally.missing(connections.size() - turn.length);
        begin = start;
        running = true;
        stopping = false;
        long end = start + nanos;
        long now = rate == 0 ? closedLoop(start, end) : openLoop(start, end);
        stopping = true;
        lookWhile(now, now + DRAIN_NANOS, this::isWaiting);
        for (Connection connection : turn) {
            if (connection.isOpen() && connection.underWay() > 0) {
                lose(connection, "no answer within " + TimeUnit.NANOSECONDS.toSeconds(DRAIN_NANOS) + " s");
            }
        }
        running = false;
    }

    private boolean isWaiting() {
        return waiting > 0;
    }

    private long closedLoop(long start, long end) {
        for (Connection connection : turn) {
            try {
                waiting += inFlight;
                connection.send(inFlight, System.nanoTime());
            } catch (IOException e) {
                lose(connection, e.toString());
            }
        }
        return lookWhile(start, end, this::isWaiting);
    }

    /** Message i is due i / rate seconds after the beginning, even if earlier messages are late. */
    private long openLoop(long start, long end) {
        for (int i = 0; i < turn.length; i++) {
            turn[i].takeTurn(i);
        }
        long number = 0;
        long now = start;
        while (turn.length > 0 && due(number) - end < 0) {
            for (; due(number) - now <= 0 && due(number) - end < 0; number++) {
                sendOne(turn[(int) (number % turn.length)]);
            }
            now = look(now, Math.min(due(number), end));
        }
        return lookUntil(now, end);
    }

    private long due(long number) {
        return begin + number * SECOND / rate;
    }

    private void sendOne(Connection connection) {
        if (!connection.isOpen()) {
            tally.missing(1);
            return;
        }
        try {
            waiting++;
            connection.send(1);
        } catch (IOException e) {
            lose(connection, e.toString());
        }
    }

    @Override
    void ready(SelectionKey key) {
        if (key.attachment() instanceof SlowPeer slow) {
            slow.write(tally);
            return;
        }
        Connection connection = (Connection) key.attachment();
        try {
            if (key.isWritable()) {
                connection.flush();
            }
            if (key.isReadable()) {
                receive(connection);
            }
        } catch (IOException e) {
            lose(connection, e.toString());
        }
    }

    private void receive(Connection connection) throws IOException {
        int answers = connection.receive(in);
        if (answers == 0) {
            return;
        }
        long now = System.nanoTime();
        waiting -= answers;
        tally.arrived(answers, size);
        if (rate > 0) {
            for (long i = connection.answeredInTurn() - answers; i < connection.answeredInTurn(); i++) {
                tally.latency.record(now - due(i * turn.length + connection.turn()));
            }
            return;
        }
        for (int i = 0; i < answers; i++) {
            tally.latency.record(now - connection.takeWrittenAt());
        }
        if (!stopping) {
            waiting += answers;
            connection.send(answers, now);
        }
    }

    /** Removes a lost connection. If it is lost between two runs, the following runs count it. */
    private void lose(Connection connection, String why) {
        tally.failed(running ? Math.max(1, connection.underWay()) : 0, why);
        connection.close();
        waiting = 0;
        for (Connection other : connections) {
            waiting += other.isOpen() ? other.underWay() : 0;
        }
    }

    @Override
    public void close() {
        connections.forEach(Connection::close);
        super.close();
    }
}
