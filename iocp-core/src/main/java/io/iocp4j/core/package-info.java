/**
 * The completion port and TCP on it.
 *
 * <h2>Seven words</h2>
 * <b>port</b>: the queue of finished operations with its workers ({@link io.iocp4j.core.CompletionPort}). <b>key</b>:
 * the object that a handle is associated with, called when the port closes ({@link io.iocp4j.core.CompletionKey}).
 * <b>context</b>: one operation with its result ({@link io.iocp4j.core.IoContext}). <b>completion</b>: the end of an
 * operation; each has exactly one. <b>null completion</b>: the packet without a context that tells one worker to end.
 * <b>connection</b>: a byte stream with a peer ({@link io.iocp4j.core.TcpConnection}). The words frame and message
 * belong to the layers above.
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
 * TcpConnection.send, TcpSendQueue, PortSocket.sendNow, and PortSocket.send for the rest, socket
 * </pre>
 * On an engine whose worker writes itself, most data leaves by {@code sendNow}, without an operation.
 * With {@link io.iocp4j.core.TcpOptions#tls(javax.net.ssl.SSLContext) TLS} one PortSocket stands on another. The layers
 * above do not notice, except that a connection is open only after the TLS handshake.
 * {@link io.iocp4j.core.TcpPair#open} joins two connections in memory, without a network.
 *
 * <h2>Who owns what</h2>
 * <ul>
 * <li>A new context has one reference. A successful submit hands it to the port, which gives it back after delivery. A
 *     submit that throws (misuse only) leaves it with the caller.</li>
 * <li>A context retains its owner until it is freed itself. A connection therefore lives until its last operation was
 *     delivered, and {@link io.iocp4j.core.TcpConnection#closed()} completes exactly then.</li>
 * <li>A {@link io.iocp4j.core.PooledBuffer} goes back to its {@link io.iocp4j.core.BufferPool} at the last release. The
 *     send queue holds a reference per queued buffer, so one buffer can wait on thousands of connections. Received
 *     bytes become such a buffer only if the handler keeps them.</li>
 * <li>Counts are checked always. With the system property {@code iocp4j.leaks=on} (or {@code trace}, which keeps the
 *     stack that made each object) {@link io.iocp4j.core.RefCounted#live()} lists the objects that were not
 *     released.</li>
 * </ul>
 *
 * <h2>Memory</h2>
 * The {@link io.iocp4j.core.MemoryBudget} bounds the memory that peers can make a port hold, over all connections and
 * beside the limits of each. A layer charges the {@link io.iocp4j.core.MemoryAccount} of its connection before it
 * allocates heap for the peer. The pool itself counts direct memory, and asks the connections for their part only when
 * one has to end. These rules hold at any time: an account is charged for exactly what it holds; an account that would
 * hold no more than its fair share is never refused; the account that holds most ends first; all memory is given back.
 * The timer of the port searches for the accounts that hold most. The thread that charges never does so, and no lock of
 * a connection is held meanwhile. An {@link java.lang.OutOfMemoryError} ends the connection that needed the memory, not
 * the connection whose handler sent to it.
 *
 * <h2>Which thread</h2>
 * Only workers deliver completions, never on the stack of the call that submitted the operation and never under a lock
 * of this library. Callbacks of one connection run one after the other, each on any worker. A worker stays with one
 * connection for 64 tasks or about a millisecond; the rest waits behind the work of other connections. A longer task
 * should run in parts, with {@link io.iocp4j.core.TcpConnection#executeLater}. Blocking calls (read, write, connect,
 * startTls, awaitClosed) are for the application's own threads, best virtual ones. On a worker, and on any other thread
 * that the port waits for or needs (its timer thread, a thread that runs a task of TLS), they throw instead of waiting
 * for themselves; {@link io.iocp4j.core.CompletionPort#close()} begins the end there and returns. Any of these threads
 * may release the last reference of a connection.
 *
 * <h2>When resources run out</h2>
 * An exception of a callback ends its connection. An exception of the logger is counted
 * ({@link io.iocp4j.core.GuardedLog}). An error in an engine's own code, mostly for lack of memory, ends the worker,
 * and a thread that was made in advance replaces it. A port that has no worker left closes itself, and
 * {@link io.iocp4j.core.CompletionPort#failure()} completes. A completion that cannot be queued for lack of memory is
 * queued again a little later. After every failed accept the server accepts again.
 *
 * <h2>What is logged</h2>
 * By {@link java.lang.System.Logger}s with the names of these classes. ERROR: an error of this library, or no memory.
 * WARNING: code of the application has thrown, or a resource has run out. DEBUG: ordinary failures of a network, and
 * the engine of each port.
 * Nothing is logged at other levels, and nothing per connection at WARNING or above unless code of the application has
 * thrown.
 * <ul>
 * <li>{@code io.iocp4j.core.CompletionPort}: a completion or a task of the timer has thrown (ERROR); a worker ended too
 *     early (ERROR); an engine or a class cannot be loaded, or a completion cannot be queued yet (WARNING); a port was
 *     opened (DEBUG).</li>
 * <li>{@code io.iocp4j.core.TcpServer}: accepting failed and is tried again, a session, filter or maker of handlers has
 *     thrown (WARNING); an accepted connection could not be set up (ERROR).</li>
 * <li>{@code io.iocp4j.core.TcpConnection}: a callback has thrown (WARNING); an end that was not graceful, or data that
 *     was sent behind the end of the peer and of this side, for each connection the first time (DEBUG).</li>
 * <li>{@code io.iocp4j.core.MemoryBudget}: an account has thrown (WARNING).</li>
 * </ul>
 *
 * <h2>Closing</h2>
 * A port refuses new handles. It calls each key and closes each handle, so pending operations complete with
 * {@link io.iocp4j.core.IoError#OPERATION_ABORTED}. It waits until nothing is outstanding, posts one null completion
 * per worker, and joins the workers. A connection reports {@code close()} to the handler at once, then flushes, sends
 * FIN, reads to the peer's FIN or to a time limit, and frees its memory; {@code abort()} drops the queue. A peer that
 * takes no queued byte is cut after {@link io.iocp4j.core.TcpOptions#writeTimeout(java.time.Duration)}. After the end,
 * a peer that takes fewer bytes than {@link io.iocp4j.core.TcpOptions#minLingerRate(int)} demands is cut too. Over TLS,
 * close_notify goes before FIN. If the peer ends without it, that is {@link io.iocp4j.core.IoError#CONNECTION_RESET},
 * since an attacker may have cut off the rest of its data (RFC 8446 section 6.1).
 */
package io.iocp4j.core;
