package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.relay.observe.LogField;
import io.iocp4j.relay.observe.ViewerObserver;
import io.iocp4j.websocket.CloseStatus;
import io.iocp4j.websocket.Message;
import io.iocp4j.websocket.SharedMessage;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.frame.CloseCode;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One browser that watches one stream. The publisher's thread offers units, which wait in the queue. At most one batch
 * is with the socket, and otherwise the socket's send queue is empty. Units that must be skipped are therefore still in
 * the queue of the viewer.
 */
final class Viewer implements WebSocketListener {
    private static final System.Logger LOG = new GuardedLog(Viewer.class);

    /** Close code: there is no such stream. */
    static final int NO_SUCH_STREAM = 4404;
    /** Close code: more control text waits than {@link ViewerQueue#CONTROL_BYTES_MAX}. */
    static final int TOO_SLOW = 4408;
    /** Close code: the publisher did not come back in time. */
    static final int STREAM_ENDED = 4410;
    /** The upper bound of the random time after which a viewer may retry, so that not all retry at the same moment. */
    private static final int RETRY_MILLIS_MAX = 2_000;

    private final String id;
    private final Visit visit;
    private final RelayStream stream;
    private final CompletionPort port;
    private final Clock clock;
    private WebSocket socket;
    /**
     * Accounts for the units that wait. They belong to the stream, but this viewer may hold them after the stream and
     * other viewers have released them. Null before onOpen.
     */
    private Memory memory;

    // Guarded by this.
    private final ViewerQueue queue;
    private boolean paused;
    private boolean gone;
    private final ViewerObserver observer;

    Viewer(String id, Visit visit, RelayStream stream, ViewerQueue queue, CompletionPort port, Clock clock) {
        this.id = id;
        this.visit = visit;
        this.stream = stream;
        this.queue = queue;
        this.port = port;
        this.clock = clock;
        this.observer = stream.observer().viewer(id, stream.nanos());
    }

    private final class Memory extends MemoryAccount {
        Memory(CompletionPort port) {
            super(port);
        }

        @Override
        protected long held(Kind kind) {
            synchronized (Viewer.this) {
                return kind == Kind.HEAP ? 0 : queue.bytes();
            }
        }

        @Override
        protected void evict(String reason) {
            synchronized (Viewer.this) {
                gone = true;
                observer.evicted(queue.framesQueued());
                queue.clear();
            }
            socket.close(CloseCode.TRY_AGAIN_LATER, reason);
        }

        @Override
        public String toString() {
            return "viewer " + id + " of " + stream.path();
        }
    }

    // ------------------------------------------------------------------ from the browser

    @Override
    public void onOpen(WebSocket opened) {
        socket = opened;
        memory = new Memory(port);
        // onDrain follows when the socket has taken all of a batch
        opened.waterMarks(0, 0);
        LOG.log(Level.INFO, "viewer {0} from {1} watches {2}", LogField.viewer(id), LogField.peer(visit.from()),
                LogField.path(stream.path()));
        visit.pass().begin(() -> opened.close(Pass.NOT_ALLOWED, "the link or login has expired"));
        synchronized (this) {
            observer.joined(visit.from(), visit.request().headers().first("User-Agent"));
        }
        text("{\"t\":\"hello\",\"v\":1,\"viewer\":" + Json.quote(id)
                + ",\"server\":" + Json.quote("iocp4j " + RelayServer.version()) + "}");
        stream.join(this);
    }

    @Override
    public void onText(WebSocket from, String text) {
        Map<String, Object> message;
        try {
            message = Json.parse(text);
        } catch (IllegalArgumentException e) {
            from.close(CloseCode.POLICY_VIOLATION, "invalid control text: " + e.getMessage());
            return;
        }
        switch (String.valueOf(message.get("t"))) {
            case "ping" -> pong(message.get("c"));
            case "pause" -> pause();
            case "resume", "resync" -> stream.join(this);
            case "stat" -> report(message);
            // ignore other texts: they belong to later versions, or are meant for the log of a proxy
            default -> LOG.log(Level.DEBUG, "viewer {0}: {1}", id, text);
        }
    }

    @Override
    public void onBinary(WebSocket from, ByteBuffer data) {
        from.close(CloseCode.UNSUPPORTED_DATA, "a viewer may send text only");
    }

    @Override
    public void onDrain(WebSocket drained) {
        synchronized (this) {
            // only the drain after the last message of a batch counts
            if (drained.bufferedAmount() == 0) {
                long now = stream.nanos();
                observer.taken(queue.sentAge(now), queue.sendsFrame(), drained.latency(), now);
                queue.sent();
                pump();
            }
        }
    }

    @Override
    public void onClose(WebSocket closed, CloseStatus why) {
        visit.pass().end();
        stream.leave(this);
        if (memory != null) {
            memory.close();
        }
        String account;
        synchronized (this) {
            gone = true;
            queue.clear();
            observer.left(why.code(), why.reason());
            account = queue.framesSent() + " frames, " + queue.framesDropped() + " skipped in " + queue.trims()
                    + " trims (" + queue.bytesDropped() + " bytes)";
        }
        LOG.log(Level.INFO, "viewer {0} left {1} after {2}: {3} {4} ({5})", LogField.viewer(id),
                LogField.path(stream.path()), account, LogField.code(why.code()), Json.quote(why.reason()),
                why.initiator());
    }

