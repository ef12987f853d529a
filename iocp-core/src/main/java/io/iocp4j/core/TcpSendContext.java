package io.iocp4j.core;

/** The context of one send. One is made for each message and each field costs memory, so it knows its connection only as its owner. */
final class TcpSendContext extends IoContext {
    TcpSendContext(TcpConnection connection) {
        super(connection);
    }

    @Override
    protected void onCompletion() {
        ((TcpConnection) owner()).sent(this);
    }
}
