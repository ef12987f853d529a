/**
 * The engine "iocp": the contract of {@link io.iocp4j.core.CompletionPort} on the completion port of Windows.
 *
 * <h2>The way of an operation</h2>
 * <pre>
 * IocpSocket.receive          under the lock of the handle
 *   v
 * OverlappedSlab.take         a record of native memory: OVERLAPPED, WSABUFs; the slot's Request keeps context and buffers alive
 *   v
 * WinApi.receive              WSARecv; 0 and 997 both mean that a packet will come, everything else that none will
 *   v                         (the kernel owns record and buffers)
 * WinApi.dequeue              GetQueuedCompletionStatusEx, by a worker of the port, 8 packets at most
 *   v
 * OverlappedSlab.dequeue      address of the OVERLAPPED to its Request; the slot is free again, with a new generation
 *   v
 * Request.ended               result or error, under the lock of the handle; the context is delivered without it
 * </pre>
 *
 * <h2>Memory</h2>
 * Whatever a pending operation names by address lives in the slab or is held by its Request until the packet was dequeued: neither
 * cancelling nor closing ends an operation, only its packet does. A handle is closed when its last packet has come; the slab is freed
 * when the last worker has left, and leaked rather than freed should anything be pending even then.
 *
 * <h2>Seam</h2>
 * {@code WinApi} is the list of calls that the engine makes, with nothing but int and long. {@code JnaWinApi} makes them; the tests put a
 * kernel of their own behind it, which can do what no other Windows than the real one does.
 */
package io.iocp4j.jna;
