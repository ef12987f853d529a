package io.iocp4j.uring;

import static io.iocp4j.uring.LibC.INT;
import static io.iocp4j.uring.LibC.MEMORY;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The submission and the completion queue of io_uring, as the kernel's header io_uring.h lays them out. Any thread may
 * open it; from {@link #enable} on, only the thread that has called that may use it, until that thread has closed it.
 * Each submitted entry has exactly one completion, unless the ring breaks.
 *
 * <p>When the kernel lacks memory, the ring waits a little and goes on. Any other error that the kernel reports for the
 * ring itself, and not for an entry, breaks the ring for good: the kernel may have lost entries.
 */
final class Ring {
    static final long SETUP = 425;
    static final long ENTER = 426;
    static final long REGISTER = 427;
    private static final int OP_NOP = 0;

    private static final long REGISTER_PROBE = 8;
    private static final long ENABLE_RINGS = 12;
    private static final int PROBE_HEADER = 16;
    private static final int PROBE_OP = 8;
    private static final int OP_SUPPORTED = 1;

    /** CQSIZE, CLAMP, R_DISABLED, SUBMIT_ALL, SINGLE_ISSUER, DEFER_TASKRUN: all of them are there from Linux 6.1 on. */
    private static final int FLAGS = 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 12 | 1 << 13;
    private static final int FEAT_SINGLE_MMAP = 1;
    private static final int FEAT_NO_IOWAIT = 1 << 17;
    private static final int ENTER_GETEVENTS = 1;
    private static final int ENTER_EXT_ARG = 1 << 3;
    /** The size of io_uring_getevents_arg, which ends with the address of the time limit. A timespec follows here. */
    private static final int EXT_ARG_BYTES = 24;
    private static final int TIMESPEC_BYTES = 16;
    /** How long the ring waits for memory of the kernel before it tries again. */
    private static final long PAUSE_NANOS = 1_000_000;
    /** How often {@link #tryOnce} enters the ring if the kernel lacks memory. */
    private static final int TRIES_MAX = 100;
    /** The fewest entries to do with if the kernel has no memory for more, which it takes in one piece. */
    private static final int ENTRIES_MIN = 64;
    /** Without this flag, a server that waits for its peers looks like one that waits for a disk. */
    private static final int ENTER_NO_IOWAIT = 1 << 7;
    private static final long OFFSET_SQES = 0x10000000L;
    private static final int PARAMS_BYTES = 120;
    private static final int SQE_BYTES = 64;
    private static final int CQE_BYTES = 16;
    /** Room for a msghdr and {@code CompletionPort.GATHER_MAX} iovecs, or for an address. */
    private static final int SCRATCH_BYTES = 64 + 16 * 16;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment errno = LibC.newErrno(arena);
    private final Kernel kernel;
    private final int fd;
    private final int enterFlags;
    private final long rings;
    private final long ringsBytes;
    private final long sqes;
    private final int sqEntries;
    private final long sqHead;
    private final long sqTail;
    private final long cqHead;
    private final long cqTail;
    private final long cqes;
    private final int cqMask;
    private final long scratch;
    private final long pause;

    /** The tail of the submission queue, including entries that the kernel was not told of yet. */
    private int tail;
    /** The head of the completion queue. */
    private int head;
    private int inFlight;
    private boolean broken;
    private boolean closed;

    /**
     * Opens a ring.
     *
     * @param kernel makes the system calls
     * @param entries of the submission queue, a power of 2; the completion queue has four times as many. There are
     *        fewer if the kernel lacks memory.
     * @throws Errno if the kernel refuses
     */
    Ring(Kernel kernel, int entries) throws Errno {
        this.kernel = kernel;
        boolean open = false;
        int opened = -1;
        try {
            MemorySegment params = arena.allocate(PARAMS_BYTES, 8);
            opened = setUp(params, entries);
            fd = opened;
            sqEntries = params.get(ValueLayout.JAVA_INT, 0);
            int cqEntries = params.get(ValueLayout.JAVA_INT, 4);
            int features = params.get(ValueLayout.JAVA_INT, 20);
            if ((features & FEAT_SINGLE_MMAP) == 0) {
                throw new Errno("io_uring without FEAT_SINGLE_MMAP", -LibC.EINVAL);
            }
            enterFlags = ENTER_GETEVENTS | ((features & FEAT_NO_IOWAIT) == 0 ? 0 : ENTER_NO_IOWAIT);
            int array = params.get(ValueLayout.JAVA_INT, 40 + 24);
            int cqesOffset = params.get(ValueLayout.JAVA_INT, 80 + 20);
            ringsBytes = Math.max(array + 4L * sqEntries, cqesOffset + (long) CQE_BYTES * cqEntries);
            rings = map(fd, 0, ringsBytes);
            sqes = map(fd, OFFSET_SQES, (long) SQE_BYTES * sqEntries);
            sqHead = rings + params.get(ValueLayout.JAVA_INT, 40);
            sqTail = rings + params.get(ValueLayout.JAVA_INT, 40 + 4);
            cqHead = rings + params.get(ValueLayout.JAVA_INT, 80);
            cqTail = rings + params.get(ValueLayout.JAVA_INT, 80 + 4);
            cqMask = cqEntries - 1;
            cqes = rings + cqesOffset;
            scratch = arena.allocate((long) SCRATCH_BYTES * sqEntries, 8).address();
            MemorySegment extArg = arena.allocate(EXT_ARG_BYTES + TIMESPEC_BYTES, 8);
            pause = extArg.address();
            extArg.set(ValueLayout.JAVA_LONG, EXT_ARG_BYTES - 8, pause + EXT_ARG_BYTES);
            extArg.set(ValueLayout.JAVA_LONG, EXT_ARG_BYTES + 8, PAUSE_NANOS);
            for (int i = 0; i < sqEntries; i++) {
                // entries are used in their order
                MEMORY.set(ValueLayout.JAVA_INT, rings + array + 4L * i, i);
            }
            open = true;
        } finally {
            if (!open) {
                // the kernel unmaps what was mapped only at the end of the process; that is a few pages
                if (opened >= 0) {
                    LibC.close(opened);
                }
                arena.close();
            }
        }
    }

    private int setUp(MemorySegment params, int entries) throws Errno {
        int asked = entries;
        int result;
        boolean again;
        do {
            params.fill((byte) 0);
            params.set(ValueLayout.JAVA_INT, 4, 4 * asked);
            params.set(ValueLayout.JAVA_INT, 8, FLAGS);
            result = kernel.call(errno, SETUP, asked, params.address(), 0, 0, 0, 0);
            again = result == -LibC.ENOMEM && asked > ENTRIES_MIN;
            asked /= 2;
        } while (again);
        return Errno.check("io_uring_setup", result);
    }

    private static long map(int fd, long offset, long bytes) throws Errno {
        long address = LibC.map(fd, offset, bytes);
        if (address < 0 && address >= -4095) {
            throw new Errno("mmap", (int) address);
        }
        return address;
    }

    /** Makes the calling thread the only one that uses the ring. */
    void enable() {
        int result = kernel.call(errno, REGISTER, fd, ENABLE_RINGS, 0, 0, 0, 0);
        if (result < 0) {
            throw breaks("io_uring_register", result);
        }
    }

    /** Returns the first of these opcodes that the kernel does not have, -1 if it has all. */
    int missing(int... opcodes) throws Errno {
        try (Arena ofCall = Arena.ofConfined()) {
            int count = 256;
            MemorySegment probe = ofCall.allocate(PROBE_HEADER + PROBE_OP * count, 8);
            Errno.check("io_uring_register",
                    kernel.call(errno, REGISTER, fd, REGISTER_PROBE, probe.address(), count, 0, 0));
            for (int opcode : opcodes) {
                if ((probe.get(ValueLayout.JAVA_SHORT, PROBE_HEADER + PROBE_OP * opcode + 2) & OP_SUPPORTED) == 0) {
                    return opcode;
                }
            }
            return -1;
        }
    }

    // ------------------------------------------------------------------ submissions

    /**
     * Makes room for one entry, if necessary by submitting what waits. Returns false if the kernel takes nothing now,
     * or the ring is closed.
     */
    boolean reserve() {
        if (closed) {
            return false;
        }
        if (isFull()) {
            enter(0, 0);
        }
        return !isFull();
    }

    private boolean isFull() {
        return unsubmitted() == sqEntries;
    }

    private int unsubmitted() {
        return tail - (int) INT.getAcquire(MEMORY, sqHead);
    }

    /**
     * The address of memory for what the next entry refers to. The kernel reads it when the entry is submitted, and not
     * after that. Room was made before.
     */
    long scratch() {
        return scratch + (long) (tail & sqEntries - 1) * SCRATCH_BYTES;
    }

    /** Adds an entry, for which room was made. The fields are those of io_uring_sqe. */
    void add(int opcode, int ioprio, int descriptor, long off, long addr, int len, int opFlags, long userData) {
        long sqe = sqes + (long) (tail & sqEntries - 1) * SQE_BYTES;
        MEMORY.set(ValueLayout.JAVA_LONG, sqe, opcode | (long) ioprio << 16 | (long) descriptor << 32);
        MEMORY.set(ValueLayout.JAVA_LONG, sqe + 8, off);
        MEMORY.set(ValueLayout.JAVA_LONG, sqe + 16, addr);
        MEMORY.set(ValueLayout.JAVA_LONG, sqe + 24, len & 0xFFFFFFFFL | (long) opFlags << 32);
        MEMORY.set(ValueLayout.JAVA_LONG, sqe + 32, userData);
        MEMORY.set(ValueLayout.JAVA_LONG, sqe + 40, 0L);
        MEMORY.set(ValueLayout.JAVA_LONG, sqe + 48, 0L);
        MEMORY.set(ValueLayout.JAVA_LONG, sqe + 56, 0L);
        tail++;
        inFlight++;
    }

    /**
     * Submits the entries that were added, and lets the kernel store completions.
     *
     * @param wait whether to wait until there is at least one completion
     * @throws IllegalStateException if the ring breaks
     */
    void enter(boolean wait) {
        int result = enter(wait ? 1 : 0, enterFlags);
        if (result < 0) {
            // the caller's next turn tries again
            switch (-result) {
                case LibC.EINTR -> { }
                case LibC.EAGAIN, LibC.EBUSY, LibC.ENOMEM -> pause();
                default -> throw breaks("io_uring_enter", result);
            }
        }
    }

    private int enter(int min, int flags) {
        INT.setRelease(MEMORY, sqTail, tail);
        return kernel.call(errno, ENTER, fd, unsubmitted(), min, flags, 0, 0);
    }

    /** Submits nothing, and waits for a completion, at most {@link #PAUSE_NANOS}. */
    private void pause() {
        // what this returns does not matter: the next enter() meets the same
        kernel.call(errno, ENTER, fd, 0, 1, enterFlags | ENTER_EXT_ARG, pause, EXT_ARG_BYTES);
    }

    private IllegalStateException breaks(String call, int result) {
        broken = true;
        return new IllegalStateException(new Errno(call, result));
    }

    /** Submits an empty operation, and waits for its completion: shows that the calling thread may use the ring. */
    void tryOnce() throws Errno {
        try {
            enable();
            add(OP_NOP, 0, -1, 0, 0, 0, 0, 0);
            for (int i = 0; i < TRIES_MAX && !hasCompletion(); i++) {
                enter(true);
            }
            if (!hasCompletion()) {
                throw new Errno("io_uring_enter", -LibC.EAGAIN);
            }
            Errno.check("an empty operation", result());
            take();
        } catch (IllegalStateException e) {
            if (e.getCause() instanceof Errno errno) {
                throw errno;
            }
            throw e;
        }
    }

    /** Whether the kernel has failed the ring itself. */
    boolean isBroken() {
        return broken;
    }

    /** Entries whose completion was not taken yet. */
    int inFlight() {
        return inFlight;
    }

    // ------------------------------------------------------------------ completions

    boolean hasCompletion() {
        return head != (int) INT.getAcquire(MEMORY, cqTail);
    }

    /** The user data of the first completion. */
    long userData() {
        return MEMORY.get(ValueLayout.JAVA_LONG, cqe());
    }

    /** The result of the first completion: 0 or more, or minus errno. */
    int result() {
        return MEMORY.get(ValueLayout.JAVA_INT, cqe() + 8);
    }

    private long cqe() {
        return cqes + (long) (head & cqMask) * CQE_BYTES;
    }

    /** Removes the first completion. */
    void take() {
        head++;
        inFlight--;
        INT.setRelease(MEMORY, cqHead, head);
    }

    // ------------------------------------------------------------------ the end

    /**
     * Closes the ring. A second call does nothing. If an entry is in flight, the kernel cancels it, perhaps after this
     * call; so the memory of the ring is kept for good then.
     */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        LibC.unmap(rings, ringsBytes);
        LibC.unmap(sqes, (long) SQE_BYTES * sqEntries);
        LibC.close(fd);
        if (inFlight == 0) {
            arena.close();
        }
    }
}
