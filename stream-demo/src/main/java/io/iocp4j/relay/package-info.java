/**
 * The live video relay: publishers send video over HTTP, browsers watch it over WebSocket, and both use one port.
 * {@link io.iocp4j.relay.Main} is the command line, {@link io.iocp4j.relay.RelayServer} the entry point for programs.
 *
 * <h2>What flows where</h2>
 * <pre>
 * PUT /publish/{path}     Ingest, Fmp4Parser       splits bytes into an init segment, then one unit per fragment
 * built-in test picture   TestSource, TestPicture  one JPEG image per frame
 *   v
 * RelayHub                finds or creates the stream of a path
 *   v
 * RelayStream             one per path: publisher, epoch, init segment, GopCache, viewers;
 *                         outlives its publisher by the grace time
 *   v MediaUnit           framed once, reference counted, the same bytes for every viewer
 * Viewer, ViewerQueue     one per WebSocket: at most one batch is with the socket;
 *                         other units wait in the queue, or are skipped up to a key frame
 *   v SharedMessage
 * WebSocket /live/{path}  binary: a header of 16 bytes and the payload; text: control messages as JSON
 * </pre>
 * Each request passes Doors first, which checks where it comes from, and then Routes, which knows what answers at which
 * path: a publisher, a viewer, a page (Pages), what operators read (Reports), or an error. A viewer sends only control
 * texts: ping, pause, resume, resync, stat. Streams and viewers call their observers, see
 * {@link io.iocp4j.relay.observe}.
 *
 * <h2>Who owns what</h2>
 * <ul>
 * <li>RelayServer owns the completion port, the listening server, the hub, the test picture and TLS. Closing it ends
 *     them. Main owns the RelayServer of its process; as a service of Windows, ServiceCommand starts and stops it.
 * <li>A stream has at most one publisher. A second publisher replaces the first, which is answered with 409.
 * <li>Ingest owns its parser. The memory of the parser is charged to the connection of the publisher.
 * <li>A MediaUnit belongs to those who have a reference: its stream for the init segment, the GopCache for each cached
 *     frame, and each ViewerQueue until the socket has taken the unit. The last release returns the bytes to the pool.
 * <li>A stream accounts for its init segment and its cache, a viewer for its queue. When memory is scarce, streams drop
 *     their caches. If that is not enough, those that hold most are ended; viewers are closed with 1013.
 * </ul>
 *
 * <h2>Threads and locks</h2>
 * <ul>
 * <li>The worker that receives a publisher's bytes parses them and offers each unit to every viewer. This never blocks,
 *     so viewers cannot slow a publisher down.
 * <li>The worker of a viewer's connection handles its control texts. When the socket has taken a batch, the worker
 *     gives it the next one.
 * <li>The timer thread of the port ends silent publishers, streams whose grace time is over, and accounts that hold too
 *     much memory.
 * <li>Answers of Reports are made on virtual threads.
 * <li>The test picture has its own thread, and so has each output (see below).
 * </ul>
 * A stream guards its fields, and a viewer guards its queue. Locks are taken in the order stream, viewer, connection.
 * The lock of the hub guards only its map; under it, no stream or viewer is locked.
 *
 * <h2>Slow viewers</h2>
 * A viewer that is too slow loses frames up to a key frame, never inside a group of pictures: see
 * {@link io.iocp4j.relay.ViewerQueue}. Its queue is bounded in time, bytes and number of items. What was given to the
 * socket cannot be skipped any more, so little is given at a time: see {@link io.iocp4j.relay.InFlight}. A viewer that
 * does not read therefore costs a known amount of memory, and what a slow viewer sees is never old.
 *
 * <h2>Limits</h2>
 * {@link io.iocp4j.relay.Admission} decides who may come in, and counts how often each limit of
 * {@link io.iocp4j.relay.LimitSettings} was reached: connections when they are accepted, requests in Doors, viewers and
 * publishers in Routes, streams at their first frame, queued bytes with each frame of each viewer. A place is taken
 * once and given back once, by the object that took it: a viewer in onClose, a publisher at its end. {@link
 * io.iocp4j.relay.Reload} changes limits while the relay runs, and {@link io.iocp4j.relay.Drain} ends it gracefully, on
 * the thread that stops it.
 *
 * <h2>Output</h2>
 * Everything that the process prints, the log included, goes through {@link io.iocp4j.relay.QueuedOutput}. A thread
 * that logs never waits for a blocked terminal or pipe. Lines that do not fit are lost, and the output says where and
 * how many. Each class logs under its own name: publishers, viewers and streams at INFO, exceptions at WARNING and
 * ERROR, control texts of unknown type at DEBUG. Values that have a name in the JSON log are given as LogField.
 *
 * <h2>Exceptions</h2>
 * An exception thrown while serving one viewer or publisher ends only that one; the others do not notice. If the
 * process cannot continue, {@link io.iocp4j.relay.LastWords} ends it with exit code 3.
 */
package io.iocp4j.relay;
