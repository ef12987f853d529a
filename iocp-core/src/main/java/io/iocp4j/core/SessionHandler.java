package io.iocp4j.core;

import java.lang.System.Logger.Level;

/**
 * Starts a virtual thread for a connection when it is open, and passes the received bytes to that thread's blocking
 * calls.
 */
final class SessionHandler extends TcpBlockingReader {
    private static final System.Logger LOG = new GuardedLog(TcpServer.class);

    private final TcpSession session;

    SessionHandler(CompletionPort port, int maxRead, TcpSession session) {
        super(port, maxRead);
        this.session = session;
    }

    @Override
    public void onOpen(TcpConnection connection) {
        super.onOpen(connection);
        Thread.ofVirtual().name("tcp " + connection.remote()).start(() -> run(connection));
    }

    private void run(TcpConnection connection) {
        try {
            session.run(connection);
            connection.close();
        } catch (Throwable thrown) {
            IoException ofTheConnection = ((TcpChannel) connection).ownFailure(thrown);
            // logged before the abort, because a thread that waits for the end may end the process. The log may block
            // here, since this is no worker, and it throws nothing
            if (ofTheConnection != null) {
                LOG.log(Level.DEBUG, "session of " + connection + " ended", thrown);
                connection.abort(ofTheConnection.error(), thrown);
            } else {
                LOG.log(Level.WARNING, "the session of " + connection + " threw; the connection ends", thrown);
                connection.abort(IoError.HANDLER_FAILED, thrown);
            }
        }
    }
}
