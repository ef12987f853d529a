package io.iocp4j.uring;

import java.lang.foreign.MemorySegment;

/** How {@link Ring} makes the system calls of io_uring. A test makes some of them fail. */
@FunctionalInterface
interface Kernel {
    /** The calls of the running system. */
    Kernel LINUX = LibC::syscall;

    /**
     * Makes a system call. It may block.
     *
     * @param errno memory that the call may use, see {@link LibC#newErrno}
     * @param number of the call
     * @param a the first argument; the others follow
     * @return the result, or minus errno
     */
    int call(MemorySegment errno, long number, long a, long b, long c, long d, long e, long f);
}
