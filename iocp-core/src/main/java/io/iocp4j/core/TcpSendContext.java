package io.iocp4j.core;

/**
 * The context of one send. One is made for each message and each field costs memory, so it knows its connection only as
 * its owner.
 */
final class TcpSendContext extends IoContext {
    TcpSendContext(TcpFlusher connection) {
        super(connection);
    }

    @Override
    protected void onCompletion() {
        TcpFlusher connection = (TcpFlusher) owner();
        try {
            connection.sent(this);
        } catch (OutOfMemoryError e) {
            // an onDrain would be missing, or the rest of the queue would not be sent: the application would wait for
            // ever
            connection.fail(IoError.NO_BUFFERS, e, false);
        }
    }
}
