package io.iocp4j.jna;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortHandle;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;

/**
 * The common part of socket and acceptor: a Windows socket that is associated with the port. Every call that names the
 * socket is made under the lock. So no call can hit the number after the system has reused it for another socket. The
 * calls are short: none blocks.
 */
abstract class IocpHandle extends PortHandle {
    private static final System.Logger LOG = new GuardedLog(IocpPort.class);

    private static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_V6ONLY = 27;

    final IocpPort port;
    final WinApi api;
    final Object lock = new Object();
    final long socket;
    /** The completion key that packets of this handle carry. */
    final long id;

    // Guarded by lock.
    private boolean closed;
    private int pending;

    IocpHandle(IocpPort port, CompletionKey key) throws IoException {
        super(port, key);
        this.port = port;
        this.api = port.api();
        this.id = port.nextId();
        long opened = api.socket();
        if (opened < 0) {
            throw failure("open", WinError.ofCode("WSASocketW", (int) -opened), null, null);
        }
        this.socket = opened;
        int associated = port.associate(opened, id);
        if (associated < 0) {
            closeSocket();
            throw failure("open", WinError.ofCode("CreateIoCompletionPort", -associated), null, null);
        }
    }

    static IoException failure(String operation, WinError error, InetSocketAddress local, InetSocketAddress remote) {
        return new IoException(error.error(), operation, local, remote, error);
    }

    final boolean isClosed() {
        assert Thread.holdsLock(lock);
        return closed;
    }

    /**
     * Marks the handle as closed. Returns false if it was closed already. The port forgets the handle here, before any
     * of its operations can end: a callback that sees such an end finds the handle no longer counted. Guarded by lock.
     */
    final boolean markClosed() {
        assert Thread.holdsLock(lock);
        boolean first = !closed;
        closed = true;
        port.closed(this);
        return first;
    }

    /** The number of operations whose packet has not come yet. Guarded by lock. */
    final int pending() {
        assert Thread.holdsLock(lock);
        return pending;
    }

    /** Starts an operation. Returns null if a packet will come, else the reason why none will. Guarded by lock. */
    final WinError start(String call, Request request) {
        assert Thread.holdsLock(lock);
        if (!port.slab().take(request)) {
            return WinError.ofCode(call, WinApi.WSAENOBUFS);
        }
        pending++;
        int result = request.call(api);
        if (result == 0 || result == -WinApi.ERROR_IO_PENDING) {
            // immediate success queues a packet too
            return null;
        }
        pending--;
        port.slab().free(request);
        return WinError.ofCode(call, -result);
    }

    /** Counts a packet that has come. Guarded by lock. */
    final void packetCame() {
        assert Thread.holdsLock(lock);
        pending--;
    }

    /** Asks the kernel to end an operation early. Its packet still comes. Guarded by lock. */
    final void cancel(long ticket) {
        assert Thread.holdsLock(lock);
        long overlapped = port.slab().overlapped(ticket);
        if (overlapped == 0) {
            return;
        }
        int result = api.cancel(socket, overlapped);
        if (result < 0 && result != -WinApi.ERROR_NOT_FOUND) {
            // not found: the operation has ended, and its packet is in the queue
            LOG.log(Level.WARNING, "an operation of " + this + " cannot be cancelled; it ends when its peer lets it",
                    WinError.ofCode("CancelIoEx", -result));
        }
    }

    final void closeSocket() {
        int result = api.closeSocket(socket);
        if (result < 0) {
            LOG.log(Level.WARNING, this + " could not be closed", WinError.ofCode("closesocket", -result));
        }
    }

    /** Sets an option whose value is one int. Returns 0, or minus an error code. Guarded by lock. */
    final int option(int level, int name, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return api.setOption(socket, level, name, arena.allocateFrom(ValueLayout.JAVA_INT, value).address(), 4);
        }
    }

    final void takeAddress(InetSocketAddress address) throws WinError {
        if (address.isUnresolved()) {
            throw WinError.ofCode("bind to an unresolved name", WinApi.WSAHOST_NOT_FOUND);
        }
        try (Arena arena = Arena.ofConfined()) {
            int result = api.bind(socket,
                    SocketAddress6.write(address, arena.allocate(SocketAddress6.BYTES, 4)).address(),
                    SocketAddress6.BYTES);
            if (result < 0) {
                throw WinError.ofCode("bind", -result);
            }
        }
    }

    /** Lets the socket carry IPv4 too. Must be called before the socket is bound. */
    final void allowBothFamilies() throws WinError {
        int result = option(IPPROTO_IPV6, IPV6_V6ONLY, 0);
        if (result < 0) {
            throw WinError.ofCode("setsockopt IPV6_V6ONLY", -result);
        }
    }

    /**
     * The error of a failed operation. If we closed its handle, it is OPERATION_ABORTED, whatever the system reports.
     */
    static IoError errorOf(WinError failure, boolean closed) {
        return closed ? IoError.OPERATION_ABORTED : failure.error();
    }
}
