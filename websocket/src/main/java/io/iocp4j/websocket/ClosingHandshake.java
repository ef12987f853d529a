package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.IoError;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.FrameEncoder;
import io.iocp4j.websocket.frame.Opcode;
import io.iocp4j.websocket.frame.Role;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The end of a WebSocket (RFC 6455 section 7), begun by either side: the Close frames, the end of the TCP connection,
 * and the report to the application. Every end of a WebSocket goes through this class. Guarded by the lock of the
 * WebSocket.
 */
final class ClosingHandshake {
    /** A control frame has 125 bytes, and the code takes two of them (RFC 6455 section 5.5). */
    private static final int REASON_MAX = 123;

    /** The progress of the end. It only moves down this list. */
    private enum Phase {
        /** Both sides may send. */
        OPEN(WebSocket.State.OPEN),
        /** Our Close frame is queued. The peer's must arrive within the close timeout. */
        CLOSE_SENT(WebSocket.State.CLOSING),
        /**
         * Client only: nothing more is sent or expected. The server must end the TCP connection within the close
         * timeout.
         */
        LEFT_TO_SERVER(WebSocket.State.CLOSING),
        /** The TCP connection is closing or gone. */
        ENDED(WebSocket.State.CLOSED);

        private final WebSocket.State seen;

        Phase(WebSocket.State seen) {
            this.seen = seen;
        }
    }

    private final Object lock;
    private final TcpConnection tcp;
    private final Role role;
    private final FrameWriter writer;
    private final Duration timeout;
    private final Runnable onOver;
    private final CompletableFuture<CloseStatus> closed = new CompletableFuture<>();

    private Phase phase = Phase.OPEN;
    private CloseStatus status;
    private boolean orderly = true;
    private boolean peerClosed;
    private Future<?> timer;
    /** Distinguishes the current timer from one that fired while it was stopped. */
    private int round;

    /** The last argument runs as a callback of the connection as soon as there is a status. */
    ClosingHandshake(Object lock, TcpConnection tcp, Role role, FrameWriter writer, Duration timeout, Runnable onOver) {
        this.lock = lock;
        this.tcp = tcp;
        this.role = role;
        this.writer = writer;
        this.timeout = timeout;
        this.onOver = onOver;
    }

    boolean isOpen() {
        return phase == Phase.OPEN;
    }

    WebSocket.State state() {
        return phase.seen;
    }

    /** Null while it is open. Its {@code clean} is final when {@link #closed()} completes. */
    CloseStatus status() {
        return status;
    }

    /**
     * Returns true if it ended by a Close frame of this side, or by one of the peer that reports no failure; false
     * after a violation or the loss of the connection.
     */
    boolean isOrderly() {
        return orderly;
    }

    CompletableFuture<CloseStatus> closed() {
        return closed;
    }

    /** Waits for the end, at most for the close timeout. Called without the lock. */
    void awaitClosed() {
        try {
            closed.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException late) {
            // the timer of the handshake is about to cut the connection
            return;
        } catch (ExecutionException e) {
            throw new AssertionError("completes normally, always", e);
        }
    }

    /** The application closes. */
    void begin(int code, String reason) {
        assert Thread.holdsLock(lock);
        ByteBuffer payload = FrameEncoder.closePayload(code, reason);
        if (phase == Phase.OPEN) {
            phase = Phase.CLOSE_SENT;
            report(new CloseStatus(code, reason, Initiator.LOCAL, false));
            writer.control(Opcode.CLOSE, payload);
            startTimer();
        }
    }

    /** The peer's Close frame has arrived. */
    void answer(int code, String reason) {
        assert Thread.holdsLock(lock);
        if (phase != Phase.OPEN && phase != Phase.CLOSE_SENT) {
            return;
        }
        peerClosed = true;
        if (phase == Phase.OPEN) {
            orderly = code == CloseCode.NORMAL || code == CloseCode.GOING_AWAY || code == CloseCode.NO_STATUS;
            report(new CloseStatus(code, reason, Initiator.REMOTE, true));
            // the echo has the received code, or none if none was received (section 5.5.1)
            writer.control(Opcode.CLOSE,
                    code == CloseCode.NO_STATUS ? ByteBuffer.allocate(0) : FrameEncoder.closePayload(code, reason));
        }
        leaveTcp();
    }

    /**
     * The peer violated the protocol, or the application threw. Our Close frame gives the reason. This side does not
     * wait for the Close frame of the peer (section 7.1.7).
     */
    void fail(int code, String reason) {
        assert Thread.holdsLock(lock);
        if (phase == Phase.OPEN) {
            orderly = false;
            report(new CloseStatus(code, reason, Initiator.LOCAL, false));
            boolean fits = reason.getBytes(StandardCharsets.UTF_8).length <= REASON_MAX;
            writer.control(Opcode.CLOSE, FrameEncoder.closePayload(code, fits ? reason : ""));
        }
        leaveTcp();
    }

    /** Ends at once, without a frame. */
    void abort(String reason) {
        lost(reason, Initiator.LOCAL);
        tcp.abort();
    }

    /** The connection ends without a Close frame, or after both. */
    void lost(String reason, Initiator initiator) {
        assert Thread.holdsLock(lock);
        if (phase == Phase.OPEN) {
            orderly = false;
            report(new CloseStatus(CloseCode.ABNORMAL, reason, initiator, false));
        }
        phase = Phase.ENDED;
    }

    /** Returns in words why a connection ended without a Close frame. */
    static String reason(CloseInfo info) {
        if (info.error() == null) {
            return "the connection ended without a Close frame";
        }
        // the cause names the limit of this side that was reached
        boolean inWords = info.error() == IoError.NO_BUFFERS && info.cause() != null;
        return inWords ? info.cause().getMessage() : info.error().toString();
    }

    /** The peer has ended its side of TCP, so this side does too. */
    void peerEnded() {
        lost("the peer ended the connection without a Close frame", Initiator.REMOTE);
        tcp.close();
    }

    /**
     * The TCP connection has ended, and reports whether bytes were lost. The caller completes {@link #closed()} without
     * the lock.
     */
    CloseStatus finish(CloseInfo info) {
        assert Thread.holdsLock(lock);
        stopTimer();
        // both sides have sent a Close frame, and ours was not lost
        boolean clean = peerClosed && info.bytesLost() == 0;
        status = new CloseStatus(status.code(), status.reason(), status.initiator(), clean);
        return status;
    }

    /** The closing handshake is over. Now the server ends the TCP connection (7.1.1). */
    private void leaveTcp() {
        if (role == Role.SERVER) {
            phase = Phase.ENDED;
            tcp.close();
        } else if (phase.compareTo(Phase.LEFT_TO_SERVER) < 0) {
            phase = Phase.LEFT_TO_SERVER;
            startTimer();
        }
    }

    private void report(CloseStatus why) {
        assert Thread.holdsLock(lock);
        status = why;
        writer.end();
        // wakes threads that wait for room
        lock.notifyAll();
        tcp.execute(onOver);
    }

    private void startTimer() {
        stopTimer();
        int mine = round;
        timer = tcp.deadline(timeout, () -> timedOut(mine));
    }

    private void stopTimer() {
        round++;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void timedOut(int mine) {
        synchronized (lock) {
            if (phase == Phase.ENDED || mine != round) {
                return;
            }
            phase = Phase.ENDED;
            if (tcp.bufferedAmount() == 0) {
                // everything was sent, so the linger timeout of TCP is not needed
                tcp.abort();
            } else {
                tcp.close();
            }
        }
    }
}
