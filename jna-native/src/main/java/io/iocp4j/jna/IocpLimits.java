package io.iocp4j.jna;

/**
 * The limits of the engine.
 *
 * @param operationsMax operations with the kernel at a time; one more completes with NO_BUFFERS
 * @param acceptsMax accepts that a listener keeps with the kernel, and connections that it keeps ready, together
 * @param zeroReadAbove from so many open sockets on, a receive waits with a read of no bytes, which pins no memory while the connection is
 *        idle, and takes the bytes with a second call
 */
record IocpLimits(int operationsMax, int acceptsMax, int zeroReadAbove) {
    /** 65,536 operations are 20 MB of records if all are used; below 1,024 sockets the pinned pages are not worth a second call. */
    static IocpLimits defaults() {
        int accepts = Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 4, 64);
        return new IocpLimits(1 << 16, accepts, 1024);
    }
}