    private synchronized void report(Map<String, Object> message) {
        observer.reported(message);
    }

    private void pong(Object c) {
        if (c instanceof Double number) {
            String echoed = number == Math.rint(number) ? String.valueOf(number.longValue()) : number.toString();
            text("{\"t\":\"pong\",\"c\":" + echoed + ",\"s\":" + clock.millis() + "}");
        }
    }

    private synchronized void pause() {
        paused = true;
        queue.join(stream.nanos());
    }

    // ------------------------------------------------------------------ from the stream, which holds its lock

    /** Starts or restarts with the stream text, the init segment and the cached frames. Frames offered later follow. */
    synchronized void begin(String streamText, MediaUnit init, List<MediaUnit> cached, long bytesMax, long now) {
        paused = false;
        queue.join(now);
        text(streamText);
        if (init != null) {
            queue.addInit(init, now);
        }
        long cachedBytes = 0;
        for (MediaUnit unit : cached) {
            cachedBytes += unit.bytes();
        }
        // Part of the cache is of no use. If all of it does not fit, the viewer begins with the next key frame.
        if (cachedBytes <= bytesMax) {
            cached.forEach(unit -> queue.addCached(unit, now));
        }
        pump();
    }

    /** Queues the stream text of a new epoch and its init segment, if there is one. */
    synchronized void epoch(String streamText, MediaUnit init, long now) {
        text(streamText);
        if (init != null && !paused && !queue.addInit(init, now)) {
            socket.close(TOO_SLOW, "more than " + ViewerQueue.INIT_BYTES_MAX + " bytes of init segments are queued");
            return;
        }
        pump();
    }

    /** Offers a frame to the queue, without blocking. Ignored while the viewer is paused or gone. */
    synchronized void offer(MediaUnit unit, long bytesMax, long now) {
        if (!paused && !gone) {
            queue.offer(unit, bytesMax, now);
            observer.queue(queue.framesDropped(), queue.framesPassed(), queue.trims());
            pump();
        }
    }

    /**
     * Sends the last stream text and a bye text past everything that is queued, and closes. The bye text tells the
     * browser after how many milliseconds it may retry. Throws nothing, because others have to be told too.
     */
    void bye(String streamText, int code, String reason) {
        try {
            socket.trySend(streamText);
            int retryMillis = ThreadLocalRandom.current().nextInt(RETRY_MILLIS_MAX);
            socket.trySend("{\"t\":\"bye\",\"code\":" + code + ",\"retryMs\":" + retryMillis + "}");
            socket.close(code, reason);
        } catch (RuntimeException | Error thrown) {
            fail(thrown);
        }
    }

    /**
     * Ends this viewer after an exception that was thrown while serving it, perhaps because memory ran out.
     * Throws nothing.
     *
     * @return the number of frames that were dropped for it
     */
    long fail(Throwable thrown) {
        long dropped = 0;
        try {
            synchronized (this) {
                gone = true;
                dropped = queue.framesDropped();
                queue.clear();
            }
            socket.close(CloseCode.INTERNAL_ERROR, "");
            LOG.log(Level.WARNING, "viewer " + id + " of " + stream.path() + " ends after an exception", thrown);
        } catch (RuntimeException | Error again) {
            abort(again);
        }
        return dropped;
    }

    /** Aborts the connection without a closing handshake, as the last resort. */
    private void abort(Throwable thrown) {
        try {
            socket.abort();
            LOG.log(Level.WARNING, "viewer " + id + " is aborted after an exception", thrown);
        } catch (RuntimeException | Error again) {
            // The heartbeat ends the connection later, when there is memory for it. The caller has others to serve.
            gone = true;
        }
    }

    synchronized long framesDropped() {
        return queue.framesDropped();
    }

    synchronized ViewerReport report() {
        return new ViewerReport(id, stream.path(), gone ? "gone" : paused ? "paused" : "live",
                queue.age(stream.nanos()) / 1e6, queue.bytes(), queue.framesDropped(), queue.trims(),
                queue.framesSent(), observer.numbers());
    }

    /** Appends control text to the queue. Ignored if the viewer is gone. */
    synchronized void text(String json) {
        if (gone) {
            return;
        }
        if (!queue.addText(Message.shared(port.buffers(), json), stream.nanos())) {
            socket.close(TOO_SLOW, "more than " + ViewerQueue.CONTROL_BYTES_MAX + " bytes of control text are queued");
            return;
        }
        pump();
    }

    /** Gives the next batch to the socket if it has taken the last one. Guarded by this. */
    private void pump() {
        if (gone || queue.isSending()) {
            return;
        }
        ViewerQueue.Skipped skipped = queue.takeSkipped(stream.nanos());
        if (skipped != null) {
            socket.trySend("{\"t\":\"skip\",\"from\":" + Integer.toUnsignedString(skipped.fromSeq())
                    + ",\"to\":" + Integer.toUnsignedString(skipped.toSeq())
                    + ",\"frames\":" + skipped.frames() + ",\"reason\":\"slow\"}");
        }
        List<SharedMessage> batch = queue.takeBatch();
        if (!batch.isEmpty()) {
            // before the socket has them: it may have sent them all when trySend returns
            observer.sent(queue.sendingBytes());
        }
        for (SharedMessage message : batch) {
            socket.trySend(message);
        }
    }
}
