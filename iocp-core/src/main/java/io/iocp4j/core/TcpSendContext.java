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
        ((TcpFlusher) owner()).sent(this);
    }
}
