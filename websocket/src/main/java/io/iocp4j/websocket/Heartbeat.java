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
 * The pings of this side and the answers to them: whether the peer still lives, and how far away it is.
 *
 * <p>A ping goes out every interval. A peer from which not one byte comes for the timeout behind it is lost; anything
 * counts, not just the pong, because a pong has to wait for the end of a frame that is under way (RFC 6455 section
 * 5.4). So do bytes that it takes while others wait for it: it may read slowly, and see the ping only behind them. What
 * the operating system takes while nothing waits says nothing of the peer. Nothing can be heard of a peer that is not
 * read from, so a pause of this side counts as life, unless something waits for it and it takes none of that.
 */
final class Heartbeat {
    /** Pings of the application that may wait for their pong. */
    static final int PINGS_PENDING_MAX = 64;

    /**
     * A ping whose payload is the number, which no other ping of this WebSocket has, and the bytes that were sent
     * before it.
     */
    private record Ping(long number, long sentNanos, long behindBytes, CompletableFuture<Duration> answered) {
    }

    private final WebSocketConnection socket;
    private final TcpConnection tcp;
    private final Duration interval;
    private final Duration timeout;

    // used by the callbacks of the connection only
    private boolean heard;
    /** At the last look: when it was, what had been taken, and whether more waited. */
    private long lookNanos;
    private long taken;
    private boolean waiting;
    /** When the peer was last seen to take what waited, and how fast. */
    private long tookNanos;
    private double nanosPerByte;
    /** The bytes that the peer has read for certain: it has answered a ping behind them. */
    private long readBytes;

    // guarded by this
    private final ArrayDeque<Ping> pending = new ArrayDeque<>(1);
    /** The last of the pings that nobody waits for. */
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

    /** Bytes came. */
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

    /** A pong came; false if it answers no ping of these. */
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

    /** The WebSocket is over; called without a lock of its own. */
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
            // no further ping: this one still waits behind the rest
            judgeAfter(timeout);
        } else if (waiting) {
            if (waited) {
                socket.abort("nothing was taken and nothing came for " + timeout.toMillis() + " ms behind a ping");
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
     * All was taken, but what lies in the memory of both systems still comes before the ping: the time for that at the
     * speed so far.
     */
    private void judgeWhatIsOnTheWay() {
        double nanosLeft = nanosPerByte * (taken - readBytes) - (lookNanos - tookNanos);
        if (nanosPerByte > 0 && nanosLeft > 0) {
            nanosPerByte = 0;
            judgeAfter(timeout.plusNanos((long) nanosLeft));
        } else {
            socket.abort("nothing came for " + timeout.toMillis() + " ms behind a ping");
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
