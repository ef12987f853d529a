package io.iocp4j.jna;

/**
 * The limits of the engine.
 *
 * @param operationsMax pending operations of the port; one more completes with NO_BUFFERS
 * @param acceptsMax the pending accepts of an acceptor and the connections that it keeps ready, together
 * @param zeroReadAbove the number of open sockets above which a receive waits with a zero-byte read. Such a read pins
 *        no memory while the connection is idle; a second call takes the bytes.
 */
record IocpLimits(int operationsMax, int acceptsMax, int zeroReadAbove) {
    /**
     * The default limits. The records of 65,536 operations take 20 MB if all are used. Up to 1,024 sockets, saving the
     * pinned pages is not worth a second call.
     */
    static IocpLimits defaults() {
        int accepts = Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 4, 64);
        return new IocpLimits(1 << 16, accepts, 1024);
    }
}
