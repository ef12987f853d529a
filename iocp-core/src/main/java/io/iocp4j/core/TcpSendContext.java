package io.iocp4j.core;

/**
 * The context of one send. Every message allocates one and each field costs memory, so it refers to its connection only
 * as its owner.
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
            // otherwise an onDrain would be missing, or the rest of the queue would not be sent, and the application
            // would wait for ever
            connection.fail(IoError.NO_BUFFERS, e, false);
        }
    }
}
