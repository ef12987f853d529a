package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A viewer without a display that reads all messages without delay, on its own thread. It records each fault: a gap in
 * the sequence numbers, a skip, or a first frame that is not a key frame.
 */
final class LiveViewer implements AutoCloseable {
    private static final String SKIP = "the relay skipped frames";

    private final String name;
    private final ViewerSocket socket;

    // Guarded by this.
    private final List<String> faults = new ArrayList<>();
    private boolean closed;
    private String state = "unknown";
    private long epoch;
    private long firstSeq = -1;
    private long lastSeq = -1;
    private long frames;

    LiveViewer(String relay, String path, String name) throws IOException {
        this.name = name;
        socket = new ViewerSocket(relay, path);
        Thread.ofPlatform().name("test-" + name).daemon().start(this::watch);
    }

    /** Waits until the stream is in a state: live, waiting or ended. */
    void awaitState(String wanted, Duration limit) throws InterruptedException {
        await(() -> state.equals(wanted), limit, wanted);
    }

    /** Waits until at least this number of frames has arrived. */
    void awaitFrames(long wanted, Duration limit) throws InterruptedException {
        await(() -> frames >= wanted, limit, wanted + " frames");
    }

    synchronized long frames() {
        return frames;
    }

    synchronized long firstSeq() {
        return firstSeq;
    }

    synchronized long lastSeq() {
        return lastSeq;
    }

    synchronized long epoch() {
        return epoch;
    }

    synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    /** Checks that there is no fault. A skip counts as a missed time limit, because the viewer did not read in time. */
    void assertNoFaults() {
        List<String> found = faults();
        TooLate.unless(found.stream().noneMatch(fault -> fault.startsWith(SKIP)), name + ": " + found);
        assertEquals(List.of(), found, name);
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
        }
        socket.close();
    }

    private void watch() {
        try {
            for (;;) {
                take(socket.next());
            }
        } catch (IOException | AssertionError e) {
            fault(e.toString());
        }
    }

    private synchronized void take(WireMessage message) {
        if (message.isText("stream")) {
            state = (String) message.text().get("state");
            epoch = ((Double) message.text().get("epoch")).longValue();
        } else if (message.isText("skip")) {
            faults.add(SKIP + ": " + message.text());
        } else if (message.isMedia()) {
            if (frames == 0) {
                firstSeq = message.seq();
                if (!message.isKey()) {
                    faults.add("the first frame is not a key frame: " + message);
                }
            } else if (message.seq() != lastSeq + 1) {
                faults.add("expected frame " + (lastSeq + 1) + ", received " + message);
            }
            lastSeq = message.seq();
            frames++;
        }
        notifyAll();
    }

    private synchronized void fault(String description) {
        if (!closed) {
            faults.add(description);
        }
        notifyAll();
    }

    private synchronized void await(BooleanSupplier condition, Duration limit, String what)
            throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new TooLate(name + " did not get " + what + " in time: state " + state + ", " + frames
                        + " frames, " + faults);
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
