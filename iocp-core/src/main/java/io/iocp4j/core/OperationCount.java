package io.iocp4j.core;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the operations that a port owes a completion for, and knows whether the port is open, closing or closed. It is
 * one number: the step that counts the last operation of a closing port off also finds that it was the last. Any
 * thread.
 */
final class OperationCount {
    /** The number below this bit counts operations. The bit says that the port is closing. */
    private static final long CLOSING = 1L << 62;
    /** Set once nothing is left of a closing port; every negative number means closed. */
    private static final long CLOSED = Long.MIN_VALUE;

    private final AtomicLong value = new AtomicLong();

    /** Counts one operation. If the port is closed, counts nothing and returns false. */
    boolean begin() {
        if (value.getAndIncrement() >= 0) {
            return true;
        }
        value.getAndDecrement();
        return false;
    }

    /** Counts operations off. Returns true for the last one of a closing port, which is closed from here on. */
    boolean end(int operations) {
        return value.addAndGet(-operations) == CLOSING && value.compareAndSet(CLOSING, CLOSED);
    }

    /**
     * Begins to close the port; returns false if that was done before. The closing itself counts as one operation. The
     * count therefore cannot reach 0 before the closing calls {@link #end}.
     */
    boolean beginClosing() {
        return isOpen(value.getAndUpdate(now -> isOpen(now) ? (now | CLOSING) + 1 : now));
    }

    /** Tells whether closing has not begun. */
    boolean isOpen() {
        return isOpen(value.get());
    }

    private static boolean isOpen(long value) {
        return value >= 0 && value < CLOSING;
    }

    /** Tells whether the last operation of a closing port has ended. */
    boolean isClosed() {
        return value.get() < 0;
    }

    /** Operations that were begun and not ended, 0 or more. */
    long outstanding() {
        long now = value.get();
        return now < 0 ? 0 : now & ~CLOSING;
    }
}
