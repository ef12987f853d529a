package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.GuardedLog;
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

/**
 * One browser that watches one stream. The publisher's thread offers units, which wait in the queue. At most one batch
 * is with the socket, and otherwise the socket's send queue is empty. Units that must be skipped are therefore still in
 * the queue of the viewer.
 */
final class Viewer implements WebSocketListener {
    private static final System.Logger LOG = new GuardedLog(Viewer.class);

    /** Close code: there is no such stream. */
    static final int NO_SUCH_STREAM = 4404;
    /** Close code: the viewer is hopeless. It takes nothing, or it asks for more than anybody could take. */
    static final int TOO_SLOW = 4408;
    /** Close code: the publisher did not come back in time. */
    static final int STREAM_ENDED = 4410;

    private final String id;
    private final Visit visit;
    private final RelayStream stream;
    private final Admission admission;
    private final CompletionPort port;
    private final Clock clock;
    private WebSocket socket;
    /** Written by onOpen. */
    private boolean admitted;
    /**
     * Accounts for the units that wait. They belong to the stream, but this viewer may hold them after the stream and
     * other viewers have released them. Null before onOpen.
     */
    private UnitMemory memory;

    // Guarded by this.
    private final ViewerQueue queue;
    private final InFlight inFlight;
    private boolean paused;
    private boolean gone;
    /** Whether it takes sound: asked for with {@code ?tracks=1}, or in a hello text by the worker of its connection. */
    private volatile boolean sound;
    /** The bytes of the queue that the admission knows. */
    private long queuedBytes;
    private final JoinBursts bursts;
    private final ViewerObserver observer;
    private final DropShare dropShare;

    Viewer(String id, Visit visit, RelayStream stream, Admission admission, ViewerQueue queue, CompletionPort port,
            Clock clock) {
        this.id = id;
        this.visit = visit;
        this.stream = stream;
        this.admission = admission;
        this.queue = queue;
        this.inFlight = new InFlight(queue.maxLagNanos());
        this.bursts = new JoinBursts(stream.nanos());
        this.dropShare = new DropShare(stream.nanos());
        this.port = port;
        this.clock = clock;
        this.sound = "1".equals(visit.request().parameter("tracks"));
        this.observer = stream.observer().viewer(id, stream.nanos());
    }

    String id() {
        return id;
    }

    private synchronized long heldBytes() {
        return queue.bytes();
    }

    private void evict(String reason) {
        synchronized (this) {
            observer.evicted(queue.framesQueued());
            clear();
        }
        socket.close(CloseCode.TRY_AGAIN_LATER, reason);
    }

    // ------------------------------------------------------------------ from the browser

