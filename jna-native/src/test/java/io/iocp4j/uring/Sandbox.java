package io.iocp4j.uring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A filter of system calls, as containers have one. It holds for all threads of the process, to its end. */
final class Sandbox {
    private static final long PRCTL = isX86() ? 157 : 167;
    private static final long SECCOMP = isX86() ? 317 : 277;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SET_MODE_FILTER = 1;
    private static final int ALL_THREADS = 1;
    /** Instructions of the filter: load a word, compare with a constant, return a constant. */
    private static final int LOAD = 0x20;
    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int RETURN = 0x06;
    private static final int ALLOW = 0x7fff0000;
    private static final int FAIL = 0x00050000;

    private Sandbox() {
    }

    private static boolean isX86() {
        return System.getProperty("os.arch").equals("amd64");
    }

    /** From now on a system call fails. */
    static void forbid(long number, int errno) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newErrno(arena);
            long[] filter = {
                // the number is the first word of what the filter reads
                instruction(LOAD, 0, 0, 0),
                instruction(JUMP_IF_EQUAL, 0, 1, (int) number),
                instruction(RETURN, 0, 0, FAIL | errno),
                instruction(RETURN, 0, 0, ALLOW)};
            MemorySegment program = arena.allocate(16, 8);
            program.set(ValueLayout.JAVA_SHORT, 0, (short) filter.length);
            program.set(ValueLayout.ADDRESS, 8, arena.allocateFrom(ValueLayout.JAVA_LONG, filter));
            Errno.check("prctl", LibC.syscall(state, PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0));
            Errno.check("seccomp",
                    LibC.syscall(state, SECCOMP, SET_MODE_FILTER, ALL_THREADS, program.address(), 0, 0, 0));
        }
    }

    /** A sock_filter: the code, two jumps, a constant. */
    private static long instruction(int code, int ifTrue, int ifFalse, int constant) {
        return code | (long) ifTrue << 16 | (long) ifFalse << 24 | (long) constant << 32;
    }
}
