/**
 * The engine "uring": the contract of {@link io.iocp4j.core.CompletionPort} on io_uring of Linux, from version 6.1 on,
 * through java.lang.foreign. Where it can run, it is the best engine.
 *
 * <h2>The path of an operation</h2>
 * <pre>
 * UringSocket.receive         any thread: the context goes into its slot
 *   v
 * UringLoop.look              only from another thread: the inbox of the loop, and a wake-up if the loop sleeps
 *   v
 * UringHandle.begin           thread of the loop: an entry of the submission queue, without a system call
 *   v
 * Ring.enter                  once in a turn: submits all entries, and waits for a completion
 *   v
 * UringHandle.ended           by the index in the user data: stores the result, empties the slot
 *   v
 * IoContext.onCompletion      on the thread of the loop
 * </pre>
 *
 * <h2>Memory</h2>
 * The table of the loop holds each handle of which the kernel has an operation, and the handle holds the context with
 * its buffers. Neither cancelling nor closing ends an operation: only its completion does. A descriptor is closed when
 * the last completion of its handle has come, and a loop ends when nothing is in flight.
 *
 * <h2>When the kernel fails</h2>
 * <ul>
 * <li>It lacks memory for an entry, or is interrupted: the ring waits a millisecond for completions and tries again. If
 *     the queue is full meanwhile, an operation that is submitted fails with NO_BUFFERS.</li>
 * <li>It lacks memory for a ring when a port opens: the ring gets fewer entries, down to 64. If that fails too, or
 *     there are no descriptors, the port does not open.</li>
 * <li>It fails the ring itself, with any other error: the loop ends, and its port closes itself, as the contract says
 *     of a port that cannot go on. What was in the ring ends with OPERATION_ABORTED. The memory of these operations is
 *     kept until the process ends, since the kernel may use it for a while.</li>
 * </ul>
 * A ring is made with its port only, each worker has one, and no other worker can take it over.
 *
 * <h2>Descriptors and memory</h2>
 * A worker has two descriptors and about half a megabyte, whatever it serves. No descriptor is inherited by a child
 * process.
 *
 * <h2>Where it cannot run</h2>
 * The provider asks the kernel for each part that the engine needs, and names the reason in one line: another system or
 * processor, an older kernel, a sandbox or a setting that forbids io_uring, or a JVM that denies native access. A port
 * that asks for the best engine then gets the next one.
 *
 * <h2>What is logged</h2>
 * On Linux, at INFO, why the engine cannot run, once for each reason; by the logger of
 * {@link io.iocp4j.core.CompletionPortProvider}.
 */
package io.iocp4j.uring;
