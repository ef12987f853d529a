package io.iocp4j.bench.load;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Connections that come and go: connect, upgrade if it is a WebSocket, one echo, close. The next one begins in its
 * place. A duration is from the connect to the answer. This side closes TCP first, after the closing handshake of a
 * WebSocket. The ports in TIME-WAIT are therefore those of the load.
 */
final class StormLoad extends Load {
    private static final String ECHO = "/echo";
    private static final int SIZE = 64;
    private static final int HEAD_MAX = 4 << 10;
    private static final byte[] UPGRADE = Frames.upgrade(ECHO, "");
    /** A Close frame with the code 1000 (RFC 6455 section 7.4.1). */
    private static final byte[] CLOSE = Frames.masked(Frames.CLOSE, false, new byte[] {3, (byte) 0xe8});

    private final byte[] payload = Payloads.binary(SIZE);
    private final byte[] message;
    private long end;
    private int open;

    StormLoad(Workload workload, InetSocketAddress address) throws IOException {
        super(workload, address);
        message = workload.isWebSocket() ? Frames.masked(Frames.BINARY, false, payload) : payload;
    }

    /** Tries one connection, so a missing server is detected now. */
    @Override
    int open() throws IOException {
        Protocol protocol = new Protocol(workload, SIZE);
        try (Connection connection = protocol.open(address, protocol.requests(1), 1)) {
            connection.send(1, System.nanoTime());
            while (connection.underWay() > 0) {
                connection.receive(in);
            }
        }
        return workload.number("connections");
    }

    @Override
    void run(long start, long nanos) {
        end = start + nanos;
        for (int i = 0; i < workload.number("connections"); i++) {
            next();
        }
        // a connection ends itself when the time is over
        long now = lookWhile(start, end + DRAIN_NANOS, () -> open > 0);
        if (now - end >= DRAIN_NANOS) {
            for (SelectionKey key : selector.keys()) {
                if (key.isValid()) {
                    ((Visit) key.attachment()).fail("no answer within " + DRAIN_NANOS / 1_000_000_000 + " s");
                }
            }
        }
    }

    /** Begins a connection unless the time is over. One that fails at once is not tried again in this run. */
    private void next() {
        if (System.nanoTime() - end < 0) {
            try {
                new Visit().connect();
            } catch (IOException e) {
                tally.failed(1, "no connection: " + e);
            }
        }
    }

    @Override
    void ready(SelectionKey key) {
        ((Visit) key.attachment()).ready(key);
    }

    private enum State { CONNECTING, UPGRADING, ECHOING, CLOSING }

    private final class Visit {
        private final SocketChannel channel = SocketChannel.open();
        private final StringBuilder head = new StringBuilder();
        private State state = State.CONNECTING;
        private Answers answers;
        private long begin;

        Visit() throws IOException {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
        }

        void connect() throws IOException {
            boolean begun = false;
            begin = System.nanoTime();
            try {
                boolean connected = channel.connect(address);
                SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT, this);
                begun = true;
                open++;
                if (connected) {
                    ready(key);
                }
            } finally {
                if (!begun) {
                    channel.close();
                }
            }
        }

        void ready(SelectionKey key) {
            try {
                if (state == State.CONNECTING) {
                    connected(key);
                } else {
                    read();
                }
            } catch (IOException e) {
                fail(state + ": " + e);
            }
        }

        private void connected(SelectionKey key) throws IOException {
            if (!channel.isConnected() && !channel.finishConnect()) {
                return;
            }
            key.interestOps(SelectionKey.OP_READ);
            if (workload.isWebSocket()) {
                state = State.UPGRADING;
                write(UPGRADE);
            } else {
                echo(new Answers.Plain(payload));
            }
        }

        private void echo(Answers expected) throws IOException {
            state = State.ECHOING;
            answers = expected;
            write(message);
        }

        /** Writes everything at once. A new socket has room for so few bytes. */
        private void write(byte[] bytes) throws IOException {
            if (channel.write(ByteBuffer.wrap(bytes)) < bytes.length) {
                throw new IOException("no room for " + bytes.length + " bytes");
            }
        }

        private void read() throws IOException {
            boolean ended = channel.read(in.clear()) < 0;
            in.flip();
            switch (state) {
                case UPGRADING -> upgrade(ended);
                case ECHOING -> {
                    if (ended) {
                        throw new EOFException("the server ended the connection");
                    }
                    if (answers.take(in) > 0) {
                        answered();
                    }
                }
                // the server's Close frame, its end, or both
                case CLOSING -> leave();
                case CONNECTING -> throw new IllegalStateException("read before the connection was there");
            }
        }

        private void upgrade(boolean ended) throws IOException {
            head.append(StandardCharsets.ISO_8859_1.decode(in));
            if (head.indexOf("\r\n\r\n") >= 0) {
                Frames.requireAgreed(head.toString(), ECHO);
                echo(new EchoAnswers(Frames.BINARY, payload));
            } else if (ended || head.length() > HEAD_MAX) {
                throw new EOFException("no answer to the handshake");
            }
        }

        private void answered() throws IOException {
            tally.arrived(1, SIZE);
            tally.latency.record(System.nanoTime() - begin);
            if (workload.isWebSocket()) {
                state = State.CLOSING;
                write(CLOSE);
            } else {
                leave();
            }
        }

        private void leave() {
            open--;
            try {
                channel.close();
            } catch (IOException e) {
                tally.failed(0, "a connection did not close: " + e);
            }
            next();
        }

        private void fail(String why) {
            tally.failed(1, why);
            leave();
        }
    }
}
