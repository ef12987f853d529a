package io.iocp4j.relay;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * An output for lines, whose callers never wait for the one who reads it: a terminal in which somebody selects text, or a pipe that nobody
 * reads, takes nothing for as long as it likes, and would stop every worker that logs. Lines wait here, in memory that is taken once, and
 * a thread of its own writes them. A line for which there is no room is lost, and where that was, the output says how many there were.
 *
 * <p>Any thread may write. A line counts from its end on: what has none yet waits for it, or for {@link #drain}.
 */
final class QueuedOutput extends OutputStream {
    /** What may wait, in bytes. */
    static final int BYTES_MAX = 256 << 10;
    private static final int PIECE_BYTES = 8 << 10;

    private final OutputStream target;
    private final byte[] ring;
    /** Of the thread that writes. */
    private final byte[] piece = new byte[PIECE_BYTES];
    /** Lines that the target refused, of the same thread. */
    private long refused;

    // guarded by this; places count from the beginning of the output
    private long written;
    private long wholeEnd;
    private long end;
    /** The line under way has found no room. */
    private boolean losing;
    private long lost;
    private long lostAt;
    /** The thread has taken what is not written yet. */
    private boolean writing;
    private boolean closed;

    private QueuedOutput(OutputStream target, int bytesMax) {
        this.target = target;
        this.ring = new byte[bytesMax];
    }

    /** Starts the thread that writes to this target, which is the caller's; it never keeps the process running. */
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

    /** Does nothing: the end of a line is what counts. */
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

    /** Waits until the target has taken everything, half a line too, but not longer; true if it has. */
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

    /** Nothing comes any more; the thread ends when the target has taken what waits. */
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
            // nobody has this thread to interrupt it
            throw new IllegalStateException(e);
        }
    }

    /** The next bytes, none where lines are missing; -1 at the end. */
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
                target.write(missing(refused));
                refused = 0;
            }
            target.write(piece, 0, count);
            target.flush();
        } catch (IOException | OutOfMemoryError e) {
            // a disk that is full may have room again, memory too; there is nobody to tell but who reads this output then
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

    private static byte[] missing(long lines) {
        return ("relay: lines missing here, because nobody read them in time: " + lines + System.lineSeparator())
                .getBytes(StandardCharsets.US_ASCII);
    }
}
