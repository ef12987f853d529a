package io.iocp4j.jna;

import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * One WSARecv. It either receives bytes directly, or begins with a zero-byte read. The zero-byte read pins no memory
 * and ends when something has arrived; a second, non-blocking call then takes the bytes. So the 0 of a zero-byte
 * read is never taken for the end of the peer's data.
 */
final class ReceiveRequest extends Request {
    private final IocpSocket owner;
    private final TransferMemory memory;
    private final IoContext context;
    /** True while it is a zero-byte read. */
    private boolean zero;

    ReceiveRequest(IocpSocket owner, ByteBuffer buffer, IoContext context) {
        super(owner);
        this.owner = owner;
        this.memory = new TransferMemory(owner.port.buffers(), buffer);
        this.context = context;
    }

    /**
     * Starts the receive. Returns null if a packet will come, else the reason why none will. Guarded by the lock of the
     * handle.
     */
    WinError begin() {
        assert Thread.holdsLock(owner.lock);
        zero = owner.port.receivesWaitWithoutMemory();
        WinError failure = owner.start("WSARecv", this);
        return isNoBuffers(failure) && !zero ? beginWithNothing() : failure;
    }

    private WinError beginWithNothing() {
        zero = true;
        return owner.start("WSARecv", this);
    }

    private static boolean isNoBuffers(WinError failure) {
        return failure != null && failure.error() == IoError.NO_BUFFERS;
    }

    @Override
    int call(WinApi api) {
        record.set(ValueLayout.JAVA_INT, OverlappedSlab.FLAGS, 0);
        buffer(0, memory.address(0), zero ? 0 : memory.length(0));
        return api.receive(owner.socket, payload(), 1, 0, record.address() + OverlappedSlab.FLAGS, overlapped());
    }

    @Override
    IoContext ended(int status, int bytes) {
        WinError failure = WinError.ofStatus("receive", status);
        long received = bytes;
        boolean closed;
        synchronized (owner.lock) {
            owner.packetCame();
            closed = owner.isClosed();
            boolean again = isNoBuffers(failure) && !zero;
            if (failure == null && zero) {
                int now = closed ? -WinApi.ERROR_OPERATION_ABORTED : receiveNow();
                received = Math.max(0, now);
                again = now == -WinApi.WSAEWOULDBLOCK;
                failure = now < 0 ? WinError.ofCode("WSARecv", -now) : null;
            }
            if (again && !closed) {
                failure = beginWithNothing();
                if (failure == null) {
                    return null;
                }
            }
            owner.receiveEnded(failure);
        }
        memory.received(failure == null ? received : 0);
        return owner.finish(context, received, failure, closed);
    }

    /**
     * Receives without waiting. Returns the number of bytes, 0 at the end of the peer's data, or minus an error code.
     */
    private int receiveNow() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(32, 8);
            buffer.set(ValueLayout.JAVA_INT, 0, 1);
            int result = owner.makeNonBlocking(buffer.address());
            if (result < 0) {
                return result;
            }
            buffer.set(ValueLayout.JAVA_INT, 0, memory.length(0));
            buffer.set(ValueLayout.JAVA_LONG, 8, memory.address(0));
            buffer.set(ValueLayout.JAVA_LONG, 16, 0);
            long count = buffer.address() + 16;
            long flags = buffer.address() + 20;
            result = owner.api.receive(owner.socket, buffer.address(), 1, count, flags, 0);
            return result < 0 ? result : buffer.get(ValueLayout.JAVA_INT, 16);
        }
    }

    /** Gives the memory back if the receive was never started. */
    void release() {
        memory.release();
    }
}
