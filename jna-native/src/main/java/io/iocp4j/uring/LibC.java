package io.iocp4j.uring;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The calls of the C library that the engine makes. Addresses are long. Each call returns what the function returns, or
 * minus errno if that is -1. Numbers are those of Linux on x86-64 and aarch64, which are the same for all that is here.
 */
@SuppressWarnings("restricted") // the engine is native by purpose; it needs the permission for native access
final class LibC {
    static final int EPERM = 1;
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int EINVAL = 22;
    static final int ENOSYS = 38;
    static final int ENOPROTOOPT = 92;
    static final int EAFNOSUPPORT = 97;
    static final int ECANCELED = 125;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int SHUT_WR = 1;

    /** The whole memory: offsets are addresses. A constant, so that an access costs no check of its bounds. */
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    static final VarHandle INT = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();

    private static final int SOCK_STREAM = 1;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ValueLayout.OfInt I = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong L = ValueLayout.JAVA_LONG;

    private static final MethodHandle SYSCALL = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("syscall"), FunctionDescriptor.of(L, L, L, L, L, L, L, L),
            Linker.Option.captureCallState("errno"), Linker.Option.firstVariadicArg(1));
    private static final MethodHandle MMAP =
            function("mmap", FunctionDescriptor.of(L, L, L, I, I, I, L));
    private static final MethodHandle MUNMAP = function("munmap", FunctionDescriptor.of(I, L, L));
    private static final MethodHandle SOCKET = function("socket", FunctionDescriptor.of(I, I, I, I));
    private static final MethodHandle BIND = function("bind", FunctionDescriptor.of(I, I, L, I));
    private static final MethodHandle LISTEN = function("listen", FunctionDescriptor.of(I, I, I));
    private static final MethodHandle SETSOCKOPT =
            function("setsockopt", FunctionDescriptor.of(I, I, I, I, L, I));
    private static final MethodHandle GETSOCKNAME = function("getsockname", FunctionDescriptor.of(I, I, L, L));
    private static final MethodHandle SHUTDOWN = function("shutdown", FunctionDescriptor.of(I, I, I));
    private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(I, I));
    private static final MethodHandle EVENTFD = function("eventfd", FunctionDescriptor.of(I, I, I));
    private static final MethodHandle EVENTFD_WRITE = function("eventfd_write", FunctionDescriptor.of(I, I, L));

    private LibC() {
    }

    private static MethodHandle function(String name, FunctionDescriptor types) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), types,
                Linker.Option.captureCallState("errno"));
    }

    /**
     * Allocates the memory in which a call stores errno. It belongs to the arena, but is seen through {@link #MEMORY}:
     * so a call need not keep the arena from being closed meanwhile.
     */
    static MemorySegment newErrno(Arena arena) {
        return MEMORY.asSlice(arena.allocate(STATE).address(), STATE.byteSize());
    }

    /** A system call, with memory for errno that the caller keeps. It may block. */
    static int syscall(MemorySegment errno, long number, long a, long b, long c, long d, long e, long f) {
        try {
            long result = (long) SYSCALL.invokeExact(errno, number, a, b, c, d, e, f);
            return (int) (result == -1 ? -errno(errno) : result);
        } catch (Throwable thrown) {
            throw notACall(thrown);
        }
    }

    @FunctionalInterface
    private interface Call {
        long make(MemorySegment errno) throws Throwable;
    }

    private static long call(Call call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = newErrno(arena);
            long result = call.make(errno);
            return result == -1 ? -errno(errno) : result;
        } catch (Throwable thrown) {
            throw notACall(thrown);
        }
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    private static RuntimeException notACall(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException e ? e : new IllegalStateException(thrown);
    }

    /** Maps memory that is shared with the kernel. Returns its address. */
    static long map(int fd, long offset, long bytes) {
        return call(errno -> (long) MMAP.invokeExact(errno, 0L, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd,
                offset));
    }

    static void unmap(long address, long bytes) {
        call(errno -> (int) MUNMAP.invokeExact(errno, address, bytes));
    }

    static int tcpSocket(int family) {
        return (int) call(errno -> (int) SOCKET.invokeExact(errno, family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    }

    static int bind(int fd, long address, int length) {
        return (int) call(errno -> (int) BIND.invokeExact(errno, fd, address, length));
    }

    static int listen(int fd, int backlog) {
        return (int) call(errno -> (int) LISTEN.invokeExact(errno, fd, backlog));
    }

    static int option(int fd, int level, int number, long value, int length) {
        return (int) call(errno -> (int) SETSOCKOPT.invokeExact(errno, fd, level, number, value, length));
    }

    static int local(int fd, long address, long length) {
        return (int) call(errno -> (int) GETSOCKNAME.invokeExact(errno, fd, address, length));
    }

    static int shutdownOutput(int fd) {
        return (int) call(errno -> (int) SHUTDOWN.invokeExact(errno, fd, SHUT_WR));
    }

    static int close(int fd) {
        return (int) call(errno -> (int) CLOSE.invokeExact(errno, fd));
    }

    /** Makes a counter that one thread adds to and the ring of another reads. */
    static int eventCounter() {
        return (int) call(errno -> (int) EVENTFD.invokeExact(errno, 0, SOCK_CLOEXEC));
    }

    /** Adds 1 to a counter. */
    static int count(int fd) {
        return (int) call(errno -> (int) EVENTFD_WRITE.invokeExact(errno, fd, 1L));
    }
}
