package io.iocp4j.core;

/**
 * A look at a port. The numbers are taken one after the other, so they fit together only while the port is idle.
 *
 * @param workers threads that take completions
 * @param handles sockets and listeners that are open
 * @param outstanding operations submitted and not yet delivered
 * @param delivered completions delivered since the port was opened
 * @param handlerFailures deliveries that threw
 * @param nullCompletions null completions taken; in the end one per worker
 */
public record PortCounters(int workers, int handles, long outstanding, long delivered, long handlerFailures, int nullCompletions) {
}
