package io.iocp4j.core;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * The socket beneath a {@link TlsSocket}: carries sealed records both ways, sends FIN, and gets an alert or
 * close_notify out after the close. Its operations retain the owner of the outer ones, the connection, which so
 * outlives them. Guarded by the lock of its TlsSocket.
 */
final class TlsTransport {
    private static final System.Logger LOG = new GuardedLog(TcpConnection.class);

    /**
     * How much of what still comes is dropped behind an alert, in bytes: more than a first flight, less than a flood.
     */
    static final int DROPPED_MAX = 256 << 10;

    private final TlsSocket tls;
    private final PortSocket socket;
    private final TlsRecords records;

    // Receiving.
    private boolean receiving;
    /** FIN came, with or without close_notify before it. */
    private boolean ended;
    /** The bytes that were dropped behind an alert. */
    private long dropped;

    // Sending.
    private boolean sending;
    private boolean finSent;
    /** An alert was sent, or is being sent; what still comes is dropped. */
    private boolean alerting;

    // Ending.
    /** The time limit of a socket that was closed and has something to say; null unless that is so. */
    private Future<?> lastWords;

    TlsTransport(TlsSocket tls, PortSocket socket, TlsRecords records) {
        this.tls = tls;
        this.socket = socket;
        this.records = records;
    }

    // ------------------------------------------------------------------ receiving

    boolean isReceiving() {
        return receiving;
    }

    /** Tells whether the peer has sent FIN. */
    boolean hasEnded() {
        return ended;
    }

    /** Receives into the room of the records; {@link TlsSocket#received} ends it. */
    void receive() {
        assert Thread.holdsLock(tls.lock) && !receiving;
        PooledBuffer room = records.room();
        submit(new Transfer(room, tls::received), context -> socket.receive(room.buffer(), context));
        receiving = true;
    }

    /** A receive has ended with so many bytes. */
    void received(long bytes) {
        assert Thread.holdsLock(tls.lock) && receiving;
        receiving = false;
        ended = bytes == 0;
        records.received(bytes);
    }

    /**
     * Drops the bytes of a receive that is not wanted any more. Behind an alert it receives again, so that no reset
     * overtakes the alert.
     */
    void drop(long bytes) {
        assert Thread.holdsLock(tls.lock) && !receiving;
        records.release();
        dropped += bytes;
        if (alerting && !ended && dropped <= DROPPED_MAX) {
            receive();
        }
    }

    // ------------------------------------------------------------------ sending

    boolean isSending() {
        return sending;
    }

    /** Sends what is sealed; {@link TlsSocket#sent} ends it. */
    void send() {
        assert Thread.holdsLock(tls.lock) && !sending;
        PooledBuffer sealed = records.sealed();
        submit(new Transfer(sealed, tls::sent), context -> socket.send(sealed.buffer(), context));
        sending = true;
    }

    /** A send has ended. Sends the rest, if there is one and it is wanted; returns whether it does. */
    boolean sent(boolean restIsWanted) {
        assert Thread.holdsLock(tls.lock) && sending;
        sending = false;
        boolean rest = restIsWanted && records.sealed().buffer().hasRemaining();
        if (rest) {
            send();
        }
        return rest;
    }

    /** Sends the alert that was sealed, if one was. */
    void alert() {
        alerting = records.sealed() != null;
        if (alerting) {
            send();
        }
    }

    boolean isAlerting() {
        return alerting;
    }

    /** Tells whether the alert has not been sent, or the bytes that the peer sends behind it are still dropped. */
    boolean isAlertUnderWay() {
        return alerting && (sending || receiving);
    }

    /** Called when the alert was sent. A close with unread input would be a reset, which may overtake the alert. */
    void alertSent() {
        sendFin();
        if (!receiving && !ended) {
            receive();
        }
    }

    boolean isFinSent() {
        return finSent;
    }

    void sendFin() {
        assert Thread.holdsLock(tls.lock);
        finSent = true;
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "FIN of " + tls, e);
        }
    }

    // ------------------------------------------------------------------ ending

    /** Tells whether the socket was closed and has something to say. */
    boolean hasLastWords() {
        return lastWords != null;
    }

    /** Closes the socket when its last words are out, or at a time limit. */
    void closeAfter(Duration limit) {
        assert Thread.holdsLock(tls.lock) && lastWords == null;
        lastWords = tls.port.deadline(limit, socket::close);
    }

    void close() {
        assert Thread.holdsLock(tls.lock);
        if (lastWords != null) {
            lastWords.cancel(false);
        }
        socket.close();
    }

    // ------------------------------------------------------------------ operations

    private static void submit(Transfer transfer, Consumer<IoContext> submit) {
        boolean submitted = false;
        try {
            submit.accept(transfer);
            submitted = true;
        } finally {
            if (!submitted) {
                // the port was closed, or there was no memory: the context is the caller's again
                transfer.release();
            }
        }
    }

    /** One operation: retains the connection and its buffer. */
    private final class Transfer extends IoContext {
        private final PooledBuffer memory;
        private final Consumer<IoContext> then;

        Transfer(PooledBuffer memory, Consumer<IoContext> then) {
            super(tls.owner());
            this.memory = memory;
            this.then = then;
            memory.retain();
        }

        @Override
        protected void onCompletion() {
            then.accept(this);
        }

        @Override
        protected void free() {
            memory.release();
            super.free();
        }
    }
}
