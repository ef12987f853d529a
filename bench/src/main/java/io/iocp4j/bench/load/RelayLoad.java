package io.iocp4j.bench.load;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A publisher that sends a movie to the relay of stream-demo, one unit at a time, and its viewers. It is an open loop:
 * a duration is from when a unit should have been written to its arrival at one viewer. A unit that does not reach a
 * viewer is a failure. Stalled viewers never read. Joining viewers leave after their first picture.
 */
final class RelayLoad extends Load {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /** The first viewer may connect before the relay has read the publisher's data, so it tries up to this often. */
    private static final int TRIES = 200;
    private static final long JOIN_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int HEAD_MAX = 4 << 10;
    /** The time that a run waits for its last units. The relay skips units that wait longer than its lag of 500 ms. */
    private static final long LAST_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int LIKE_NO_OTHER = 36;

    private final long rate;
    private final long joins;
    /** A stream of its own, so that the numbers of its units begin at 0. */
    private final String path = "lab-" + Long.toString(System.nanoTime() & Long.MAX_VALUE, LIKE_NO_OTHER);
    private final byte[] upgrade = Frames.upgrade("/live/" + path, "");
    private final List<Viewer> viewers = new ArrayList<>();
    private final Set<Viewer> joining = new HashSet<>();
    private final List<Wire> stalled = new ArrayList<>();
    private Connection publisher;
    private long published;
    private long firstNumber;
    private long begin;
    private boolean running;

    RelayLoad(Workload workload, InetSocketAddress address) throws IOException {
        super(workload, address);
        rate = workload.get("rate");
        joins = workload.get("joins");
    }

    // ------------------------------------------------------------------ opening

    @Override
    int open() throws IOException {
        publish();
        for (int i = 0; i < workload.number("viewers"); i++) {
            viewers.add(joined());
        }
        openStalled();
        return viewers.size() + stalled.size() + 1;
    }

    private void publish() throws IOException {
        Movie movie = Movie.load();
        Wire wire = new Wire(Wire.connect(address));
        Requests units = new Requests(movie.units().stream().map(Movie::chunk).toList(), 1);
        publisher = new Connection(wire, units, new NoAnswers(), 1);
        String head = "PUT /publish/" + path + " HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n";
        wire.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
        wire.write(ByteBuffer.wrap(Movie.chunk(movie.init())));
        publisher.register(selector);
    }

    private Viewer joined() throws IOException {
        for (int i = 0; i < TRIES; i++) {
            Viewer viewer = new Viewer(false);
            long now = System.nanoTime();
            lookWhile(now, now + JOIN_NANOS, () -> viewer.isOpen() && !viewer.hasInit);
            if (viewer.hasInit) {
                tally = new Tally();
                return viewer;
            }
            viewer.wire.close();
        }
        throw new IOException("no viewer of " + path + " gets what the publisher has sent");
    }

    /** The heartbeat of the relay ends stalled viewers, so each run has new ones. */
    private void openStalled() throws IOException {
        stalled.forEach(Wire::close);
        stalled.clear();
        for (int i = 0; i < workload.number("stalled"); i++) {
            Wire wire = new Wire(Wire.connect(address));
            stalled.add(wire);
            wire.write(ByteBuffer.wrap(upgrade));
        }
    }

    /** The relay answers a publisher only to end it. */
    private static final class NoAnswers extends Answers {
        @Override
        int take(ByteBuffer in) throws IOException {
            throw new WrongAnswerException("the relay ends the publisher: " + StandardCharsets.US_ASCII.decode(in)
                    .toString().lines().findFirst().orElse(""));
        }
    }

    // ------------------------------------------------------------------ running

    @Override
    void run(long start, long nanos) {
        tally.missing(viewers.stream().filter(viewer -> !viewer.isOpen()).count());
        begin = start;
        running = true;
        firstNumber = published;
        viewers.forEach(viewer -> viewer.got = 0);
        try {
            openStalled();
        } catch (IOException e) {
            tally.failed(1, "a stalled viewer: " + e);
        }
        long end = start + nanos;
        long now = openLoop(start, end);
        now = lookWhile(now, now + LAST_NANOS, () -> !joining.isEmpty() || viewers.stream().anyMatch(
                viewer -> viewer.isOpen() && viewer.last < published - 1));
        for (Viewer viewer : Set.copyOf(joining)) {
            viewer.lose("no picture within " + TimeUnit.NANOSECONDS.toSeconds(now - begin) + " s");
        }
        for (Viewer viewer : viewers) {
            long missing = published - firstNumber - viewer.got;
            if (missing > 0 && viewer.isOpen()) {
                tally.failed(missing, "a viewer did not get " + missing + " units");
            }
        }
        running = false;
    }

