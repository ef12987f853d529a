package io.iocp4j.core;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * The socket beneath a {@link TlsSocket}. It carries sealed records both ways, sends FIN, and sends an alert or
 * close_notify after the close. Its operations retain the owner of the outer operations, so the connection outlives
 * them. Guarded by the lock of its TlsSocket.
 */
final class TlsTransport {
    private static final System.Logger LOG = new GuardedLog(TcpConnection.class);

    /**
     * The most received bytes that are dropped after an alert. The first flight of a handshake is smaller, a flood is
     * larger.
     */
    static final int DROPPED_MAX = 256 << 10;

    private final TlsSocket tls;
    private final PortSocket socket;
    private final TlsRecords records;

    // Receiving.
    private boolean receiving;
    /** True when the peer's FIN has arrived, with or without close_notify before it. */
    private boolean ended;
    /** The number of bytes that were dropped after an alert. */
    private long dropped;

    // Sending.
    private boolean sending;
    private boolean finSent;
    /** True when an alert was sent, or is being sent. Bytes that still arrive are dropped. */
    private boolean alerting;

    // Ending.
    /** The time limit of a closed socket that still has to send an alert or close_notify; else null. */
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

    /** Called when a receive has ended with the given bytes. */
    void received(long bytes) {
        assert Thread.holdsLock(tls.lock) && receiving;
        receiving = false;
        ended = bytes == 0;
        records.received(bytes);
    }

    /**
     * Drops the bytes of a receive that is not wanted any more. After an alert it receives again; otherwise a reset
     * could overtake the alert.
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

    /** Sends the sealed bytes; {@link TlsSocket#sent} ends it. */
    void send() {
        assert Thread.holdsLock(tls.lock) && !sending;
        PooledBuffer sealed = records.sealed();
        submit(new Transfer(sealed, tls::sent), context -> socket.send(sealed.buffer(), context));
        sending = true;
    }

    /** Called when a send has ended. If bytes are left and wanted, sends them and returns true. */
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

    /** Tells whether the alert has not been sent, or bytes that the peer still sends are being dropped. */
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

    /** Tells whether the socket was closed and still has to send an alert or close_notify. */
    boolean hasLastWords() {
        return lastWords != null;
    }

    /** Closes the socket when the alert or close_notify was sent, or at a time limit. */
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
                // the port was closed, or there was no memory: the context belongs to the caller again
                transfer.release();
            }
        }
    }

    /** The context of one operation. It retains the connection and its buffer. */
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
