package io.iocp4j.core;

import io.iocp4j.core.MemoryBudget.Kind;

/**
 * The memory that one connection, or one stream of an application, makes its port hold, see {@link MemoryBudget}. A
 * connection has one account ({@link TcpConnection#memory()}). An application may make others for memory that belongs
 * to no connection, such as a cache.
 *
 * <p>Any thread may call any method. The methods that a derived class overrides are called by the timer of the port,
 * without a lock of this library; they must not wait.
 */
public abstract class MemoryAccount implements AutoCloseable {
    private final CompletionPort port;
    private final MemoryBudget budget;
    private final long number;

    // guarded by this
    private final long[] charged = new long[Kind.values().length];
    private boolean closed;
    private boolean evicted;
    /** The bytes it held when it was ended, which are to be given back. */
    private final long[] expected = new long[Kind.values().length];

    /**
     * Opens an account.
     *
     * @param port whose budget it is
     */
    @SuppressWarnings("this-escape") // the budget only keeps it, and asks it nothing before memory is scarce
    protected MemoryAccount(CompletionPort port) {
        this.port = port;
        this.budget = port.buffers().budget();
        this.number = budget.opened(this);
    }

    /**
     * Charges memory before it is taken.
     *
     * @param kind of memory
     * @param bytes 0 or more
     * @return false if the budget is used up and this account would hold more than its fair share: then nothing was
     *        charged, the memory must not be taken, and the caller has to end its connection or stream, with
     *        {@link #refusal} as the reason
     */
    public final synchronized boolean charge(Kind kind, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a charge must not be negative: " + bytes);
        }
        if (closed) {
            // too late to count, and soon garbage
            return true;
        }
        boolean admitted = budget.charge(kind, bytes, charged[kind.ordinal()], port);
        if (admitted) {
            charged[kind.ordinal()] += bytes;
        }
        return admitted;
    }

    /**
     * Gives back what was charged.
     *
     * @param kind of memory
     * @param bytes 0 or more, not more than was charged
     * @throws IllegalStateException if it is more
     */
    public final synchronized void release(Kind kind, long bytes) {
        if (closed) {
            return;
        }
        if (bytes < 0 || bytes > charged[kind.ordinal()]) {
            throw new IllegalStateException(bytes + " bytes given back of " + charged[kind.ordinal()] + ": " + this);
        }
        charged[kind.ordinal()] -= bytes;
        budget.release(kind, bytes);
    }

    /**
     * Charges or gives back the difference, for memory that grows and shrinks.
     *
     * @param kind of memory
     * @param before bytes that were charged for it
     * @param after bytes that it takes from now on
     * @return as {@link #charge}
     */
    public final boolean change(Kind kind, long before, long after) {
        if (after > before) {
            return charge(kind, after - before);
        }
        if (after < before) {
            release(kind, before - after);
        }
        return true;
    }

    /**
     * The memory that was charged and not given back.
     *
     * @param kind of memory
     * @return bytes
     */
    public final synchronized long charged(Kind kind) {
        return charged[kind.ordinal()];
    }

    /**
     * The reason why a charge was refused, in words, with the limit.
     *
     * @param kind of memory
     * @return a text for the peer or the log
     */
    public final String refusal(Kind kind) {
        return budget.refusal(kind, held(kind));
    }

    /** Gives everything back. Later charges are not counted. */
    @Override
    public final void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            for (Kind kind : Kind.values()) {
                budget.release(kind, charged[kind.ordinal()]);
                charged[kind.ordinal()] = 0;
            }
        }
        budget.closed(this);
    }

    /**
     * The memory that this account holds, for the order in which accounts end: charged memory, and memory that is
     * counted elsewhere, such as buffers.
     *
     * @param kind of memory
     * @return bytes
     */
    protected long held(Kind kind) {
        return charged(kind);
    }

    /** Called when memory is tight: releases memory that is kept for speed only. Does nothing unless overridden. */
    protected void shrink() {
    }

    /**
     * Called once, when memory is scarce and this account holds most: ends the connection or stream and gives
     * everything back, now or a little later.
     *
     * @param reason in words, with the limit
     */
    protected abstract void evict(String reason);

    // ------------------------------------------------------------------ for the budget

    final MemoryBudget budget() {
        return budget;
    }

    final CompletionPort port() {
        return port;
    }

    /** Accounts are numbered in the order in which they were opened. */
    final long number() {
        return number;
    }

    /** Returns true at the first call. */
    final boolean beginEviction(Kind kind, long held) {
        synchronized (this) {
            if (evicted || closed) {
                return false;
            }
            evicted = true;
        }
        // what it holds of the other kind comes back as well; not under this lock, which is the last of all
        long[] now = new long[expected.length];
        for (Kind each : Kind.values()) {
            now[each.ordinal()] = each == kind ? held : held(each);
        }
        synchronized (this) {
            System.arraycopy(now, 0, expected, 0, now.length);
        }
        return true;
    }

    final synchronized long expected(Kind kind) {
        return expected[kind.ordinal()];
    }
}