    private long openLoop(long start, long end) {
        long now = start;
        long joined = 0;
        while (isPublishing() && due(published) - end < 0) {
            while (isPublishing() && due(published) - now <= 0 && due(published) - end < 0) {
                sendUnit();
            }
            for (; joins > 0 && start + joined * SECOND / joins - now <= 0; joined++) {
                join();
            }
            now = look(now, Math.min(due(published), end));
        }
        if (!isPublishing()) {
            tally.failed(1, "the publisher is gone");
        }
        return lookUntil(now, end);
    }

    private boolean isPublishing() {
        return publisher.isOpen();
    }

    private long due(long number) {
        return begin + (number - firstNumber) * SECOND / rate;
    }

    private void sendUnit() {
        try {
            published++;
            publisher.send(1);
        } catch (IOException e) {
            losePublisher(e);
        }
    }

    private void losePublisher(IOException why) {
        tally.failed(0, "the publisher: " + why);
        publisher.close();
    }

    private void join() {
        try {
            joining.add(new Viewer(true));
        } catch (IOException e) {
            tally.failed(1, "a viewer that joins: " + e);
        }
    }

    @Override
    void ready(SelectionKey key) {
        if (key.attachment() instanceof Viewer viewer) {
            viewer.receive();
            return;
        }
        try {
            if (key.isReadable()) {
                publisher.receive(in);
            } else {
                publisher.flush();
            }
        } catch (IOException e) {
            losePublisher(e);
        }
    }

    private final class Viewer implements UnitReader.Listener {
        private final Wire wire;
        private final boolean leavesSoon;
        private final UnitReader reader = new UnitReader(this);
        private StringBuilder head = new StringBuilder();
        private boolean hasInit;
        /** The number of the last unit, and how many there were in this run. */
        private long last = -1;
        private long got;

        Viewer(boolean leavesSoon) throws IOException {
            this.leavesSoon = leavesSoon;
            SocketChannel channel = Wire.connect(address);
            wire = new Wire(channel);
            wire.write(ByteBuffer.wrap(upgrade));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        boolean isOpen() {
            return wire.channel.isOpen();
        }

        void receive() {
            try {
                wire.read(in);
                if (head != null) {
                    readHead();
                }
                reader.take(in);
                if (reader.owed() != null && wire.write(reader.owed())) {
                    reader.paid();
                }
            } catch (IOException e) {
                lose(e.toString());
            }
        }

        private void readHead() throws IOException {
            while (in.hasRemaining() && !head.toString().endsWith("\r\n\r\n")) {
                head.append((char) (in.get() & 0xff));
            }
            if (head.length() > HEAD_MAX) {
                throw new EOFException("no answer to the handshake");
            }
            if (head.toString().endsWith("\r\n\r\n")) {
                Frames.requireAgreed(head.toString(), "/live/" + path);
                head = null;
            }
        }

        @Override
        public void onInit() {
            hasInit = true;
        }

        @Override
        public void onMedia(long number, boolean fromCache, long bytes) {
            if (leavesSoon) {
                joining.remove(this);
                wire.close();
                return;
            }
            last = number;
            if (number >= firstNumber && !fromCache) {
                got++;
                tally.arrived(1, bytes);
                tally.latency.record(System.nanoTime() - due(number));
            }
        }

        /** Loses a viewer. In this run, the units that it has not received are lost. Later runs count it as missing. */
        void lose(String why) {
            boolean left = leavesSoon && !joining.remove(this);
            if (!left) {
                long lost = leavesSoon ? 1 : Math.max(1, published - firstNumber - got);
                tally.failed(running ? lost : 0, "a viewer: " + why);
            }
            wire.close();
        }
    }

    @Override
    public void close() {
        if (publisher != null) {
            publisher.close();
        }
        stalled.forEach(Wire::close);
        super.close();
    }
}
