package io.iocp4j.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.List;

/**
 * Connections that have each echoed one message and rest. A run counts those that are still open at its end. Pings are
 * answered meanwhile. Nothing is measured by time, so it sleeps.
 */
final class IdleLoad extends Load {
    private static final int SIZE = 64;
    /** Above the usual threshold of compression. */
    private static final int LONG_SIZE = 2048;
    private static final int COMPRESSED = 2;

    private final List<Connection> connections = new ArrayList<>();

    IdleLoad(Workload workload, InetSocketAddress address) throws IOException {
        super(workload, address);
    }

    @Override
    int open() throws IOException {
        Protocol protocol = new Protocol(workload, workload.number("deflate") >= COMPRESSED ? LONG_SIZE : SIZE);
        Requests requests = protocol.requests(1);
        for (int i = 0; i < workload.number("connections"); i++) {
            Connection connection = protocol.open(address, requests, 1);
            connections.add(connection);
            for (int message = 0; message < protocol.cycle(); message++) {
                connection.send(1, System.nanoTime());
                while (connection.underWay() > 0) {
                    connection.receive(in);
                }
            }
            connection.register(selector);
        }
        return connections.size();
    }

    @Override
    boolean hasLatency() {
        return false;
    }

    @Override
    void run(long start, long nanos) {
        rest(nanos);
        long left = connections.stream().filter(Connection::isOpen).count();
        tally.missing(connections.size() - left);
        tally.arrived(left, SIZE);
    }

    @Override
    void ready(SelectionKey key) {
        Connection connection = (Connection) key.attachment();
        try {
            if (key.isReadable()) {
                connection.receive(in);
            } else {
                connection.flush();
            }
        } catch (IOException e) {
            // each run counts it
            tally.failed(0, "a connection that rested was lost: " + e);
            connection.close();
        }
    }

    @Override
    public void close() {
        connections.forEach(Connection::close);
        super.close();
    }
}
