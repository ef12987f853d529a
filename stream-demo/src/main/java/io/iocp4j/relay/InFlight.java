package io.iocp4j.relay;

import java.nio.ByteBuffer;

/**
 * The bytes on their way to one viewer: given to the socket, and not yet confirmed. They lie in the buffers of this
 * system, of proxies and of the viewer, where nothing can be skipped any more, so they must stay few. A ping behind
 * them shows with its pong that the viewer has received all bytes before it, and how long they took. The window, which
 * is the limit of these bytes, follows from that: as many as the viewer takes in half of the lag. The kernel's own
 * send buffer would hold seconds of video for a slow viewer, and minutes behind a proxy.
 *
 * <p>Positions count the bytes given since the beginning. No socket, no clock, no lock. Guarded by its viewer.
 */
final class InFlight {
    /** The window before the first answer under load, in bytes. It doubles with each answer that comes in time. */
    static final int WINDOW_FIRST = 32 << 10;
    static final int WINDOW_MAX = 16 << 20;
    /** The longest time between two pings while something is given. */
    private static final long PING_NANOS = 250_000_000L;
    /** The time after which another ping follows one without an answer: a pong may stand for the newest ping only. */
    private static final long AGAIN_NANOS = 1_000_000_000L;
    /** The largest part of a pause between two frames that counts as the viewer's silence. */
    private static final long STALL_STEP_NANOS = 1_000_000_000L;
    /**
     * The size of a ping's payload: its position, the position confirmed before it, and its time. The second is -1 in a
     * repeated ping, which tells nothing about the speed, because the bytes before it left earlier.
     */
    private static final int PING_BYTES = 3 * Long.BYTES;

    private final long targetNanos;
    private long window = WINDOW_FIRST;
    private long given;
    private long confirmed;
    /** The position of the last ping; -1 before the first. */
    private long pinged = -1;
    private long pingedNanos;
    /** The answer to the last ping is still due. */
    private boolean waiting;
    /** The shortest round trip so far: the time of the path itself, without anything that waits on it. */
    private long shortestNanos = Long.MAX_VALUE;
    private long stalledNanos;
    private long lookNanos;

    /** @param lagNanos how far the viewer may be behind in all */
    InFlight(long lagNanos) {
        this.targetNanos = lagNanos / 2;
    }

    /** Tells whether a message may be given now: one of any size where nothing is on the way. */
    boolean admits(long messageBytes) {
        return bytes() == 0 || messageBytes <= room();
    }

    /** Returns how many bytes may be given now, besides the first message of {@link #admits}. */
    long room() {
        return Math.max(0, window - bytes());
    }

    long bytes() {
        return given - confirmed;
    }

    long window() {
        return window;
    }

    /** Counts bytes that the socket was given. */
    void give(long bytes) {
        given += bytes;
    }

    /**
     * Returns the payload of the next ping, or null if none is due.
     *
     * @param blocked whether media waits for room
     */
    ByteBuffer ping(boolean blocked, long now) {
        long since = now - pingedNanos;
        boolean due = pinged < 0 || given > confirmed
                && (waiting ? since >= AGAIN_NANOS
                : given > pinged && (blocked || since >= Math.min(PING_NANOS, targetNanos / 2)));
        if (!due) {
            return null;
        }
        long before = waiting ? -1 : confirmed;
        pinged = given;
        pingedNanos = now;
        waiting = true;
        return ByteBuffer.allocate(PING_BYTES).putLong(given).putLong(before).putLong(now).flip();
    }

    /** Takes a pong. Ignores one that answers no ping of this class, or an old one. */
    void pong(ByteBuffer payload, long now) {
        if (payload.remaining() != PING_BYTES) {
            return;
        }
        long position = payload.getLong(payload.position());
        long before = payload.getLong(payload.position() + Long.BYTES);
        long tripNanos = now - payload.getLong(payload.position() + 2 * Long.BYTES);
        if (position > pinged || position < confirmed || before > position || tripNanos < 0) {
            return;
        }
        waiting &= position != pinged;
        confirmed = position;
        stalledNanos = 0;
        shortestNanos = Math.min(shortestNanos, tripNanos);
        if (before >= 0) {
            resize(position - before, tripNanos);
        }
    }

    /**
     * Fits the window to the time in which a number of bytes drained, so that the next ones take the shortest round
     * trip and the target. A window that was not used does not grow.
     */
    private void resize(long bytes, long tripNanos) {
        double fitting = bytes * ((double) shortestNanos + targetNanos) / Math.max(1, tripNanos);
        if (tripNanos - shortestNanos > targetNanos) {
            window = Math.max(1, (long) fitting);
        } else if (bytes >= window / 2) {
            window = (long) Math.clamp(fitting, window, Math.min(WINDOW_MAX, 2.0 * Math.max(window, bytes)));
        }
    }

    /**
     * Returns for how long a ping has had no answer, in nanoseconds. Call it for each frame. A pause between two frames
     * counts one second at most: either the publisher or this process was silent, and the viewer was not heard
     * meanwhile.
     */
    long stalled(long now) {
        long step = Math.min(now - lookNanos, STALL_STEP_NANOS);
        lookNanos = now;
        stalledNanos = waiting ? stalledNanos + step : 0;
        return stalledNanos;
    }
}
