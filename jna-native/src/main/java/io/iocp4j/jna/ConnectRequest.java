package io.iocp4j.jna;

import io.iocp4j.core.IoContext;
import java.net.InetSocketAddress;

/** One ConnectEx. */
final class ConnectRequest extends Request {
    private final IocpSocket owner;
    private final InetSocketAddress peer;
    private final IoContext context;

    ConnectRequest(IocpSocket owner, InetSocketAddress peer, IoContext context) {
        super(owner);
        this.owner = owner;
        this.peer = peer;
        this.context = context;
    }

    @Override
    int call(WinApi api) {
        SocketAddress6.write(peer, record.asSlice(OverlappedSlab.PAYLOAD, SocketAddress6.BYTES));
        return api.connect(owner.socket, payload(), SocketAddress6.BYTES, overlapped());
    }

    @Override
    IoContext ended(int status, int bytes) {
        WinError failure = WinError.ofStatus("connect", status);
        boolean closed;
        synchronized (owner.lock) {
            closed = owner.isClosed();
            failure = owner.connected(peer, failure);
        }
        return owner.finish(context, 0, failure, closed);
    }
}
