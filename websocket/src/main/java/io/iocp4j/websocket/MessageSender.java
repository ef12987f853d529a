package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.Opcode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** The three ways to send on a WebSocket: at once whatever the queue, as the slow-consumer policy says, and while it is written. */
final class MessageSender {
    private final Object lock;
    private final TcpConnection tcp;
    private final SlowConsumer policy;
    // guarded by lock
    private final ClosingHandshake closing;
    private final FrameWriter outgoing;
    private long dropped;

    MessageSender(Object lock, TcpConnection tcp, ClosingHandshake closing, FrameWriter outgoing, SlowConsumer policy) {
        this.lock = lock;
        this.tcp = tcp;
        this.closing = closing;
        this.outgoing = outgoing;
        this.policy = policy;
    }

    // ------------------------------------------------------------------ at once

    boolean tryBinary(ByteBuffer data) {
        synchronized (lock) {
            return closing.isOpen() && (outgoing.binary(data) || noRoom());
        }
    }

    boolean tryMessage(Message message) {
        synchronized (lock) {
            return closing.isOpen() && (outgoing.message(message) || noRoom());
        }
    }

    boolean tryPing(ByteBuffer payload) {
        synchronized (lock) {
            return closing.isOpen() && (outgoing.control(Opcode.PING, payload) || noRoom());
        }
    }

    CompletableFuture<Void> async(Message message) {
        synchronized (lock) {
            if (closing.isOpen() && (outgoing.message(message) || noRoom() || closing.isOpen())) {
                return outgoing.taken();
            }
        }
        return CompletableFuture.failedFuture(aborted("send"));
    }

    // ------------------------------------------------------------------ as the policy says

    void binary(ByteBuffer data) throws IOException {
        synchronized (lock) {
            if (admit() && !outgoing.binary(data)) {
                requireTaken();
            }
        }
    }

    void message(Message message) throws IOException {
        synchronized (lock) {
            if (admit() && !outgoing.message(message)) {
                requireTaken();
            }
        }
    }

    /** From a topic: the policy where nothing may wait. */
    void publish(SharedMessage message) {
        synchronized (lock) {
            if (admitNow() && !outgoing.message(message)) {
                noRoom();
            }
        }
    }

    long dropped() {
        synchronized (lock) {
            return dropped;
        }
    }

    /** Whether the message is to be sent; under the lock. */
    private boolean admit() throws IOException {
        if (policy == SlowConsumer.BLOCK) {
            outgoing.awaitRoom(null);
        }
        boolean admitted = admitNow();
        requireOpen();
        return admitted;
    }

    /** The same where nothing may wait. */
    private boolean admitNow() {
        if (closing.isOpen() && !outgoing.hasRoom()) {
            switch (policy) {
                case BLOCK -> { }
                case DROP -> {
                    dropped++;
                    return false;
                }
                case CLOSE -> closing.begin(CloseCode.POLICY_VIOLATION, "the peer reads too slowly");
            }
        }
        return closing.isOpen();
    }

    // ------------------------------------------------------------------ while it is written

    MessageOutput stream(Opcode opcode) throws IOException {
        synchronized (lock) {
            outgoing.awaitRoom(null);
            requireOpen();
            return outgoing.beginStream(new MessageOutput(this, opcode));
        }
    }

    /** From the stream of a message. */
    void part(MessageOutput stream, boolean last, Opcode opcode, ByteBuffer payload) throws IOException {
        Runnable outside = () -> { };
        synchronized (lock) {
            outgoing.awaitRoom(stream);
            requireOpen();
            if (!outgoing.part(last, opcode, payload)) {
                // before the end of the stream: what waits behind it is lost as well
                requireTaken();
            }
            if (last) {
                outside = outgoing.endStream();
            }
        }
        outside.run();
    }

    // ------------------------------------------------------------------ waiting for all of it

    void flush() throws IOException {
        CompletableFuture<Void> taken;
        synchronized (lock) {
            taken = outgoing.taken();
        }
        try {
            taken.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw aborted("flush");
        } catch (ExecutionException e) {
            synchronized (lock) {
                throw new WebSocketException("flush: " + e.getCause().getMessage(), closing.status());
            }
        }
    }

    IoException aborted(String operation) {
        return outgoing.aborted(operation);
    }

    /**
     * A send has said that there is no room: it says the same of a connection that is gone, and the message with it, perhaps because this
     * very message was too much. Then the WebSocket is over now, and not only when its callbacks hear of it.
     *
     * @return false
     */
    private boolean noRoom() {
        CloseInfo why = tcp.closeInfo();
        if (why != null) {
            closing.lost(ClosingHandshake.reason(why), why.initiator());
        }
        return false;
    }

    private void requireTaken() throws WebSocketException {
        noRoom();
        requireOpen();
    }

    private void requireOpen() throws WebSocketException {
        if (!closing.isOpen()) {
            throw new WebSocketException("send", closing.status());
        }
    }
}
