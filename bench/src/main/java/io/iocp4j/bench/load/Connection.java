package io.iocp4j.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/** One connection of a load, which sends the stream of requests and counts the answers. One thread. */
final class Connection implements AutoCloseable {
    private final Wire wire;
    private final Requests requests;
    private final Answers answers;
    /**
     * The time at which each message in flight was written, as a ring. Empty in an open loop, which knows the times
     * already.
     */
    private final long[] writtenAt;
    private int oldest;
    private int newest;
    private long sent;
    private long answered;
    /** The number of bytes of the stream that the wire has taken. */
    private long taken;
    /** The place of this connection in the turn of an open loop, and how many answers it had before. */
    private int turn;
    private long answeredBefore;
    private SelectionKey key;
    private boolean waitsForRoom;

    Connection(Wire wire, Requests requests, Answers answers, int inFlight) {
        this.wire = wire;
        this.requests = requests;
        this.answers = answers;
        writtenAt = new long[inFlight];
    }

    /** Lets a selector watch it, with this connection as the attachment of the key. */
    void register(Selector selector) throws IOException {
        wire.channel.configureBlocking(false);
        key = wire.channel.register(selector, SelectionKey.OP_READ, this);
    }

    /** Messages without an answer. */
    long underWay() {
        return sent - answered;
    }

    /** Begins a run in which it sends every message of a turn that has this number. */
    void takeTurn(int number) {
        turn = number;
        answeredBefore = answered;
    }

    int turn() {
        return turn;
    }

    /** The answers since {@link #takeTurn}. */
    long answeredInTurn() {
        return answered - answeredBefore;
    }

    Wire wire() {
        return wire;
    }

    boolean isOpen() {
        return wire.channel.isOpen();
    }

    /** Sends messages of a closed loop. */
    void send(int count, long now) throws IOException {
        for (int i = 0; i < count; i++) {
            writtenAt[newest] = now;
            newest = newest + 1 == writtenAt.length ? 0 : newest + 1;
        }
        send(count);
    }

    /** Sends messages whose time is known. */
    void send(int count) throws IOException {
        sent += count;
        flush();
    }

    /**
     * Removes the oldest message without an answer, and returns the time at which it was written. In a closed loop
     * only.
     */
    long takeWrittenAt() {
        long at = writtenAt[oldest];
        oldest = oldest + 1 == writtenAt.length ? 0 : oldest + 1;
        return at;
    }

    /**
     * Reads once.
     *
     * @param in a buffer that all connections share
     * @return how many messages were answered
     * @throws IOException if the connection cannot be used any more
     */
    int receive(ByteBuffer in) throws IOException {
        wire.read(in);
        int whole = answers.take(in);
        answered += whole;
        if (answered > sent) {
            throw new WrongAnswerException("more answers than messages");
        }
        if (answers.owed() != null) {
            flush();
        }
        return whole;
    }

    /** Writes the bytes that are due, as far as the socket has room. The selector reports when it has room again. */
    void flush() throws IOException {
        boolean room = true;
        for (ByteBuffer out; room && (out = next()) != null;) {
            int before = out.remaining();
            room = wire.write(out);
            if (out != answers.owed()) {
                taken += before - out.remaining();
            } else if (!out.hasRemaining()) {
                answers.paid();
            }
        }
        if (room == waitsForRoom && key != null) {
            waitsForRoom = !room;
            key.interestOps(room ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
    }

    /** The bytes to write next; null if there are none. A frame that is owed goes between two messages. */
    private ByteBuffer next() {
        if (answers.owed() != null && requests.isStart(taken)) {
            return answers.owed();
        }
        long end = requests.start(sent);
        return taken < end ? requests.between(taken, end) : null;
    }

    @Override
    public void close() {
        wire.close();
        if (answers instanceof InflatedAnswers inflated) {
            inflated.close();
        }
    }
}
