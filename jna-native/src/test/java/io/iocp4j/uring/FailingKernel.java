package io.iocp4j.uring;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The kernel of this system, except for the calls that a test lets fail. */
final class FailingKernel implements Kernel {
    /** The descriptors of the rings that were set up, in their order. */
    private final List<Integer> rings = new CopyOnWriteArrayList<>();
    /** How many entries each setup has asked for, also those that failed. */
    private final List<Long> asked = new CopyOnWriteArrayList<>();

    // Guarded by this.
    private long failing = -1;
    private int errno;
    private int passBefore;
    private int left;
    private int brokenRing = -1;

    /**
     * Lets calls fail.
     *
     * @param number the system call
     * @param with errno
     * @param after how many calls succeed before
     * @param count how many fail
     */
    synchronized void fail(long number, int with, int after, int count) {
        failing = number;
        errno = with;
        passBefore = after;
        left = count;
    }

    /** Lets a ring, the n-th that was set up, fail each time that it is entered. */
    synchronized void breakRing(int n, int with) {
        brokenRing = rings.get(n);
        errno = with;
    }

    List<Long> asked() {
        return asked;
    }

    int rings() {
        return rings.size();
    }

    /** Returns minus errno if the call is to fail, else 0. */
    private synchronized int failure(long number, long fd) {
        if (number == Ring.ENTER && fd == brokenRing) {
            return -errno;
        }
        if (number != failing || left == 0 || passBefore-- > 0) {
            return 0;
        }
        left--;
        return -errno;
    }

    private synchronized void opened(int ring) {
        rings.add(ring);
        if (ring == brokenRing) {
            // the number of a descriptor is used again
            brokenRing = -1;
        }
    }

    @Override
    public int call(MemorySegment memory, long number, long a, long b, long c, long d, long e, long f) {
        if (number == Ring.SETUP) {
            asked.add(a);
        }
        int result = failure(number, a);
        if (result == 0) {
            result = LINUX.call(memory, number, a, b, c, d, e, f);
            if (number == Ring.SETUP && result >= 0) {
                opened(result);
            }
        }
        return result;
    }
}
