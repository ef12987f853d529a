package io.iocp4j.core;

import io.iocp4j.core.MemoryBudget.Kind;

/**
 * The memory that one connection, or one stream of an application, makes its port hold, see {@link MemoryBudget}. A
 * connection has one account ({@link TcpConnection#memory()}). An application may make others for memory that belongs
 * to no connection, such as a cache.
 *
 * <p>Any thread may call any method. The timer of the port calls the methods that a derived class overrides, without a
 * lock of this library; they must not block.
 */
public abstract class MemoryAccount implements AutoCloseable {
    private final CompletionPort port;
    private final MemoryBudget budget;
    private final long number;

    // guarded by this
    private final long[] charged = new long[Kind.values().length];
    private boolean closed;
    private boolean evicted;
    /** The bytes that it held when it was ended, and that it will give back. */
    private final long[] expected = new long[Kind.values().length];

    /**
     * Opens an account.
     *
     * @param port the port whose budget limits the account
     */
    @SuppressWarnings("this-escape") // the budget only keeps it, and asks it nothing before memory is scarce
    protected MemoryAccount(CompletionPort port) {
        this.port = port;
        this.budget = port.buffers().budget();
        this.number = budget.opened(this);
    }

    /**
     * Charges memory before it is allocated.
     *
     * @param kind of memory
     * @param bytes 0 or more
     * @return false if the budget is used up and this account would hold more than its fair share: then nothing was
     *        charged, the caller must not allocate the memory, and must end its connection or stream, with
     *        {@link #refusal} as the reason
     */
    public final synchronized boolean charge(Kind kind, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a charge must not be negative: " + bytes);
        }
        if (closed) {
            // the account is closed: its memory is soon garbage, so it is not counted
            return true;
        }
        boolean admitted = budget.charge(kind, bytes, charged[kind.ordinal()], port);
        if (admitted) {
            charged[kind.ordinal()] += bytes;
        }
        return admitted;
    }

    /**
     * Gives back memory that was charged.
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
     * The memory that this account holds: charged memory, and memory that is counted elsewhere, such as buffers. It
     * decides the order in which accounts end.
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

    /** Returns the number of the account; accounts are numbered in the order in which they were opened. */
    final long number() {
        return number;
    }

    /** Begins the end of this account. Returns true at the first call. */
    final boolean beginEviction(Kind kind, long held) {
        synchronized (this) {
            if (evicted || closed) {
                return false;
            }
            evicted = true;
        }
        // memory of the other kind comes back as well. held() is called outside this lock, because no lock may be taken
        // under it
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