    @Override
    public void onOpen(WebSocket opened) {
        socket = opened;
        admitted = admission.takeViewer();
        if (!admitted) {
            stream.observer().refused();
            opened.close(Pass.TOO_MANY, admission.words(RelayLimit.VIEWERS));
            return;
        }
        memory = new UnitMemory(port, "viewer " + id + " of " + stream.path(), this::heldBytes, () -> { },
                this::evict);
        // onDrain follows when the socket has taken all of a batch
        opened.waterMarks(0, 0);
        LOG.log(Level.INFO, "viewer {0} from {1} watches {2}", LogField.viewer(id), LogField.peer(visit.from()),
                LogField.path(stream.path()));
        visit.pass().begin(() -> opened.close(Pass.NOT_ALLOWED, "the link or login has expired"));
        synchronized (this) {
            observer.joined(visit.from(), visit.request().headers().first("User-Agent"));
        }
        text(ViewerTexts.hello(id, queue.maxLagNanos()));
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
            case "hello" -> hello(Boolean.TRUE.equals(message.get("tracks")));
            case "ping" -> pong(message.get("c"));
            case "pause" -> pause();
            case "resume", "resync" -> restart();
            case "stat" -> observer.reported(message);
            // ignore other texts: they belong to later versions, or are meant for the log of a proxy
            default -> LOG.log(Level.DEBUG, "viewer {0}: {1}", id, text);
        }
    }

    @Override
    public synchronized void onPong(WebSocket from, ByteBuffer payload) {
        inFlight.pong(payload, stream.nanos());
        pump();
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
        if (!admitted) {
            return;
        }
        stream.leave(this);
        admission.viewerGone();
        if (memory != null) {
            memory.close();
        }
        String account;
        synchronized (this) {
            observer.left(why.code(), why.reason());
            clear();
            account = queue.framesSent() + " frames, " + queue.framesDropped() + " skipped in " + queue.trims()
                    + " trims (" + queue.bytesDropped() + " bytes)";
        }
        LOG.log(Level.INFO, "viewer {0} left {1} after {2}: {3} {4} ({5})", LogField.viewer(id),
                LogField.path(stream.path()), account, LogField.code(why.code()), Json.quote(why.reason()),
                why.initiator());
    }

    private void hello(boolean tracks) {
        if (tracks && !sound) {
            sound = true;
            restart();
        }
    }

    private void pong(Object c) {
        if (c instanceof Double number) {
            text(ViewerTexts.pong(number, clock.millis()));
        }
    }

    private synchronized void pause() {
        paused = true;
        queue.join(stream.nanos());
        account();
    }

    /** Restarts the picture, unless the viewer asks for that again and again: each time costs a group of pictures. */
    private void restart() {
        boolean may;
        synchronized (this) {
            may = bursts.mayRestart(stream.nanos());
        }
        if (!may) {
            socket.close(TOO_SLOW, "asked for a restart more than " + JoinBursts.RESTARTS_MAX + " times in "
                    + JoinBursts.RESTARTS_SECONDS + " s");
        } else {
            stream.join(this);
        }
    }

    // ------------------------------------------------------------------ from the stream, which holds its lock

    /** Starts or restarts with the stream text, the init segment and the cached frames. Frames offered later follow. */
    synchronized void begin(String streamText, StreamFormat format, List<MediaUnit> cached, long bytesMax, long now) {
        paused = false;
        queue.join(now);
        text(streamText);
        format.inits(sound).forEach(init -> queue.addInit(init, now));
        long cachedBytes = 0;
        for (MediaUnit unit : cached) {
            cachedBytes += unit.bytes();
        }
        // Part of the cache is of no use. If all of it does not fit, the viewer begins with the next key frame. So it
        // does after several bursts: one for each of many restarts would be far more than the stream.
        if (cachedBytes <= admission.queueBytes(bytesMax) && bursts.take(now)) {
            cached.stream().filter(this::takes).forEach(unit -> queue.addCached(unit, now));
        }
        pump();
    }

    /** Queues the stream text of a new epoch and its init segments; the format is null if there is no new one. */
    synchronized void epoch(String streamText, StreamFormat format, long now) {
        text(streamText);
        List<MediaUnit> inits = format == null || paused ? List.of() : format.inits(sound);
        if (!inits.stream().allMatch(init -> queue.addInit(init, now))) {
            socket.close(TOO_SLOW, "more than " + ViewerQueue.INIT_BYTES_MAX + " bytes of init segments are queued");
            return;
        }
        pump();
    }

    private boolean takes(MediaUnit unit) {
        return sound || !unit.isSound();
    }

    /** Offers a frame to the queue, without blocking. Ignored while the viewer is paused or gone. */
    synchronized void offer(MediaUnit unit, long bytesMax, long now) {
        if (paused || gone || !takes(unit)) {
            return;
        }
        if (inFlight.stalled(now) > admission.max(RelayLimit.STALL) * 1_000_000) {
            giveUp("nothing arrived at this viewer for " + admission.max(RelayLimit.STALL) + " ms");
            return;
        }
        if (dropShare.isMost(queue.framesSent(), queue.framesDropped(), now) && admission.closesSlow()) {
            giveUp("most frames of " + DropShare.WINDOW_SECONDS + " s had to be skipped");
            return;
        }
        long allowed = admission.queueBytes(bytesMax);
        if (allowed < bytesMax && queue.bytes() + unit.bytes() > allowed) {
            admission.reached(RelayLimit.QUEUED);
        }
        queue.offer(unit, allowed, now);
        observer.queue(queue.framesDropped(), queue.framesPassed(), queue.trims());
        pump();
    }

    /** Closes a hopeless viewer. Guarded by this. */
    private void giveUp(String reason) {
        admission.reached(RelayLimit.STALL);
        clear();
        socket.close(TOO_SLOW, reason);
    }

    /** Sends a stream text and a bye text past everything that is queued, and closes. Throws nothing. */
    void bye(String streamText, int code, String reason) {
        try {
            socket.trySend(streamText);
            bye(code, reason);
        } catch (RuntimeException | Error thrown) {
            fail(thrown);
        }
    }

    /** Sends a bye text past everything that is queued, and closes. */
    void bye(int code, String reason) {
        socket.trySend(ViewerTexts.bye(code));
        socket.close(code, reason);
    }

    /**
     * Ends this viewer after an exception that was thrown while serving it, perhaps for lack of memory. Throws nothing.
     *
     * @return the number of frames that were dropped for it
     */
    long fail(Throwable thrown) {
        long dropped = 0;
        try {
            synchronized (this) {
                dropped = queue.framesDropped();
                clear();
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

    /** Gives the socket the next batch if it has taken the last one and not too much is on the way. Guarded by this. */
    private void pump() {
        if (gone) {
            return;
        }
        long now = stream.nanos();
        if (!queue.isSending() && queue.nextBytes() >= 0 && inFlight.admits(queue.nextBytes())) {
            ViewerQueue.Skipped skipped = queue.takeSkipped(now);
            if (skipped != null) {
                socket.trySend(ViewerTexts.skip(skipped));
            }
            List<SharedMessage> batch = queue.takeBatch(inFlight.room());
            inFlight.give(queue.socketBytes());
            if (!batch.isEmpty()) {
                // before the socket has them: it may have sent them all when trySend returns
                observer.sent(queue.socketBytes());
            }
            for (SharedMessage message : batch) {
                socket.trySend(message);
            }
        }
        ByteBuffer ping = inFlight.ping(queue.nextBytes() >= 0, now);
        if (ping != null) {
            socket.ping(ping);
        }
        account();
    }

    /** Reports the bytes of the queue. Guarded by this. */
    private void account() {
        admission.queued(queuedBytes, queue.bytes());
        queuedBytes = queue.bytes();
    }

    /** Drops everything; nothing is queued any more. Guarded by this. */
    private void clear() {
        gone = true;
        queue.clear();
        account();
    }

    /** Closes the viewer at once, without a bye text: it is not told when to come back. */
    void sendAway(int code, String reason) {
        synchronized (this) {
            clear();
        }
        socket.close(code, reason);
    }
}
