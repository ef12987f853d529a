package io.iocp4j.core;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * One end of a connection in a {@link TcpScenario}: does random things to it, inside its callbacks and from outside,
 * and checks everything that it is told.
 */
final class ScriptedEnd implements TcpHandler {
    /** What a script may do. */
    enum Act {
        SEND(true), SEND_TWO(true), SEND_SHARED(true), PAUSE(true), EXECUTE(true), EXECUTE_MANY(true), SCHEDULE(true),
        TIMEOUT(true), MARKS(true), KEEP(true), MEANWHILE(true), RESUME(true),
        END(false), CLOSE(false), ABORT(false), FAIL(false), THROW(false);

        /** Whether everything that was sent still arrives. */
        final boolean harmless;

        Act(boolean harmless) {
            this.harmless = harmless;
        }
    }

    /** Where an act may come from. */
    private enum Place {
        OUTSIDE, CALLBACK, DATA
    }

    /** Thrown by a handler on purpose. */
    private static final class OnPurpose extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OnPurpose() {
            super("on purpose", null, false, false);
        }
    }

    /** An {@link Error}, as a broken class path or an endless recursion of the application brings them. */
    private static final class ErrorOnPurpose extends Error {
        private static final long serialVersionUID = 1L;

        ErrorOnPurpose() {
            super("on purpose", null, false, false);
        }
    }

    private static final long SCRIPT_NANOS_MAX = Duration.ofMillis(300).toNanos();
    private static final int ACTS_MAX = 12;
    /** What a late act begins must have its time to end. */
    private static final long ACTS_UNTIL_NANOS = Duration.ofSeconds(4).toNanos();

    private final TcpScenario scenario;
    private final Simulation world;
    private final String name;
    private final boolean halfOpen;
    private final SplittableRandom random;
    private final ByteArrayOutputStream accepted = new ByteArrayOutputStream();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private TcpConnection connection;
    private int actsLeft;
    private boolean paused;
    private boolean threw;
    private boolean opened;
    private boolean ended;
    private boolean inCallback;
    private int refusals;
    private int drains;
    private boolean drainDue;
    private int tasksDue;
    private boolean endAsked;
    private CloseInfo reported;
    private CloseInfo finished;

    ScriptedEnd(TcpScenario scenario, String name, boolean halfOpen, SplittableRandom random) {
        this.scenario = scenario;
        this.world = scenario.world();
        this.name = name;
        this.halfOpen = halfOpen;
        this.random = random;
        this.actsLeft = 1 + random.nextInt(ACTS_MAX);
    }

    /** Gives it its connection; from here on it acts. */
    void begin(TcpConnection newConnection) {
        connection = newConnection;
        newConnection.closed().thenAccept(this::onFreed);
        for (int acts = random.nextInt(actsLeft + 1); acts > 0; acts--) {
            soon(() -> act(Place.OUTSIDE));
        }
        if (scenario.isHarmless()) {
            world.later(SCRIPT_NANOS_MAX * 2, this::end);
        }
    }

    /** In the function that makes handlers, where the connection is open and onOpen has still to come. */
    void made() {
        maybeAct(Place.CALLBACK, 8);
    }

    // ------------------------------------------------------------------ what it is told

    @Override
    public void onOpen(TcpConnection c) {
        told("onOpen", !opened);
        opened = true;
        callback(Place.CALLBACK, 3);
    }

    @Override
    public void onData(TcpConnection c, ByteBuffer data) {
        told("onData " + data.remaining(), opened && !ended && !paused && data.hasRemaining());
        byte[] copy = new byte[data.remaining()];
        data.duplicate().get(copy);
        received.writeBytes(copy);
        callback(Place.DATA, 3);
    }

    @Override
    public void onDrain(TcpConnection c) {
        drains++;
        drainDue = false;
        told("onDrain", opened && drains <= refusals);
        callback(Place.CALLBACK, 2);
    }

    @Override
    public void onEnd(TcpConnection c) {
        told("onEnd", opened && !ended && !paused);
        ended = true;
        callback(Place.CALLBACK, 2);
    }

    @Override
    public void onTimeout(TcpConnection c) {
        told("onTimeout", opened);
        callback(Place.CALLBACK, 4);
    }

    @Override
    public void onClose(TcpConnection c, CloseInfo why) {
        told("onClose " + why.error() + " " + why.initiator(), finished == null);
        reported = why;
        scenario.check(why.error() != IoError.HANDLER_FAILED || threw, name, "failed by itself:", why.cause());
        maybeAct(Place.OUTSIDE, 4);
    }

    /** closed() has completed. */
    private void onFreed(CloseInfo why) {
        world.log(name, "freed", why.error(), why.bytesLost());
        scenario.check(finished == null && reported != null, name, "freed before onClose");
        finished = why;
        scenario.check(((TcpChannel) connection).count() == 0, name, "freed with references");
    }

    private void told(String what, boolean allowed) {
        world.log(name, what);
        scenario.check(allowed, name, "was told out of order:", what);
        scenario.check(reported == null, name, "was told after onClose:", what);
        scenario.check(!inCallback, name, "was told inside another callback:", what);
    }

    private void callback(Place place, int oneIn) {
        inCallback = true;
        try {
            maybeAct(place, oneIn);
        } finally {
            inCallback = false;
        }
    }

    private void maybeAct(Place place, int oneIn) {
        while (actsLeft > 0 && world.nanos() < ACTS_UNTIL_NANOS && random.nextInt(oneIn) == 0) {
            act(place);
        }
    }

    // ------------------------------------------------------------------ what it does

    private void act(Place place) {
        actsLeft--;
        Act act = scenario.drawAct(random);
        world.log(name, act, place);
        switch (act) {
            case SEND -> send(1);
            case SEND_TWO -> send(2);
            case SEND_SHARED -> scenario.sendShared(bytes());
            case PAUSE -> {
                pause();
                if (scenario.isHarmless() || random.nextBoolean()) {
                    soon(this::resume);
                }
            }
            case RESUME -> resume();
            case EXECUTE -> execute(1);
            case EXECUTE_MANY -> execute(Strand.TURN_TASKS_MAX + 1);
            case SCHEDULE -> connection.schedule(Duration.ofNanos(random.nextLong(SCRIPT_NANOS_MAX)), this::task);
            case TIMEOUT -> connection.idleTimeout(Duration.ofMillis(random.nextInt(4) * 700L));
            case MARKS -> {
                int low = random.nextInt(200);
                connection.waterMarks(low, low + random.nextInt(300));
            }
            case KEEP -> {
                if (place == Place.DATA) {
                    keep();
                }
            }
            case MEANWHILE -> {
                if (place != Place.OUTSIDE) {
                    world.meanwhile(1 + random.nextInt(6));
                }
            }
            case END -> end();
            case CLOSE -> connection.close();
            case ABORT -> connection.abort();
            case FAIL -> connection.abort(IoError.OTHER, null);
            case THROW -> {
                if (place != Place.OUTSIDE && inCallback) {
                    threw = true;
                    if (random.nextBoolean()) {
                        throw new ErrorOnPurpose();
                    }
                    throw new OnPurpose();
                }
            }
        }
    }

    private void execute(int tasks) {
        for (int i = 0; i < tasks && connection.state() != TcpConnection.State.CLOSED; i++) {
            tasksDue++;
            connection.execute(() -> {
                tasksDue--;
                task();
            });
        }
    }

    private void task() {
        told("task", true);
        callback(Place.CALLBACK, 8);
    }

    private void end() {
        endAsked = true;
        connection.end();
    }

    private void pause() {
        paused = true;
        connection.pause();
    }

    private void resume() {
        paused = false;
        connection.resume();
    }

    private void send(int pieces) {
        byte[] first = bytes();
        byte[] second = pieces == 2 ? bytes() : new byte[0];
        long before = connection.bytesWritten();
        boolean more = pieces == 2 ? connection.send(ByteBuffer.wrap(first), ByteBuffer.wrap(second))
                : connection.send(ByteBuffer.wrap(first));
        sent(connection.bytesWritten() - before, more, first, second);
    }

    /** Also called by the scenario, for a buffer that goes to many. */
    void send(PooledBuffer shared, byte[] contents) {
        long before = connection.bytesWritten();
        boolean more = connection.send(shared);
        sent(connection.bytesWritten() - before, more, contents, new byte[0]);
    }

    private void sent(long taken, boolean more, byte[] first, byte[] second) {
        if (taken == 0) {
            scenario.check(!more, name, "send said true and took nothing");
            return;
        }
        scenario.check(taken == first.length + second.length, name, "send took a part only:", taken);
        accepted.writeBytes(first);
        accepted.writeBytes(second);
        refusals += more ? 0 : 1;
        drainDue |= !more;
    }

    /** Keeps what was received beyond the callback; the bytes must not change until they are released. */
    private void keep() {
        PooledBuffer kept = connection.retainReceived();
        ByteBuffer view = kept.buffer().duplicate();
        byte[] copy = new byte[view.remaining()];
        view.duplicate().get(copy);
        soon(() -> {
            scenario.check(view.equals(ByteBuffer.wrap(copy)), name, "bytes changed that were kept");
            kept.release();
        });
    }

    private void soon(Runnable action) {
        world.later(random.nextLong(SCRIPT_NANOS_MAX), action);
    }

    private byte[] bytes() {
        byte[] data = new byte[1 + random.nextInt(scenario.sizeMax())];
        random.nextBytes(data);
        return data;
    }

    // ------------------------------------------------------------------ what must be true

    /** Nothing moves any more, except for timers: then nothing may be left that could move. */
    void checkAtRest() {
        TcpConnection.State state = connection.state();
        if (state != TcpConnection.State.OPEN) {
            scenario.check(state == TcpConnection.State.CLOSED, name, "still", state);
            return;
        }
        SimulatedSocket socket = world.socketAt(connection.local(), connection.remote());
        scenario.check(opened, name, "open without onOpen");
        boolean flushed = connection.bufferedAmount() == 0;
        scenario.check(flushed || socket.isSendPending(), name, "has bytes to send and does not");
        scenario.check(paused || ended || socket.isReceivePending(), name, "does not receive");
        scenario.check(tasksDue == 0, name, "has tasks that were not run:", tasksDue);
        boolean fin = endAsked || ended && !halfOpen;
        scenario.check(socket.isOutputEnded() == (fin && flushed), name, "sent FIN:", socket.isOutputEnded());
        scenario.check(!flushed || !drainDue, name, "was not told that its queue has drained");
    }

    /** After the end; the other end is null if the network never made one. */
    void checkEnd(ScriptedEnd other, boolean eofInjected) {
        scenario.check(reported != null, name, "was not told onClose");
        scenario.check(finished != null, name, "closed() did not complete");
        boolean endedByPeer = reported != null && reported.error() == null
                && reported.initiator() == CloseInfo.Initiator.REMOTE;
        scenario.check(ended || !endedByPeer, name, "ended by the peer without onEnd");
        if (other == null || finished == null || other.finished == null) {
            scenario.check(received.size() == 0, name, "received from nobody");
            return;
        }
        byte[] theirs = other.accepted.toByteArray();
        byte[] ours = received.toByteArray();
        int same = Arrays.mismatch(ours, theirs);
        scenario.check(same < 0 || same == ours.length, name, "received other bytes than were sent, from", same);
        if (ended && !eofInjected) {
            scenario.check(ours.length + other.finished.bytesLost() >= theirs.length, name,
                    "received", ours.length, "of", theirs.length, "up to the end, lost", other.finished.bytesLost());
        }
        SimulatedSocket socket = world.socketAt(connection.local(), connection.remote());
        scenario.check(socket.taken() == accepted.size() - finished.bytesLost(), name,
                "the network took", socket.taken(), "of", accepted.size(), "but lost is", finished.bytesLost());
        if (scenario.isHarmless()) {
            scenario.check(ended && ours.length == theirs.length && reported.clean() && finished.clean(), name,
                    "did not come to a good end:", ours.length, "of", theirs.length, reported, finished);
        }
    }

    TcpConnection connection() {
        return connection;
    }

    boolean isClosed() {
        return finished != null;
    }

    @Override
    public String toString() {
        return name;
    }
}
