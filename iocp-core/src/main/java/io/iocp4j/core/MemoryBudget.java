package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the memory that peers may make a port hold, over all connections. Limits per connection are not enough: many
 * small connections, each within its limits, could use up the memory of the process.
 *
 * <p>{@link MemoryAccount#charge} counts heap memory before it is allocated. The {@link BufferPool} counts the direct
 * memory that is taken from it; a layer also charges other memory outside the heap (zlib). An account is the memory of
 * one connection, or of one stream of an application.
 *
 * <ul>
 * <li>Above {@link #TIGHT_PERCENT} connections shrink, receives do not grow, and a new connection of a server is not
 *     read from. It waits until less memory is used, but not longer than {@link #NEWCOMER_WAIT_MAX}.</li>
 * <li>While a new connection waits, the connections that hold more than their fair share end, the one that holds most
 *     first, until the new one need not wait. If none holds more than its share, the one that holds most ends after a
 *     second: peers that all hold the same must not keep every newcomer out.</li>
 * <li>Above {@link #SCARCE_PERCENT} the account that holds most is ended, then the next, until the use falls below that
 *     level. Of two that hold the same, the younger ends first.</li>
 * <li>At the limit a charge is refused, but only to an account that would hold more than its fair share, which is the
 *     limit divided by the number of accounts. So a small account is never refused memory because of a greedy one. The
 *     shares add up to the limit, so this can exceed the limit by at most the limit itself, until the accounts that
 *     hold most have ended.</li>
 * </ul>
 *
 * <p>Safe for any number of threads. A charge takes two atomic steps. The search for the accounts that hold most runs
 * on the timer of the port.
 */
public final class MemoryBudget {
    private static final System.Logger LOG = new GuardedLog(MemoryBudget.class);

    /** The kinds of memory, each with its own limit. */
    public enum Kind {
        /** Objects and arrays. */
        HEAP("heap"),
        /** Outside the heap: buffers of the pool, contexts of zlib. */
        DIRECT("direct memory");

        private final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    /** The default limit of heap memory, in percent of the largest heap. */
    public static final int HEAP_PERCENT_DEFAULT = 40;
    /** The default limit of direct memory, in percent of the largest direct memory. */
    public static final int DIRECT_PERCENT_DEFAULT = 60;
    /** Above this part of a limit, connections shrink and newcomers wait. */
    public static final int TIGHT_PERCENT = 75;
    /** Above this part of a limit, the accounts that hold most end. */
    public static final int SCARCE_PERCENT = 90;
    /**
     * How long a new plain connection of a server waits for memory before it ends with {@link IoError#NO_BUFFERS}. With
     * TLS, {@link TcpOptions#handshakeTimeout()} limits this wait; its default is the same.
     */
    public static final Duration NEWCOMER_WAIT_MAX = Duration.ofSeconds(10);
    /**
     * How long a newcomer waits before the account that holds most ends for it, although it holds no more than its fair
     * share.
     */
    static final Duration PATIENCE = Duration.ofSeconds(1);
    /** The charge of a connection for its own objects, in bytes of heap. */
    public static final int CONNECTION_BYTES = 4 << 10;
    /**
     * The most connections of a server whose {@link TcpOptions#maxConnections()} was not set, even if the budget is
     * larger.
     */
    public static final int CONNECTIONS_MAX = 100_000;

    private final MemoryLedger[] ledgers;
    private final Set<MemoryAccount> accounts = ConcurrentHashMap.newKeySet();
    /** The accounts that were ended and have not given everything back. */
    private final Set<MemoryAccount> ending = ConcurrentHashMap.newKeySet();
    private final AtomicLong accountsMade = new AtomicLong();
    private final AtomicLong evicted = new AtomicLong();
    /** Tasks that wait until memory is no longer tight, by the number of the account: in the order of arrival. */
    private final ConcurrentSkipListMap<Long, Waiting> waiting = new ConcurrentSkipListMap<>();

    /**
     * Tasks that run when memory was given back, if {@link #retryDue} is set. Added in advance, since that needs
     * memory.
     */
    private final List<Retry> retries = new CopyOnWriteArrayList<>();
    private volatile boolean retryDue;

    private record Retry(CompletionPort port, Runnable task) {
    }

    private record Waiting(CompletionPort port, Runnable task) {
    }

    private record Candidate(MemoryAccount account, long held) {
        /** Orders the account that holds most first, and of equals the younger. */
        static final Comparator<Candidate> ORDER = Comparator.comparingLong(Candidate::held)
                .thenComparingLong(candidate -> candidate.account.number()).reversed();
    }

    /** Makes the budget of a pool; a limit of 0 is the default for this process. */
    MemoryBudget(BufferPool pool, long maxHeap, long maxDirect) {
        ledgers = new MemoryLedger[] {
            MemoryLedger.ofHeap(maxHeap), MemoryLedger.ofDirect(maxDirect, pool)
        };
    }

    private MemoryLedger ledger(Kind kind) {
        return ledgers[kind.ordinal()];
    }

    // ------------------------------------------------------------------ facts

    /**
     * The limit.
     *
     * @param kind of memory
     * @return bytes, 1 or more
     */
    public long max(Kind kind) {
        return ledger(kind).max;
    }

    /**
     * The memory that is held now.
     *
     * @param kind of memory
     * @return bytes; for a moment it may be above the limit
     */
    public long used(Kind kind) {
        return ledger(kind).used();
    }

    /**
     * Tells whether newcomers wait and connections shrink.
     *
     * @return true above {@link #TIGHT_PERCENT} of heap or direct memory
     */
    public boolean isTight() {
        return isTight(Kind.DIRECT) || isTight(Kind.HEAP);
    }

    boolean isTight(Kind kind) {
        MemoryLedger ledger = ledger(kind);
        return ledger.used() > ledger.tight;
    }

    /**
     * The accounts that were ended because they held most when memory was scarce.
     *
     * @return how many since the port was opened
     */
    public long evicted() {
        return evicted.get();
    }

    /**
     * The most connections of a server whose {@link TcpOptions#maxConnections()} was not set: as many as half of the
     * heap's budget has room for. The other half is for the data that they hold.
     *
     * @return 1 to {@link #CONNECTIONS_MAX}
     */
    public int maxConnections() {
        return Math.clamp(max(Kind.HEAP) / 2 / CONNECTION_BYTES, 1, CONNECTIONS_MAX);
    }

    // ------------------------------------------------------------------ from accounts

    /** Takes a new account in; returns its number. */
    long opened(MemoryAccount account) {
        accounts.add(account);
        return accountsMade.incrementAndGet();
    }

    void closed(MemoryAccount account) {
        accounts.remove(account);
        ending.remove(account);
        // no account should end for one that is gone
        waiting.remove(account.number());
        for (Kind kind : Kind.values()) {
            // the budget may have waited for the end of this account
            grown(kind, account.port());
        }
        shrunk();
    }

    /** Charges an account that holds the given bytes; returns false if it may not take more. */
    boolean charge(Kind kind, long bytes, long held, CompletionPort port) {
        MemoryLedger ledger = ledger(kind);
        if (!admits(kind, bytes, held)) {
            grown(kind, port);
            return false;
        }
        ledger.charged.addAndGet(bytes);
        grown(kind, port);
        return true;
    }

    void release(Kind kind, long bytes) {
        ledger(kind).charged.addAndGet(-bytes);
        shrunk();
    }

    /** Tells whether an account that holds {@code held} bytes may take {@code bytes} more. */
    boolean admits(Kind kind, long bytes, long held) {
        MemoryLedger ledger = ledger(kind);
        return bytes <= ledger.max - ledger.used() || held + bytes <= share(kind);
    }

    private long share(Kind kind) {
        return max(kind) / Math.max(1, accounts.size());
    }

    /**
     * Called when more memory may be in use. Starts the measures of the new level, on the timer of the port.
     */
    void grown(Kind kind, CompletionPort port) {
        MemoryLedger ledger = ledger(kind);
        long used = ledger.used();
        if (used <= ledger.tight) {
            // read first: mostly there is nothing to write, and all workers share this cache line
            if (ledger.shrinking.getOpaque()) {
                ledger.shrinking.setOpaque(false);
            }
        } else if (ledger.shrinking.compareAndSet(false, true)) {
            FlightEvents.MemoryTight.commit(kind.text, used, ledger.max);
            later(port, () -> accounts.forEach(account -> guarded(account, account::shrink)));
        }
        if (used > ledger.scarce) {
            relieveLater(kind, port);
        }
    }

    private void relieveLater(Kind kind, CompletionPort port) {
        MemoryLedger ledger = ledger(kind);
        if (ledger.relieving.compareAndSet(false, true) && !later(port, () -> relieve(kind, share(kind)))) {
            ledger.relieving.set(false);
        }
    }

    /** Called when less memory may be used than before: newcomers may go on. */
    void shrunk() {
        if (retryDue && !isTight()) {
            tryAgain();
        }
        if (!waiting.isEmpty() && !isTight()) {
            // one task for each: they may belong to several ports, and one that cannot run must not stop the others
            var next = waiting.pollFirstEntry();
            while (next != null) {
                later(next.getValue().port, next.getValue().task);
                next = isTight() ? null : waiting.pollFirstEntry();
            }
        }
    }

    private void tryAgain() {
        retryDue = false;
        try {
            for (Retry retry : retries) {
                later(retry.port, retry.task);
            }
        } catch (Throwable thrown) {
            // not thrown to the caller, which only gave memory back; there may be more memory the next time
            retryDue = true;
        }
    }

    /**
     * Adds a task that runs on the timer of its port when memory was given back after {@link #retryDue()}. Called in
     * advance, since this takes memory; the task may find that nothing is left to do.
     */
    void addRetry(CompletionPort port, Runnable task) {
        retries.add(new Retry(port, task));
    }

    /** Removes a task that was added with {@link #addRetry}. */
    void removeRetry(Runnable task) {
        retries.removeIf(retry -> retry.task == task);
    }

    /** Called when there was no memory for an action that has to be tried again. */
    void retryDue() {
        retryDue = true;
    }

    /**
     * Runs the task on the timer of the account's port, at once or when memory is no longer tight. Dropped if the
     * account or the port ends before. An account has at most one waiting task.
     */
    void whenRelaxed(MemoryAccount account, Runnable task) {
        waiting.put(account.number(), new Waiting(account.port(), task));
        if (!accounts.contains(account)) {
            // closed meanwhile, and perhaps before it waited
            waiting.remove(account.number());
        }
        shrunk();
        for (Kind kind : Kind.values()) {
            if (isTight(kind)) {
                relieveLater(kind, account.port());
            }
        }
        if (waiting.containsKey(account.number())) {
            later(account.port(), PATIENCE, () -> waitedLong(account));
        }
    }

    /**
     * Ends the account that holds most, of equals the youngest, for a newcomer, even if none exceeds its share.
     */
    private void waitedLong(MemoryAccount account) {
        for (Kind kind : Kind.values()) {
            MemoryLedger ledger = ledger(kind);
            if (waiting.containsKey(account.number()) && isTight(kind) && ledger.relieving.compareAndSet(false, true)) {
                relieve(kind, ledger.tight / Math.max(1, accounts.size()));
            }
        }
    }

    private static boolean later(CompletionPort port, Runnable task) {
        return later(port, Duration.ZERO, task);
    }

    private static boolean later(CompletionPort port, Duration delay, Runnable task) {
        try {
            return !port.schedule(delay, task).isCancelled();
        } catch (RejectedExecutionException e) {
            // the port is closed, and gives everything back
            return false;
        }
    }

    // ------------------------------------------------------------------ relief

    /** Ends the accounts that hold most. Accounts above the given share may be ended for a newcomer. */
    private void relieve(Kind kind, long share) {
        MemoryLedger ledger = ledger(kind);
        try {
            // an account that was ended will give back the memory that it held then, so no other has to end for that;
            // memory that it has taken since does not count
            long used = ledger.used()
                    - ending.stream().mapToLong(account -> Math.min(account.held(kind), account.expected(kind))).sum();
            long goal = waiting.isEmpty() ? ledger.scarce : ledger.tight;
            if (used <= goal) {
                return;
            }
            List<Candidate> all = accounts.stream().map(account -> new Candidate(account, account.held(kind)))
                    .filter(candidate -> candidate.held > (used > ledger.scarce ? 0 : share))
                    .sorted(Candidate.ORDER).toList();
            long left = used;
            for (Candidate next : all) {
                boolean wanted = left > ledger.scarce || left > goal && next.held > share;
                if (wanted && next.account.beginEviction(kind, next.held)) {
                    left -= next.held;
                    evict(kind, next);
                }
            }
        } finally {
            ledger.relieving.set(false);
        }
    }

    private void evict(Kind kind, Candidate greedy) {
        evicted.incrementAndGet();
        ending.add(greedy.account);
        if (!accounts.contains(greedy.account)) {
            // closed meanwhile, and perhaps before it was among those that end
            ending.remove(greedy.account);
        }
        FlightEvents.MemoryEviction.commit(kind.text, used(kind), max(kind), greedy.held, greedy.account.toString());
        guarded(greedy.account, () -> greedy.account.evict(refusal(kind, greedy.held)));
    }

    /** Calls an account; its exception must not stop the calls of the others. */
    private static void guarded(MemoryAccount account, Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "the account " + account + " threw", e);
        }
    }

    /** Returns the reason why an account got no more memory, or was ended. */
    String refusal(Kind kind, long held) {
        return "the " + kind.text + " of all connections is " + size(used(kind)) + " of " + size(max(kind))
                + ", and this one holds " + size(held);
    }

    private static String size(long bytes) {
        return bytes < 10 << 10 ? bytes + " B" : bytes < 10L << 20 ? (bytes >> 10) + " KiB" : (bytes >> 20) + " MiB";
    }
}
