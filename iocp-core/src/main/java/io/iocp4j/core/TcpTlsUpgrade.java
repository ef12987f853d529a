package io.iocp4j.core;

import javax.net.ssl.SSLException;

/**
 * TLS that begins on a plain connection. Nothing is sent or received by the connection from {@code startTls} to the end
 * of the handshake. Guarded by the connection's lock.
 */
final class TcpTlsUpgrade {
    private final TcpChannel connection;
    private final TlsRecords records;
    /**
     * Bytes that were sent in the open and not yet completed: a completion may come behind the peer's answer to them.
     */
    private long openBytes;

    TcpTlsUpgrade(TcpChannel connection, TlsRecords records, long openBytes) {
        this.connection = connection;
        this.records = records;
        this.openBytes = openBytes;
    }

    /** Counts what was sent in the open, and begins the handshake when no send is under way any more. */
    void sentInTheOpen(long bytes, boolean sending) {
        assert Thread.holdsLock(connection.lock);
        openBytes -= bytes;
        if (sending) {
            return;
        }
        if (openBytes > 0) {
            SSLException early = new SSLException("the peer has agreed to TLS before it was asked");
            connection.fail(IoError.TLS_FAILURE, early, true);
        } else {
            connection.secure(records, new TcpTlsHandshake(connection, null));
        }
    }
}
