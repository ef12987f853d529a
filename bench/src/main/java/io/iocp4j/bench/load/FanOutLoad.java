package io.iocp4j.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * One publisher, whose messages a server sends to all viewers. In a closed loop the next message leaves when every
 * viewer has the last one. A duration ends when one viewer has the message.
 */
final class FanOutLoad extends Load {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /**
     * The server may register a viewer only a moment after its handshake, so the first message is repeated up to this
     * often.
     */
    private static final int TRIES = 20;
    private static final long TRY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final int size;
    private final long rate;
    private final List<Viewer> viewers = new ArrayList<>();
    private Publisher publisher;
    /** The connected viewers, and the deliveries that they still wait for. */
    private int watching;
    private long waiting;
    /** The first message of the run, and when it was written or should have been. */
    private long firstNumber;
    private long begin;
    private long writtenAt;
    private boolean running;
    /** Made once, since a run asks it for every message. */
    private final BooleanSupplier waits = () -> waiting > 0;

    FanOutLoad(Workload workload, InetSocketAddress address) throws IOException {
        super(workload, address);
        size = workload.number("size");
        rate = workload.get("rate");
    }

    @Override
    int open() throws IOException {
        byte[] payload = Payloads.binary(size);
        for (int i = 0; i < workload.number("viewers"); i++) {
            viewers.add(new Viewer(opened("/view"), payload[size - 1]));
            watching++;
        }
        publisher = new Publisher(opened("/pub"), payload);
        for (int i = 0; i < TRIES && viewers.stream().anyMatch(viewer -> viewer.answers.previous() < 0); i++) {
            publisher.publish();
            long now = System.nanoTime();
            lookWhile(now, now + TRY_NANOS, () -> viewers.stream().anyMatch(viewer -> !viewer.isUpToDate()));
        }
        long without = viewers.stream().filter(viewer -> !viewer.isUpToDate()).count();
        if (without > 0) {
            throw new IOException(without + " of " + watching + " viewers on /view got nothing of what /pub had sent");
        }
        tally = new Tally();
        return viewers.size() + 1;
    }

    private SocketChannel opened(String path) throws IOException {
        SocketChannel channel = Wire.connect(address);
        boolean agreed = false;
        try {
            Frames.open(channel, path, "");
            channel.configureBlocking(false);
            agreed = true;
            return channel;
        } finally {
            if (!agreed) {
                channel.close();
            }
        }
    }

    @Override
    void run(long start, long nanos) {
        tally.missing(viewers.size() - watching);
        running = true;
        begin = start;
        firstNumber = publisher.published;
        waiting = 0;
        long end = start + nanos;
        long now = start;
        if (publisher.isLost()) {
            tally.failed(1, "the publisher is gone");
        } else if (rate == 0) {
            while (now - end < 0 && watching > 0 && !publisher.isLost()) {
                writtenAt = System.nanoTime();
                publisher.publish();
                // wait for the last message of a run too
                now = lookWhile(now, Math.max(end, now) + DRAIN_NANOS, waits);
                if (waiting > 0) {
                    break;
                }
            }
        } else {
            now = openLoop(start, end);
        }
        lookWhile(now, now + DRAIN_NANOS, waits);
        for (Viewer viewer : viewers) {
            if (viewer.isOpen() && !viewer.isUpToDate()) {
                viewer.lose("no message within " + TimeUnit.NANOSECONDS.toSeconds(DRAIN_NANOS) + " s");
            }
        }
        running = false;
    }

    private long openLoop(long start, long end) {
        long now = start;
        while (due(publisher.published) - end < 0 && !publisher.isLost()) {
            while (due(publisher.published) - now <= 0 && due(publisher.published) - end < 0) {
                publisher.publish();
            }
            now = look(now, Math.min(due(publisher.published), end));
        }
        return lookUntil(now, end);
    }

    private long due(long number) {
        return begin + (number - firstNumber) * SECOND / rate;
    }

    @Override
    void ready(SelectionKey key) {
        if (key.attachment() instanceof Viewer viewer) {
            viewer.receive();
        } else {
            publisher.ready(key);
        }
    }

    private final class Viewer {
        private final Wire wire;
        private final NumberedAnswers answers;

        Viewer(SocketChannel channel, byte last) throws IOException {
            wire = new Wire(channel);
            answers = new NumberedAnswers(size, last);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        boolean isOpen() {
            return wire.channel.isOpen();
        }

        boolean isUpToDate() {
            return answers.previous() == publisher.published - 1;
        }

        void receive() {
            try {
                wire.read(in);
                int whole = answers.take(in);
                if (answers.owed() != null && wire.write(answers.owed())) {
                    answers.paid();
                }
                if (whole > 0) {
                    count(whole);
                }
            } catch (IOException e) {
                lose(e.toString());
            }
        }

        private void count(int whole) {
            long now = System.nanoTime();
            waiting -= whole;
            tally.arrived(whole, size);
            for (long number = answers.previous() - whole + 1; number <= answers.previous(); number++) {
                tally.latency.record(now - (rate == 0 ? writtenAt : due(number)));
            }
        }

        void lose(String why) {
            long missing = publisher.published - 1 - Math.max(answers.previous(), firstNumber - 1);
            waiting -= missing;
            watching--;
            tally.failed(running ? Math.max(1, missing) : 0, "a viewer: " + why);
            wire.close();
        }
    }

    /** Writes one message after the other. Those that are due while one is being written are only counted. */
    private final class Publisher {
        private final Wire wire;
        private final SelectionKey key;
        private final ByteBuffer frame;
        private final int payloadStart;
        private final FrameReader answers;
        /** Messages that were published, and how many of them are written, apart from the one in the frame. */
        private long published;
        private long written;

        Publisher(SocketChannel channel, byte[] payload) throws IOException {
            wire = new Wire(channel);
            byte[] bytes = Frames.masked(Frames.BINARY, false, payload);
            payloadStart = bytes.length - payload.length;
            frame = ByteBuffer.allocateDirect(bytes.length).put(bytes);
            answers = new NumberedAnswers(size, payload[size - 1]);
            key = channel.register(selector, SelectionKey.OP_READ, this);
        }

        boolean isLost() {
            return !wire.channel.isOpen();
        }

        void publish() {
            published++;
            waiting += watching;
            if (published - written == 1) {
                prepare();
                write();
            }
        }

        /** The key of the mask repeats after four bytes, and the number has eight. */
        private void prepare() {
            frame.putInt(payloadStart, (int) (written >>> 32) ^ Frames.KEY);
            frame.putInt(payloadStart + 4, (int) written ^ Frames.KEY);
            frame.rewind();
        }

        private void write() {
            try {
                while (written < published) {
                    if (!wire.write(frame)) {
                        key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                        return;
                    }
                    written++;
                    if (written < published) {
                        prepare();
                    }
                }
                if (answers.owed() != null && wire.write(answers.owed())) {
                    answers.paid();
                }
                if (key.interestOps() != SelectionKey.OP_READ) {
                    key.interestOps(SelectionKey.OP_READ);
                }
            } catch (IOException e) {
                lose(e.toString());
            }
        }

        void ready(SelectionKey ready) {
            try {
                if (ready.isReadable()) {
                    wire.read(in);
                    if (answers.take(in) > 0) {
                        throw new WrongAnswerException("the publisher got a message");
                    }
                }
                // also a pong that is owed now
                write();
            } catch (IOException e) {
                lose(e.toString());
            }
        }

        private void lose(String why) {
            tally.failed(running ? 1 : 0, "the publisher: " + why);
            waiting = 0;
            wire.close();
        }
    }
}
