package io.iocp4j.core;

import java.util.concurrent.Future;

/** The context of a TLS handshake on an accepted connection, or on one that was plain until now. */
final class TcpTlsHandshake extends IoContext {
    private final TcpChannel connection;
    /** The timer of its time limit; null if there is none. */
    private final Future<?> limit;

    TcpTlsHandshake(TcpChannel connection, Future<?> limit) {
        super(connection);
        this.connection = connection;
        this.limit = limit;
    }

    @Override
    protected void onCompletion() {
        if (limit != null) {
            limit.cancel(false);
        }
        try {
            if (error() == null) {
                connection.secured();
            } else {
                connection.fail(error(), cause(), true);
            }
        } catch (OutOfMemoryError e) {
            // no other code would continue the connection
            connection.outOfMemory(e);
        }
    }
}
