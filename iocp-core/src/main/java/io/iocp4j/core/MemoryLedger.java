package io.iocp4j.core;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** One kind of memory of a {@link MemoryBudget}: its limits and the memory held, in bytes. Any thread. */
final class MemoryLedger {
    final long max;
    final long tight;
    final long scarce;
    /** Null for the heap, all of which is charged. */
    private final BufferPool pool;
    final AtomicLong charged = new AtomicLong();
    /** True if all accounts were asked to shrink, and memory has been tight since then. */
    final AtomicBoolean shrinking = new AtomicBoolean();
    /** True if a task searches for the accounts that hold most, or is about to. */
    final AtomicBoolean relieving = new AtomicBoolean();

    private MemoryLedger(long max, BufferPool pool) {
        if (max < 1) {
            throw new IllegalArgumentException("a budget has at least 1 byte: " + max);
        }
        this.max = max;
        this.tight = percent(max, MemoryBudget.TIGHT_PERCENT);
        this.scarce = percent(max, MemoryBudget.SCARCE_PERCENT);
        this.pool = pool;
    }

    /** Makes the ledger of the heap; a limit of 0 is the default for this process. */
    static MemoryLedger ofHeap(long max) {
        return new MemoryLedger(max == 0 ? percent(Process.HEAP, MemoryBudget.HEAP_PERCENT_DEFAULT) : max, null);
    }

    /** Makes the ledger of direct memory, which the pool counts; a limit of 0 is the default for this process. */
    static MemoryLedger ofDirect(long max, BufferPool pool) {
        return new MemoryLedger(max == 0 ? percent(Process.DIRECT, MemoryBudget.DIRECT_PERCENT_DEFAULT) : max, pool);
    }

    long used() {
        return charged.get() + (pool == null ? 0 : pool.outBytes());
    }

    private static long percent(long whole, int percent) {
        return whole / 100 * percent + whole % 100 * percent / 100;
    }

    /** The most memory that the process may have, found once. */
    private static final class Process {
        static final long HEAP = Runtime.getRuntime().maxMemory();
        static final long DIRECT = direct();

        private Process() {
        }

        /** The JDK's own default is the size of the heap. */
        private static long direct() {
            try {
                long set = Long.parseLong(ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .getVMOption("MaxDirectMemorySize").getValue());
                return set > 0 ? set : HEAP;
            } catch (IllegalArgumentException | NullPointerException e) {
                // a virtual machine without this option, or without this bean
                return HEAP;
            }
        }
    }
}
