/**
 * The completion port and TCP on it.
 *
 * <h2>Seven words</h2>
 * <b>port</b>: the queue of finished operations with its workers ({@link io.iocp4j.core.CompletionPort}). <b>key</b>:
 * what a handle was associated with ({@link io.iocp4j.core.CompletionKey}). <b>context</b>: one operation
 * ({@link io.iocp4j.core.IoContext}).
 * <b>completion</b>: its end, there is exactly one. <b>null completion</b>: the packet without a context that sends one
 * worker home.
 * <b>connection</b>: a byte stream with a peer ({@link io.iocp4j.core.TcpConnection}). Frames and messages are words of
 * the layers above.
 *
 * <h2>Which types are for whom</h2>
 * <ul>
 * <li>For applications: TcpServer, TcpClient, TcpPair, TcpConnection, TcpHandler, TcpSession, TcpOptions, Resolver and
 *     ConnectionFilter; CloseInfo, IoException and IoError; CompletionPort with PortOptions and PortCounters;
 *     PooledBuffer and BufferPool; MemoryBudget and MemoryAccount.</li>
 * <li>For applications that submit operations themselves: PortSocket, PortAcceptor, IoContext, Operation,
 *     CompletionKey, RefCounted.</li>
 * <li>For authors of engines: CompletionPortProvider, PortEngine, PortHandle.</li>
 * <li>For the other modules of this library: EarlyClasses, ExitHook, GuardedLog, SharedPort.</li>
 * </ul>
 *
 * <h2>The way of the data</h2>
 * <pre>
 * socket bytes
 *   v
 * CompletionPort         PortEngine, and on it SelectorPort, AsyncChannelPort, or IocpPort of the module jna-native
 *   v                    a worker delivers each completion to its context
 * IoContext              operation, owner (retained), buffer, transferred, error; fresh for every operation
 *   v
 * TcpConnection          a Strand: its callbacks never overlap; one receive and one send in flight, send queue,
 *   v                    half-close, timers
 * TcpHandler             the application; buffers are lent for the call
 *   v
 * TcpConnection.send, TcpSendQueue, PortSocket.send, socket
 * </pre>
 * With {@link io.iocp4j.core.TcpOptions#tls(javax.net.ssl.SSLContext) TLS} one PortSocket stands on another: nothing
 * above it knows, but that a connection is open when hands were shaken. {@link io.iocp4j.core.TcpPair#open} joins two
 * connections in memory, without a network.
 *
 * <h2>Who owns what</h2>
 * <ul>
 * <li>A context is born with one reference. A successful submit hands it to the port, which gives it back after
 *     delivery. A submit that throws (misuse only) leaves it with the caller.</li>
 * <li>A context retains its owner until it is freed itself. A connection therefore lives until its last operation was
 *     delivered, and {@link io.iocp4j.core.TcpConnection#closed()} completes exactly then.</li>
 * <li>A {@link io.iocp4j.core.PooledBuffer} goes back to its {@link io.iocp4j.core.BufferPool} at the last release. The
 *     send queue holds a reference per queued buffer, so one buffer can wait on thousands of connections. Received
 *     bytes become one only if the handler keeps them.</li>
 * <li>Counts are checked always. With the system property {@code iocp4j.leaks=on} (or {@code trace}, which keeps the
 *     stack that made each object) {@link io.iocp4j.core.RefCounted#live()} lists what was not released.</li>
 * </ul>
 *
 * <h2>Memory</h2>
 * The {@link io.iocp4j.core.MemoryBudget} bounds the memory that peers can make a port hold, over all connections and
 * beside the limits of each. A layer charges the {@link io.iocp4j.core.MemoryAccount} of its connection before it takes
 * heap for the peer; direct memory is counted by the pool itself, and the connections are asked for it only when one
 * has to end. These rules hold at any time: an account is charged for exactly what it holds; an account that would hold
 * no more than its fair share is never refused; the account that holds most ends first; all memory is given back. The
 * timer of the port looks for the accounts that hold most, never the thread that charges, and never under a lock of a
 * connection. An {@link java.lang.OutOfMemoryError} ends the connection whose memory was to be taken, not the one whose
 * handler happened to send to it.
 *
 * <h2>Which thread</h2>
 * Completions are delivered by workers only, never on the stack of the call that submitted the operation and never
 * under a lock of this library. Callbacks of one connection run one after the other, on whichever worker is there. A
 * worker stays with one connection for 64 tasks or about a millisecond; what is left goes behind what other connections
 * have waiting. A longer task should run in parts, with {@link io.iocp4j.core.TcpConnection#executeLater}. Calls that
 * wait (read, write, connect, awaitClosed) are for the application's own threads, virtual ones above all; on a worker,
 * and on any other thread that the port waits for or needs (its timer's, one that runs a task of TLS), they throw
 * instead of waiting for themselves, and {@link io.iocp4j.core.CompletionPort#close()} begins the end and returns. The
 * last reference of a connection may go on any of them.
 *
 * <h2>When something is lacking</h2>
 * An exception of a callback ends its connection. An exception of the logger is counted
 * ({@link io.iocp4j.core.GuardedLog}). An error in an engine's own code, mostly for want of memory, ends the worker,
 * and a thread that was made in advance replaces it. A port that has no worker left closes itself, and
 * {@link io.iocp4j.core.CompletionPort#failure()} completes. A completion that cannot be queued for want of memory is
 * queued again a little later. Every failed accept is followed by another.
 *
 * <h2>What is logged</h2>
 * By {@link java.lang.System.Logger}s with the names of these classes. ERROR: an error of this library, or no memory.
 * WARNING: something of the application has thrown, or something is lacking. DEBUG: what happens in the life of a
 * network. Nothing is logged at other levels, and nothing per connection at WARNING or above unless code of the
 * application has thrown.
 * <ul>
 * <li>{@code io.iocp4j.core.CompletionPort}: a completion or a task of the timer has thrown (ERROR); a worker ended too
 *     early (ERROR); an engine or a class cannot be loaded, or a completion cannot be queued yet (WARNING).</li>
 * <li>{@code io.iocp4j.core.TcpServer}: accepting failed and is tried again, a session, filter or maker of handlers has
 *     thrown (WARNING); a connection could not be taken in (ERROR).</li>
 * <li>{@code io.iocp4j.core.TcpConnection}: a callback has thrown (WARNING); an end that was not in order (DEBUG).</li>
 * <li>{@code io.iocp4j.core.MemoryBudget}: an account has thrown (WARNING).</li>
 * </ul>
 *
 * <h2>Closing</h2>
 * A port refuses new handles. It tells each key and closes each handle, so that pending operations complete with
 * {@link io.iocp4j.core.IoError#OPERATION_ABORTED}. It waits until nothing is outstanding, posts one null completion
 * per worker, and joins the workers. A connection reports {@code close()} to the handler at once, then flushes, sends
 * FIN, reads to the peer's FIN or to a time limit, and frees; {@code abort()} drops what is queued. A peer that takes
 * nothing of what is queued is cut after {@link io.iocp4j.core.TcpOptions#writeTimeout(java.time.Duration)}, and one
 * that takes too little of it after the end by {@link io.iocp4j.core.TcpOptions#minLingerRate(int)}. Over TLS
 * close_notify goes before FIN, and an end of the peer without it is {@link io.iocp4j.core.IoError#CONNECTION_RESET}:
 * what came may have been cut off (RFC 8446 section 6.1).
 */
package io.iocp4j.core;
