package io.iocp4j.core;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the operations that a port owes a completion for, and knows whether the port is open, closing or closed. One
 * number, so that the end of the last operation of a closing port is found with the step that counts it. Any thread.
 */
final class OperationCount {
    /** The number below this bit counts operations. The bit says that the port is closing. */
    private static final long CLOSING = 1L << 62;
    /** Set once nothing is left of a closing port; every negative number means closed. */
    private static final long CLOSED = Long.MIN_VALUE;

    private final AtomicLong value = new AtomicLong();

    /** Counts one operation; false, and counts nothing, if the port is closed. */
    boolean begin() {
        if (value.getAndIncrement() >= 0) {
            return true;
        }
        value.getAndDecrement();
        return false;
    }

    /** Counts operations off; true for the last of a closing port, which is closed from here on. */
    boolean end(int operations) {
        return value.addAndGet(-operations) == CLOSING && value.compareAndSet(CLOSING, CLOSED);
    }

    /**
     * Begins to close the port; false if that was done before. One operation is counted for the closing itself, so that
     * the count cannot reach 0 before it was ended with {@link #end}.
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
