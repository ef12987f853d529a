/**
 * The engine "iocp": the contract of {@link io.iocp4j.core.CompletionPort} on the completion port of Windows.
 *
 * <h2>The path of an operation</h2>
 * <pre>
 * IocpSocket.receive          under the lock of the handle
 *   v
 * OverlappedSlab.take         a record of native memory with OVERLAPPED and WSABUFs
 *   |                         the Request in the slot keeps the context and the buffers alive
 *   v
 * WinApi.receive              WSARecv: 0 and 997 mean that a packet will come, any other code that none will
 *   |                         the kernel owns the record and the buffers
 *   v
 * WinApi.dequeue              GetQueuedCompletionStatusEx, called by a worker of the port, 8 packets at most
 *   v
 * OverlappedSlab.dequeue      from the address of the OVERLAPPED to its Request
 *   |                         the slot is free again, with a new generation
 *   v
 * Request.ended               result or error, under the lock of the handle; the context is delivered without the lock
 * </pre>
 *
 * <h2>Memory</h2>
 * Memory that a pending operation names by address lives in the slab, or its Request holds it until the packet is
 * dequeued. Neither cancelling nor closing ends an operation: only its packet does. A handle is closed when its last
 * packet has come. The slab is freed when the last worker has left. If an operation is pending even then, the slab is
 * leaked, not freed.
 *
 * <h2>The seam for tests</h2>
 * {@code WinApi} lists the calls that the engine makes; their parameters are only int and long. {@code JnaWinApi} makes
 * the real calls. The tests put a fake kernel behind the interface. It can do what otherwise only a real Windows does.
 *
 * <h2>What is logged</h2>
 * All by {@code io.iocp4j.jna.IocpPort}. ERROR: a packet was lost, or an operation never ended. WARNING: a call of the
 * system that cannot fail has failed.
 */
package io.iocp4j.jna;
