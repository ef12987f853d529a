package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * The pings of this side and their answers: whether the peer is alive, and the round-trip time.
 *
 * <p>A ping is sent every interval. If the peer sends no byte within the timeout after the ping, it is lost. Every byte
 * counts, and not only the pong, because a pong must wait for the end of the current frame (RFC 6455 section 5.4).
 * Bytes that the peer takes while others wait count too: a slow reader sees the ping only after them. Bytes that the
 * operating system takes while none wait say nothing about the peer. While this side has paused, it receives nothing.
 * Then the peer counts as alive, unless bytes wait for it and it takes none.
 */
final class Heartbeat {
    /** The largest number of pings of the application that wait for their pong. */
    static final int PINGS_PENDING_MAX = 64;

    /**
     * A ping. Its payload is the number, which no other ping of this WebSocket has. {@code behindBytes} counts the
     * bytes sent before it.
     */
    private record Ping(long number, long sentNanos, long behindBytes, CompletableFuture<Duration> answered) {
    }

    private final WebSocketConnection socket;
    private final TcpConnection tcp;
    private final Duration interval;
    private final Duration timeout;

    // used by the callbacks of the connection only
    private boolean heard;
    /** The last check: its time, the bytes taken until then, and whether more waited. */
    private long lookNanos;
    private long taken;
    private boolean waiting;
    /** The last time at which the peer was seen to take waiting bytes, and its speed. */
    private long tookNanos;
    private double nanosPerByte;
    /** The bytes that the peer has certainly read, because it has answered a ping after them. */
    private long readBytes;

    // guarded by this
    private final ArrayDeque<Ping> pending = new ArrayDeque<>(1);
    /** The last ping of the heartbeat itself. */
    private Ping beat;
    private long lastNumber;
    private Future<?> timer;
    private boolean ended;

    private volatile Duration latency;

    Heartbeat(WebSocketConnection socket, TcpConnection tcp, WebSocketOptions<?> options) {
        this.socket = socket;
        this.tcp = tcp;
        this.interval = options.heartbeatInterval();
        this.timeout = options.heartbeatTimeout();
        this.lastNumber = tcp.completionPort().nanoTime();
    }

    void start() {
        if (!interval.isZero()) {
            schedule(interval);
        }
    }

    /** Bytes were received. */
    void heard() {
        heard = true;
    }

    /** The last round trip, null before the first. */
    Duration latency() {
        return latency;
    }

    /** Sends a ping for the application. */
    CompletableFuture<Duration> ping() {
        synchronized (this) {
            if (!ended && pending.size() < PINGS_PENDING_MAX) {
                Ping ping = next(new CompletableFuture<>());
                pending.add(ping);
                // under the lock, so that pongs come in the order of the queue
                socket.ping(payload(ping));
                return ping.answered.copy();
            }
        }
        return CompletableFuture.failedFuture(new WebSocketException(
                socket.isOpen() ? "ping: " + PINGS_PENDING_MAX + " pings wait for their pong already" : "ping",
                socket.closeStatus()));
    }

    /** A pong was received. Returns false if it answers none of these pings. */
    boolean answered(ByteBuffer payload) {
        if (payload.remaining() != Long.BYTES) {
            return false;
        }
        long number = payload.getLong(payload.position());
        long now = tcp.completionPort().nanoTime();
        List<Ping> answered = new ArrayList<>(1);
        boolean ours;
        synchronized (this) {
            ours = beat != null && beat.number == number;
            if (ours) {
                answered.add(beat);
                beat = null;
            } else if (pending.stream().anyMatch(ping -> ping.number == number)) {
                ours = true;
                // a peer may answer the newest of several pings only (section 5.5.3)
                do {
                    answered.add(pending.poll());
                } while (answered.getLast().number != number);
            }
        }
        if (ours) {
            readBytes = answered.getLast().behindBytes;
            latency = Duration.ofNanos(now - answered.getLast().sentNanos);
            answered.forEach(ping -> ping.answered.complete(Duration.ofNanos(now - ping.sentNanos)));
        }
        return ours;
    }

    /** The WebSocket is over. Called without its lock. */
    void end() {
        List<Ping> unanswered;
        synchronized (this) {
            ended = true;
            if (timer != null) {
                timer.cancel(false);
            }
            unanswered = List.copyOf(pending);
            pending.clear();
        }
        unanswered.forEach(ping ->
                ping.answered.completeExceptionally(new WebSocketException("ping", socket.closeStatus())));
    }

    private void beat() {
        heard = false;
        look();
        Ping ping;
        synchronized (this) {
            ping = next(new CompletableFuture<>());
            beat = ping;
        }
        socket.ping(payload(ping));
        judgeAfter(timeout);
    }

    private void look() {
        lookNanos = tcp.completionPort().nanoTime();
        waiting = tcp.bufferedAmount() > 0;
        taken = tcp.bytesTaken();
    }

    private void judge() {
        boolean waited = waiting;
        long before = taken;
        long beforeNanos = lookNanos;
        look();
        if (heard) {
            beatAgain();
        } else if (waited && taken > before) {
            tookNanos = lookNanos;
            nanosPerByte = (double) (lookNanos - beforeNanos) / (taken - before);
            // no further ping: this one still waits behind other bytes
            judgeAfter(timeout);
        } else if (waiting) {
            if (waited) {
                socket.abort("nothing was taken and nothing came for " + timeout.toMillis() + " ms after a ping");
            } else {
                judgeAfter(timeout);
            }
        } else if (socket.isPaused()) {
            beatAgain();
        } else {
            judgeWhatIsOnTheWay();
        }
    }

    /**
     * All bytes were taken, but those in the buffers of both systems still precede the ping. Allows the time for them
     * at the speed so far.
     */
    private void judgeWhatIsOnTheWay() {
        double nanosLeft = nanosPerByte * (taken - readBytes) - (lookNanos - tookNanos);
        if (nanosPerByte > 0 && nanosLeft > 0) {
            nanosPerByte = 0;
            judgeAfter(timeout.plusNanos((long) nanosLeft));
        } else {
            socket.abort("nothing came for " + timeout.toMillis() + " ms after a ping");
        }
    }

    private void beatAgain() {
        schedule(interval.compareTo(timeout) > 0 ? interval.minus(timeout) : Duration.ZERO);
    }

    /** Sends the next ping after this time. */
    private synchronized void schedule(Duration delay) {
        if (!ended) {
            timer = tcp.schedule(delay, this::beat);
        }
    }

    private synchronized void judgeAfter(Duration limit) {
        if (!ended) {
            timer = tcp.deadline(limit, this::judge);
        }
    }

    private Ping next(CompletableFuture<Duration> answered) {
        return new Ping(++lastNumber, tcp.completionPort().nanoTime(), tcp.bytesWritten(), answered);
    }

    private static ByteBuffer payload(Ping ping) {
        return ByteBuffer.allocate(Long.BYTES).putLong(0, ping.number);
    }
}
