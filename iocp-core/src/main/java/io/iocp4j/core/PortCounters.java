package io.iocp4j.core;

/**
 * A snapshot of a port. The numbers are read one after the other, so they are consistent only while the port is idle.
 * The counts since the opening of the port include a completion when it was delivered.
 *
 * @param workers threads that take completions now: fewer than requested if one has ended too early and could not be
 *        replaced
 * @param workersReplaced workers that ended too early, by an error in the engine's own code, and were replaced
 * @param handles sockets and listeners that are open
 * @param outstanding operations submitted and not yet delivered
 * @param delivered completions since the port was opened
 * @param handlerFailures deliveries that threw
 * @param nullCompletions null completions taken; in the end one per worker
 * @param accepted accepts that brought a connection
 * @param acceptsFailed accepts that failed, not counting those that the close of their listener ended
 * @param connected connects that succeeded
 * @param connectsFailed connects that failed or were given up
 * @param bytesReceived bytes of all receives; with TLS both the bytes of its records and the plaintext in them
 * @param bytesSent bytes of all sends, counted in the same way
 * @param buffersUsed bytes of the port's {@link BufferPool} that are in use
 * @param buffersKept bytes that the pool keeps for reuse
 * @param heapCharged bytes of heap that peers make the port hold, see {@link MemoryBudget}
 * @param evictions connections, and other accounts of its budget, that were ended because they held most when memory
 *        was scarce
 */
public record PortCounters(int workers, long workersReplaced, int handles, long outstanding,
        long delivered, long handlerFailures, int nullCompletions,
        long accepted, long acceptsFailed, long connected, long connectsFailed, long bytesReceived, long bytesSent,
        long buffersUsed, long buffersKept, long heapCharged, long evictions) {
}
