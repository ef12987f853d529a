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
 * What socket and listener have in common: a socket of Windows on the port. Every call that names the socket is made under the lock, so
 * that none can meet its number after the system gave it to somebody else; the calls are short, since nothing here waits.
 */
abstract class IocpHandle extends PortHandle {
    private static final System.Logger LOG = new GuardedLog(IocpHandle.class);

    private static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_V6ONLY = 27;

    final IocpPort port;
    final WinApi api;
    final Object lock = new Object();
    final long socket;
    /** The completion key: packets of this handle carry it. */
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
     * Marks the handle as closed; false if it was. The port forgets it here, before any of its operations can end: who
     * hears of their ends counts it no more.
     */
    final boolean markClosed() {
        assert Thread.holdsLock(lock);
        boolean first = !closed;
        closed = true;
        port.closed(this);
        return first;
    }

    final int pending() {
        assert Thread.holdsLock(lock);
        return pending;
    }

    /** Begins an operation. Null if a packet will come, else why none will. */
    final WinError start(String call, Request request) {
        assert Thread.holdsLock(lock);
        if (!port.slab().take(request)) {
            return WinError.ofCode(call, WinApi.WSAENOBUFS);
        }
        pending++;
        int result = request.call(api);
        if (result == 0 || result == -WinApi.ERROR_IO_PENDING) {
            // success at once queues a packet too
            return null;
        }
        pending--;
        port.slab().free(request);
        return WinError.ofCode(call, -result);
    }

    /** Counts a packet. */
    final void packetCame() {
        assert Thread.holdsLock(lock);
        pending--;
    }

    /** Asks for the end of an operation; its packet comes all the same. */
    final void cancel(long ticket) {
        assert Thread.holdsLock(lock);
        long overlapped = port.slab().overlapped(ticket);
        if (overlapped == 0) {
            return;
        }
        int result = api.cancel(socket, overlapped);
        if (result < 0 && result != -WinApi.ERROR_NOT_FOUND) {
            // not found means: has ended, its packet is in the queue
            LOG.log(Level.WARNING, "an operation of " + this + " cannot be cancelled, it will end when its peer lets it",
                    WinError.ofCode("CancelIoEx", -result));
        }
    }

    final void closeSocket() {
        int result = api.closeSocket(socket);
        if (result < 0) {
            LOG.log(Level.WARNING, "closing " + this, WinError.ofCode("closesocket", -result));
        }
    }

    /** Sets an option of one int; 0 or minus an error code. */
    final int option(int level, int name, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return api.setOption(socket, level, name, arena.allocateFrom(ValueLayout.JAVA_INT, value).address(), 4);
        }
    }

    final void takeAddress(InetSocketAddress address) throws WinError {
        if (address.isUnresolved()) {
            throw WinError.ofCode("bind to a name without address", WinApi.WSAHOST_NOT_FOUND);
        }
        try (Arena arena = Arena.ofConfined()) {
            int result = api.bind(socket, SocketAddress6.write(address, arena.allocate(SocketAddress6.BYTES, 4)).address(),
                    SocketAddress6.BYTES);
            if (result < 0) {
                throw WinError.ofCode("bind", -result);
            }
        }
    }

    /** IPv4 through the same socket: has to be allowed before the socket is bound. */
    final void allowBothFamilies() throws WinError {
        int result = option(IPPROTO_IPV6, IPV6_V6ONLY, 0);
        if (result < 0) {
            throw WinError.ofCode("setsockopt IPV6_V6ONLY", -result);
        }
    }

    /** What ends because its handle was closed by us says so, whatever the system calls it. */
    static IoError errorOf(WinError failure, boolean closed) {
        return closed ? IoError.OPERATION_ABORTED : failure.error();
    }
}
