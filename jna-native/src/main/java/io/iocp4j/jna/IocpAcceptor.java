package io.iocp4j.jna;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Operation;
import io.iocp4j.core.PortAcceptor;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.List;

/**
 * The listening socket of {@link IocpPort}. It keeps several AcceptEx pending, each with a socket to accept into. So a
 * burst of connections does not wait for workers. A connection that arrives before an accept is submitted is kept
 * ready.
 */
final class IocpAcceptor extends IocpHandle implements PortAcceptor {
    private static final int SO_EXCLUSIVEADDRUSE = -5;
    /** Bytes for one address: a sockaddr_storage, and the 16 further bytes that AcceptEx demands. */
    static final int ADDRESS_BYTES = 144;

    private final InetSocketAddress local;

    // Guarded by lock.
    private final ArrayDeque<IocpSocket> ready = new ArrayDeque<>();
    private IoContext waiting;

    IocpAcceptor(IocpPort port, InetSocketAddress asked, int backlog, CompletionKey key) throws IoException {
        super(port, key);
        try {
            allowBothFamilies();
            // not SO_REUSEADDR: on Windows it lets another process take the port over
            check("setsockopt SO_EXCLUSIVEADDRUSE", option(WinApi.SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1));
            takeAddress(asked);
            check("listen", api.listen(socket, backlog));
            local = SocketAddress6.of("getsockname", (address, room) -> api.localAddress(socket, address, room));
        } catch (WinError e) {
            closeSocket();
            throw failure("bind", e, asked, null);
        }
    }

    private static void check(String call, int result) throws WinError {
        if (result < 0) {
            throw WinError.ofCode(call, -result);
        }
    }

    @Override
    public void accept(IoContext context) {
        port.started(context, Operation.ACCEPT, null);
        IocpSocket taken;
        WinError failure;
        synchronized (lock) {
            if (waiting != null) {
                port.notStarted(context);
                throw new IllegalStateException("an accept is pending");
            }
            taken = ready.poll();
            failure = isClosed() ? WinError.ofCode("accept", WinApi.WSAENOTSOCK) : topUp();
            if (taken == null && !isClosed() && pending() > 0) {
                waiting = context;
                return;
            }
        }
        if (taken != null) {
            handOver(context, taken);
        } else {
            port.failed(context, failure.error(), failure);
        }
        port.deliverWithoutPacket(context);
    }

    /** Starts accepts up to the limit. Returns null, or the reason why fewer are pending. Guarded by lock. */
    private WinError topUp() {
        assert Thread.holdsLock(lock);
        while (pending() + ready.size() < port.limits().acceptsMax()) {
            IocpSocket socketToAccept;
            try {
                socketToAccept = new IocpSocket(port, CompletionKey.NONE);
            } catch (IoException e) {
                return (WinError) e.getCause();
            }
            // no caller has submitted this accept, but the workers must stay until its packet has come
            port.packetOfOwnDue();
            WinError failure = start("AcceptEx", new Accept(this, socketToAccept));
            if (failure != null) {
                socketToAccept.close();
                port.packetOfOwnCame();
                return failure;
            }
        }
        return null;
    }

    /**
     * Completes the context with the socket. From here on the port closes the socket unless the application has closed
     * it.
     */
    private void handOver(IoContext context, IocpSocket socketAccepted) {
        try {
            port.opened(socketAccepted);
            port.succeeded(context, socketAccepted);
        } catch (IllegalStateException e) {
            port.failed(context, IoError.OPERATION_ABORTED, e);
        }
    }

    /** One AcceptEx. */
    private static final class Accept extends Request {
        private final IocpAcceptor owner;
        private final IocpSocket accepted;

        Accept(IocpAcceptor owner, IocpSocket accepted) {
            super(owner);
            this.owner = owner;
            this.accepted = accepted;
        }

        @Override
        int call(WinApi api) {
            // ask for no data: otherwise a peer that connects and sends nothing would hold the accept
            return api.accept(owner.socket, accepted.socket, payload(), ADDRESS_BYTES, 0, overlapped());
        }

        @Override
        IoContext ended(int status, int bytes) {
            try {
                return owner.accepted(accepted, WinError.ofStatus("accept", status));
            } finally {
                owner.port.packetOfOwnCame();
            }
        }
    }

    /**
     * Handles the packet of an accept. Returns the context to deliver, with its connection or an error; null if there
     * is none.
     */
    private IoContext accepted(IocpSocket accepted, WinError ended) {
        IoContext context = null;
        WinError failure = ended;
        WinError shortage = null;
        synchronized (lock) {
            packetCame();
            if (failure == null && !isClosed()) {
                failure = accepted.acceptedBy(socket);
            }
            if (isClosed() || failure != null) {
                accepted.close();
            } else if (waiting == null) {
                ready.add(accepted);
            } else {
                context = waiting;
                waiting = null;
            }
            if (!isClosed()) {
                shortage = ended == null || isPeerGone(ended) ? topUp() : ended;
                if (context == null && waiting != null && pending() == 0) {
                    context = waiting;
                    waiting = null;
                }
            }
        }
        if (context != null) {
            if (failure == null) {
                handOver(context, accepted);
            } else {
                port.failed(context, shortage.error(), shortage);
            }
        }
        return context;
    }

    /**
     * Returns true if the peer gave up while it waited, which says nothing about the listener. After any other failure
     * the next accept would fail at once.
     */
    private static boolean isPeerGone(WinError failure) {
        return switch (failure.error()) {
            case CONNECTION_RESET, CONNECTION_ABORTED, NOT_CONNECTED -> true;
            default -> false;
        };
    }

    /** Closes the system's socket at once, so that nobody can connect any more. That ends the pending accepts. */
    @Override
    public void close() {
        IoContext context;
        List<IocpSocket> unused;
        synchronized (lock) {
            if (!markClosed()) {
                return;
            }
            closeSocket();
            context = waiting;
            waiting = null;
            unused = List.copyOf(ready);
            ready.clear();
        }
        unused.forEach(IocpSocket::close);
        if (context != null) {
            port.failed(context, IoError.OPERATION_ABORTED, null);
            port.deliverWithoutPacket(context);
        }
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public String toString() {
        return "acceptor " + local;
    }
}
