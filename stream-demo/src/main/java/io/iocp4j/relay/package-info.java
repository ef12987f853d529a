/**
 * The live video relay.
 *
 * <h2>Data path</h2>
 * <pre>
 * PUT /publish/{path}     Ingest, Fmp4Parser      cuts bytes into units: an init segment, then one fragment per frame
 * built-in picture        TestSource, TestPicture one JPEG per frame
 *   v
 * RelayStream             one per path: publisher, epoch, init segment, GopCache, viewers;
 *                         outlives its publisher by the grace time
 *   v MediaUnit           framed once, reference counted, the same bytes for every viewer
 * Viewer, ViewerQueue     one per WebSocket: at most one batch is with the socket;
 *                         the rest waits in the queue, or is skipped up to a key frame
 *   v
 * WebSocket /live/{path}  16-byte header and payload; control messages as JSON text
 * </pre>
 *
 * <h2>Ownership and threads</h2>
 * The worker that receives a publisher's bytes also parses them and offers each unit to every viewer. Offering never
 * blocks, so viewers cannot slow a publisher down. A stream guards its own fields, and a viewer guards its queue.
 * Locks are taken in the order stream, viewer, connection. Each queue that holds a unit has one reference to it, and
 * the cache has one.
 *
 * <h2>Slow viewers</h2>
 * A viewer that is too slow loses frames up to a key frame, never inside a group of pictures: see
 * {@link io.iocp4j.relay.ViewerQueue}. Its queue is bounded in time and bytes, and its socket buffer has a fixed size.
 * A viewer that does not read therefore costs a known amount of memory.
 *
 * <h2>Output</h2>
 * Everything that the relay prints, the log included, goes through {@link io.iocp4j.relay.QueuedOutput}. A thread that
 * logs never waits for a terminal or a pipe that nobody reads. Lines that find no room are lost and counted, and the
 * output says where they are missing.
 *
 * <h2>Exceptions</h2>
 * An exception thrown while serving one viewer or publisher ends only that one; the others do not notice. Where the
 * process cannot go on, {@link io.iocp4j.relay.LastWords} ends it with exit code 3.
 */
package io.iocp4j.relay;
