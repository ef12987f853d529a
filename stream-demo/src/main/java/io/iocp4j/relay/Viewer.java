package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.MemoryBudget.Kind;
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
 * One browser that watches one stream. Units are offered by the publisher's thread and wait in the queue; at most one batch is with the
 * socket, whose send queue is empty otherwise, so that what is to be skipped is still here to be skipped.
 */
final class Viewer implements WebSocketListener {
    private static final System.Logger LOG = new GuardedLog(Viewer.class);

    /** Close code: there is no such stream. */
    static final int NO_SUCH_STREAM = 4404;
    /** Close code: more control text waits than {@link ViewerQueue#CONTROL_BYTES_MAX}. */
    static final int TOO_SLOW = 4408;
    /** Close code: the publisher did not come back in time. */
    static final int STREAM_ENDED = 4410;
    /** A viewer is told to come back after a random part of this, so that not all come at once. */
    private static final int RETRY_MILLIS_MAX = 2_000;

    private final String id;
    private final RelayStream stream;
    private final CompletionPort port;
    private final Clock clock;
    private WebSocket socket;
    /** Of the units that wait, which are the stream's; with them this one keeps memory that others have let go. Null before the opening. */
    private Memory memory;

    // guarded by this
    private final ViewerQueue queue;
    private boolean paused;
    private boolean gone;

    Viewer(String id, RelayStream stream, ViewerQueue queue, CompletionPort port, Clock clock) {
        this.id = id;
        this.stream = stream;
        this.queue = queue;
        this.port = port;
        this.clock = clock;
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
        // the socket is given one batch at a time and says when it has taken all of it
        opened.waterMarks(0, 0);
        LOG.log(Level.INFO, "viewer {0} from {1} watches {2}", id, opened.remote().getAddress().getHostAddress(), stream.path());
        text("{\"t\":\"hello\",\"v\":1,\"viewer\":" + Json.quote(id) + ",\"server\":" + Json.quote("iocp4j " + RelayServer.version())
                + "}");
        stream.join(this);
    }

    @Override
    public void onText(WebSocket from, String text) {
        Map<String, Object> message;
        try {
            message = Json.parse(text);
        } catch (IllegalArgumentException e) {
            from.close(CloseCode.POLICY_VIOLATION, "not a control text: " + e.getMessage());
            return;
        }
        switch (String.valueOf(message.get("t"))) {
            case "ping" -> pong(message.get("c"));
            case "pause" -> pause();
            case "resume", "resync" -> stream.join(this);
            // the rest is for later versions, or for the log of a proxy
            default -> LOG.log(Level.DEBUG, "viewer {0}: {1}", id, text);
        }
    }

    @Override
    public void onBinary(WebSocket from, ByteBuffer data) {
        from.close(CloseCode.UNSUPPORTED_DATA, "a viewer sends text only");
    }

    @Override
    public void onDrain(WebSocket drained) {
        synchronized (this) {
            // the last of several sends of a batch is the one that counts
            if (drained.bufferedAmount() == 0) {
                queue.sent();
                pump();
            }
        }
    }

    @Override
    public void onClose(WebSocket closed, CloseStatus why) {
        stream.leave(this);
        if (memory != null) {
            memory.close();
        }
        String account;
        synchronized (this) {
            gone = true;
            queue.clear();
            account = queue.framesSent() + " frames, " + queue.framesDropped() + " skipped in " + queue.trims() + " trims ("
                    + queue.bytesDropped() + " bytes)";
        }
        LOG.log(Level.INFO, "viewer " + id + " left " + stream.path() + " after " + account + ": " + why.code() + " "
                + Json.quote(why.reason()) + " (" + why.initiator() + ")");
    }

    private void pong(Object c) {
        if (c instanceof Double number) {
            text("{\"t\":\"pong\",\"c\":" + (number == Math.rint(number) ? String.valueOf(number.longValue()) : number.toString())
                    + ",\"s\":" + clock.millis() + "}");
        }
    }

    private synchronized void pause() {
        paused = true;
        queue.join(stream.nanos());
    }

    // ------------------------------------------------------------------ from the stream, which holds its own lock

    /** Begins anew: what the stream is, its init segment, the cached frames, and from there on what comes. */
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
        // a cache that does not fit is of no use in part: then the next key is the first
        if (cachedBytes <= bytesMax) {
            cached.forEach(unit -> queue.addCached(unit, now));
        }
        pump();
    }

    /** A new epoch: its text, and its init segment if there is one. */
    synchronized void epoch(String streamText, MediaUnit init, long now) {
        text(streamText);
        if (init != null && !paused && !queue.addInit(init, now)) {
            socket.close(TOO_SLOW, "more than " + ViewerQueue.INIT_BYTES_MAX + " bytes of init segments wait");
            return;
        }
        pump();
    }

    synchronized void offer(MediaUnit unit, long bytesMax, long now) {
        if (!paused && !gone) {
            queue.offer(unit, bytesMax, now);
            pump();
        }
    }

    /** Says how the stream ended and goodbye, past all that waits; the browser may come again later. */
    void bye(String streamText, int code, String reason) {
        socket.trySend(streamText);
        int retryMillis = ThreadLocalRandom.current().nextInt(RETRY_MILLIS_MAX);
        socket.trySend("{\"t\":\"bye\",\"code\":" + code + ",\"retryMs\":" + retryMillis + "}");
        socket.close(code, reason);
    }

    /** Something was thrown for this viewer, perhaps since memory ran out: it goes. Throws nothing; the frames that it was not sent. */
    long fail(Throwable thrown) {
        long dropped = 0;
        try {
            synchronized (this) {
                gone = true;
                dropped = queue.framesDropped();
                queue.clear();
            }
            socket.close(CloseCode.INTERNAL_ERROR, "");
            LOG.log(Level.WARNING, "viewer " + id + " of " + stream.path() + " ends, since this was thrown", thrown);
        } catch (RuntimeException | Error again) {
            abort(again);
        }
        return dropped;
    }

    /** The last that can be done: the connection ends without a word. */
    private void abort(Throwable thrown) {
        try {
            socket.abort();
            LOG.log(Level.WARNING, "viewer " + id + " is cut off, since this was thrown", thrown);
        } catch (RuntimeException | Error again) {
            // the heartbeat finds it, or memory for that; whoever called has others to serve
            gone = true;
        }
    }

    synchronized long framesDropped() {
        return queue.framesDropped();
    }

    /** Queues control text behind what waits. */
    synchronized void text(String json) {
        if (gone) {
            return;
        }
        if (!queue.addText(Message.shared(port.buffers(), json), stream.nanos())) {
            socket.close(TOO_SLOW, "more than " + ViewerQueue.CONTROL_BYTES_MAX + " bytes of control text wait");
            return;
        }
        pump();
    }

    /** Gives the socket the next batch if it has taken the last one. */
    private void pump() {
        if (gone || queue.isSending()) {
            return;
        }
        ViewerQueue.Skipped skipped = queue.takeSkipped(stream.nanos());
        if (skipped != null) {
            socket.trySend("{\"t\":\"skip\",\"from\":" + Integer.toUnsignedString(skipped.fromSeq()) + ",\"to\":"
                    + Integer.toUnsignedString(skipped.toSeq()) + ",\"frames\":" + skipped.frames() + ",\"reason\":\"slow\"}");
        }
        for (SharedMessage message : queue.takeBatch()) {
            socket.trySend(message);
        }
    }
}
