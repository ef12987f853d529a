package io.iocp4j.relay;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * An output stream for lines that never blocks its writers. A terminal in which somebody selects text, or a pipe that
 * nobody reads, can block for any length of time, and would stop every worker that logs. Lines are queued here, in
 * memory that is allocated once, and a separate thread writes them. A line that finds no room is lost. At that place,
 * the output says how many lines are lost.
 *
 * <p>Any thread. Only complete lines are written: an incomplete line waits for its end or for {@link #drain}.
 */
final class QueuedOutput extends OutputStream {
    /** The capacity of the queue in the relay's process, in bytes. */
    static final int BYTES_MAX = 256 << 10;
    private static final int PIECE_BYTES = 8 << 10;

    private final OutputStream target;
    private final byte[] ring;
    /** The bytes that are being written. Writing thread only. */
    private final byte[] piece = new byte[PIECE_BYTES];
    /** The number of lost lines that the output has yet to report. Writing thread only. */
    private long refused;

    // Guarded by this. Positions count bytes from the beginning of the output.
    private long written;
    /** The end of the last complete line. */
    private long wholeEnd;
    private long end;
    /** True while the current line is being lost, because it found no room. */
    private boolean losing;
    /** The number of lines lost at {@link #lostAt} that the writing thread has not taken yet. */
    private long lost;
    private long lostAt;
    /** True while the writing thread has bytes that are not written yet. */
    private boolean writing;
    private boolean closed;

    private QueuedOutput(OutputStream target, int bytesMax) {
        this.target = target;
        this.ring = new byte[bytesMax];
    }

    /** Starts a daemon thread that writes to this target. The target still belongs to the caller. */
    static QueuedOutput start(String name, OutputStream target, int bytesMax) {
        QueuedOutput output = new QueuedOutput(target, bytesMax);
        Thread.ofPlatform().name("iocp4j-output-" + name).daemon().start(output::writeAll);
        return output;
    }

    @Override
    public synchronized void write(int next) {
        append((byte) next);
        notifyAll();
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int count) {
        for (int i = 0; i < count; i++) {
            append(bytes[from + i]);
        }
        notifyAll();
    }

    /** Does nothing, because a line is written once it is complete. */
    @Override
    public void flush() {
    }

    private void append(byte next) {
        if (!losing && end - written == ring.length) {
            losing = true;
            end = wholeEnd;
        }
        if (!losing) {
            ring[(int) (end % ring.length)] = next;
            end++;
        }
        if (next == '\n') {
            endLine();
        }
    }

    private void endLine() {
        if (losing) {
            losing = false;
            lostAt = lost == 0 ? wholeEnd : lostAt;
            lost++;
        } else {
            wholeEnd = end;
        }
    }

    /** Waits up to a limit until the target has taken everything, an incomplete line included; true if it has. */
    synchronized boolean drain(Duration limit) throws InterruptedException {
        if (losing || end > wholeEnd) {
            endLine();
        }
        notifyAll();
        long deadline = System.nanoTime() + limit.toNanos();
        while (written < wholeEnd || lost > 0 || writing) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }

    /** Ends the output. The thread ends when the target has taken what is queued. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }

    private void writeAll() {
        try {
            for (int count = take(); count >= 0; count = take()) {
                writeTaken(count);
            }
        } catch (InterruptedException e) {
            // nothing else has a reference to this thread that could interrupt it
            throw new IllegalStateException(e);
        }
    }

    /** Takes the next bytes into {@link #piece}; returns their number, 0 where lines were lost, -1 at the end. */
    private synchronized int take() throws InterruptedException {
        while (written == wholeEnd && lost == 0 && !closed) {
            wait();
        }
        if (lost > 0 && written == lostAt) {
            refused += lost;
            lost = 0;
            writing = true;
            return 0;
        }
        if (written == wholeEnd) {
            return -1;
        }
        int from = (int) (written % ring.length);
        int count = (int) Math.min(Math.min(PIECE_BYTES, ring.length - from), (lost > 0 ? lostAt : wholeEnd) - written);
        System.arraycopy(ring, from, piece, 0, count);
        writing = true;
        return count;
    }

    private void writeTaken(int count) {
        try {
            if (refused > 0) {
                target.write(lostLines(refused));
                refused = 0;
            }
            target.write(piece, 0, count);
            target.flush();
        } catch (IOException | OutOfMemoryError e) {
            // A full disk may have room again later, and memory too. The output itself then reports the lost lines.
            refused += lines(count);
        }
        synchronized (this) {
            written += count;
            writing = false;
            notifyAll();
        }
    }

    private int lines(int count) {
        int lines = 0;
        for (int i = 0; i < count; i++) {
            lines += piece[i] == '\n' ? 1 : 0;
        }
        return lines;
    }

    private static byte[] lostLines(long lines) {
        return ("relay: lines lost here, because the output was blocked or failed: " + lines + System.lineSeparator())
                .getBytes(StandardCharsets.US_ASCII);
    }
}
