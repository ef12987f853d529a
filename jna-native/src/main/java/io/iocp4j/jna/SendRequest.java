package io.iocp4j.jna;

import io.iocp4j.core.IoContext;
import java.nio.ByteBuffer;

/** One WSASend, of as many bytes of the buffers as one send may take. */
final class SendRequest extends Request {
    private final IocpSocket owner;
    private final TransferMemory memory;
    private final IoContext context;

    SendRequest(IocpSocket owner, ByteBuffer[] buffers, int count, IoContext context) {
        super(owner);
        this.owner = owner;
        this.memory = new TransferMemory(owner.port.buffers(), buffers, count);
        this.context = context;
    }

    @Override
    int call(WinApi api) {
        for (int i = 0; i < memory.count(); i++) {
            buffer(i, memory.address(i), memory.length(i));
        }
        return api.send(owner.socket, payload(), memory.count(), overlapped());
    }

    @Override
    IoContext ended(int status, int bytes) {
        WinError failure = WinError.ofStatus("send", status);
        boolean closed;
        synchronized (owner.lock) {
            closed = owner.isClosed();
            owner.sendEnded(failure);
        }
        memory.sent(failure == null ? bytes : 0);
        return owner.finish(context, bytes, failure, closed);
    }

    /** Gives the memory back if the send was never started. */
    void release() {
        memory.release();
    }
}
