/**
 * What operators see of a relay: metrics, events, webhooks, events of Flight Recorder, and the log.
 *
 * <h2>What flows where</h2>
 * <pre>
 * streams and viewers     call their StreamObserver and ViewerObserver for each frame, batch, join and end
 *   v
 * Observer                one for each relay
 *   v                     v                         v
 * RelayMetrics, Metrics   FlightEvents              Events
 * counted without a lock  nothing is made           subscribers over WebSocket, each with a bounded queue;
 * read by a scrape        without a recording       Webhooks: a bounded queue and a virtual thread for each address
 *
 * System.Logger           java.util.logging, LogHandler: LogRate, LogLines with Redaction, then the queued outputs,
 *                         of which one may write to a RotatingFile
 * </pre>
 *
 * <h2>Who owns what</h2>
 * The relay owns its Observer and closes it last, so that the end of the streams is still told. The Observer owns the
 * webhooks. The outputs of the log belong to Main, which empties them at the end of the process.
 *
 * <h2>Threads</h2>
 * Everything may be called on any thread, often on a worker of the port with the lock of a stream or a viewer held.
 * Nothing waits: what cannot be queued is dropped and counted. Nothing here takes the lock of a stream, except the
 * source of the gauges, which a scrape calls on its own thread. Here, an exception is logged and goes no further.
 *
 * <p>This package knows nothing of the relay's own classes, so that each of them can use it.
 */
package io.iocp4j.relay.observe;
