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
 * What the peers of a port may make it hold, over all connections: limits per connection alone let many small
 * connections, each within every limit, use up the memory of the process.
 *
 * <p>Heap is counted by {@link MemoryAccount#charge}, before it is taken. Direct memory is counted where it is taken,
 * in the {@link BufferPool}; what a layer holds outside the heap besides (zlib) it charges too. An account is what one
 * connection holds, or a stream of an application.
 *
 * <ul>
 * <li>Above {@link #TIGHT_PERCENT} connections shrink, receives do not grow, and a new connection is not read from
 *     until it is less.</li>
 * <li>While a new connection waits, those that hold more than their fair share end, until it need not wait: the one
 *     that holds most first. Where nobody does, the one that holds most ends after a second: some peers that hold the
 *     same must not keep all others out.</li>
 * <li>Above {@link #SCARCE_PERCENT} the account that holds most is ended, then the next, until it would be less; of two
 *     that hold the same the younger.</li>
 * <li>At the limit a charge is refused, but only to an account that would hold more than its fair share, which is the
 *     limit over the number of accounts: what a small one asks is never refused because of a greedy one. Since not
 *     everybody can be above the share, at most the limit once more is taken that way, until those that hold most have
 *     ended.</li>
 * </ul>
 *
 * <p>Safe for any number of threads. Charging is two atomic steps; looking for who holds most is done on the timer of
 * the port.
 */
public final class MemoryBudget {
    private static final System.Logger LOG = new GuardedLog(MemoryBudget.class);

    /** Where memory is. */
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
    /** From here on everybody shrinks, and newcomers wait. */
    public static final int TIGHT_PERCENT = 75;
    /** From here on those that hold most end. */
    public static final int SCARCE_PERCENT = 90;
    /**
     * How long a new plain connection of a server waits for memory before it ends with {@link IoError#NO_BUFFERS}: as
     * long as {@link TcpOptions#handshakeTimeout()} is by default, which limits the same wait of one with TLS.
     */
    public static final Duration NEWCOMER_WAIT_MAX = Duration.ofSeconds(10);
    /** How long a newcomer waits before somebody ends for it although nobody holds more than the fair share. */
    static final Duration PATIENCE = Duration.ofSeconds(1);
    /** What a connection is charged for itself, in bytes of heap. */
    public static final int CONNECTION_BYTES = 4 << 10;
    /** Connections of a server whose {@link TcpOptions#maxConnections()} were not set, however large the budget is. */
    public static final int CONNECTIONS_MAX = 100_000;

    private final MemoryLedger[] ledgers;
    private final Set<MemoryAccount> accounts = ConcurrentHashMap.newKeySet();
    /** Those that were ended and have not given everything back. */
    private final Set<MemoryAccount> ending = ConcurrentHashMap.newKeySet();
    private final AtomicLong accountsMade = new AtomicLong();
    private final AtomicLong evicted = new AtomicLong();
    /** Tasks that wait until memory is no longer tight, by the number of the account: in the order of arrival. */
    private final ConcurrentSkipListMap<Long, Waiting> waiting = new ConcurrentSkipListMap<>();

    /**
     * Tried again when memory was given back, if {@link #retryDue}: for what could not even wait, for want of memory.
     */
    private final List<Retry> retries = new CopyOnWriteArrayList<>();
    private volatile boolean retryDue;

    private record Retry(CompletionPort port, Runnable task) {
    }

    private record Waiting(CompletionPort port, Runnable task) {
    }

    private record Candidate(MemoryAccount account, long held) {
        /** The account that holds most comes first, of equals the younger. */
        static final Comparator<Candidate> ORDER = Comparator.comparingLong(Candidate::held)
                .thenComparingLong(candidate -> candidate.account.number()).reversed();
    }

    /** For a pool; 0 is the default for this process. */
    MemoryBudget(BufferPool pool, long heapMax, long directMax) {
        ledgers = new MemoryLedger[] {
            MemoryLedger.ofHeap(heapMax), MemoryLedger.ofDirect(directMax, pool)
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
     * What is held now.
     *
     * @param kind of memory
     * @return bytes; for a moment it may be above the limit
     */
    public long used(Kind kind) {
        return ledger(kind).used();
    }

    /**
     * Whether newcomers wait and everybody shrinks.
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
     * Accounts that were ended because they held most when memory was scarce.
     *
     * @return how many since the port was opened
     */
    public long evicted() {
        return evicted.get();
    }

    /**
     * How many connections fit: what a server takes whose {@link TcpOptions#maxConnections()} were not set. Half of the
     * heap's budget is for what they hold besides themselves.
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
        // nobody has to end for who has gone
        waiting.remove(account.number());
        for (Kind kind : Kind.values()) {
            // it may have been one of those whose end was waited for
            grown(kind, account.port());
        }
        shrunk();
    }

    /** Whether an account that holds so much may take more; then it is counted as charged. */
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

    /** Whether an account that holds so much may take so much more. */
    boolean admits(Kind kind, long bytes, long held) {
        MemoryLedger ledger = ledger(kind);
        return bytes <= ledger.max - ledger.used() || held + bytes <= share(kind);
    }

    private long share(Kind kind) {
        return max(kind) / Math.max(1, accounts.size());
    }

    /** There may be more of it than before: brings about what has to be done about that, on the timer of the port. */
    void grown(Kind kind, CompletionPort port) {
        MemoryLedger ledger = ledger(kind);
        long used = ledger.used();
        if (used <= ledger.tight) {
            // read first: most of the time there is nothing to write, to memory that all workers share
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

    /** There may be less of it than before: newcomers may go on. */
    void shrunk() {
        if (retryDue && !isTight()) {
            tryAgain();
        }
        if (!waiting.isEmpty() && !isTight()) {
            // each by itself: they may be of several ports, and one that cannot go on keeps nobody
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
            // not to whoever gives memory back; there may be more of it the next time
            retryDue = true;
        }
    }

    /**
     * Takes in what is run, on the timer of its port, when memory was given back after {@link #retryDue()}. Called
     * before it is needed, since this takes memory; a task that has nothing to do then does nothing.
     */
    void addRetry(CompletionPort port, Runnable task) {
        retries.add(new Retry(port, task));
    }

    /** Forgets what was taken in with {@link #addRetry}. */
    void removeRetry(Runnable task) {
        retries.removeIf(retry -> retry.task == task);
    }

    /** There was no memory for something that has to be tried again. */
    void retryDue() {
        retryDue = true;
    }

    /**
     * Runs the task on the timer of the account's port, at once or when memory is no longer tight. Dropped if the
     * account or the port ends before; an account waits for one thing at a time.
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
     * Those that hold most may all hold the same, and none of them more than its share: then the youngest of them ends
     * all the same.
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
            // the port is at its end, and gives everything back
            return false;
        }
    }

    // ------------------------------------------------------------------ relief

    /** Those above the given share may be ended for a newcomer. */
    private void relieve(Kind kind, long share) {
        MemoryLedger ledger = ledger(kind);
        try {
            // who was ended before gives back what it held then, and nobody else has to for that; what it has taken
            // since is not to be had
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

    /** An account that throws keeps nobody else from its turn. */
    private static void guarded(MemoryAccount account, Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "the account " + account + " threw", e);
        }
    }

    /** Why an account got nothing more, or was ended, in words. */
    String refusal(Kind kind, long held) {
        return "the " + kind.text + " of all connections is " + size(used(kind)) + " of " + size(max(kind))
                + ", and this one holds " + size(held);
    }

    private static String size(long bytes) {
        return bytes < 10 << 10 ? bytes + " B" : bytes < 10L << 20 ? (bytes >> 10) + " KiB" : (bytes >> 20) + " MiB";
    }
}
