/**
 * The live video relay.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * PUT /publish/{path}     Ingest, Fmp4Parser      bytes to units: an init segment, then one fragment per frame
 * built-in picture        TestSource, TestPicture one JPEG per frame
 *   v
 * RelayStream             one per path: publisher, epoch, init, GopCache, viewers; outlives its publisher by the grace time
 *   v MediaUnit           framed once, counted, the same bytes for every viewer
 * Viewer, ViewerQueue     one per WebSocket: at most one batch with the socket, the rest waits here or is skipped to a key
 *   v
 * WebSocket /live/{path}  16-byte header and payload; control as JSON text
 * </pre>
 *
 * <h2>Who owns what, which thread</h2>
 * A publisher's bytes are parsed by the worker that received them, and the same worker offers each unit to every viewer; offering never
 * waits, so viewers cannot slow a publisher down. A stream's fields are guarded by the stream, a viewer's queue by the viewer; locks are
 * taken in the order stream, viewer, connection. A unit holds one reference per queue and one for the cache.
 *
 * <h2>A viewer that is too slow</h2>
 * loses frames up to a key, never inside a group of pictures: see {@link io.iocp4j.relay.ViewerQueue}. Its queue is bounded in time and
 * bytes, its socket's buffer is fixed, so a viewer that does not read costs a known amount of memory.
 *
 * <h2>What it prints</h2>
 * goes through {@link io.iocp4j.relay.QueuedOutput}, the log too: whoever logs never waits for a terminal or a pipe that nobody reads.
 * Lines for which there is no room are counted, and the output says where they are missing.
 *
 * <h2>When something is thrown</h2>
 * for a viewer or a publisher, that one goes and nobody else notices. Where the process cannot go on,
 * {@link io.iocp4j.relay.LastWords} ends it with code 3.
 */
package io.iocp4j.relay;
