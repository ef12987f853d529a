package io.iocp4j.jna;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Operation;
import io.iocp4j.core.PortSocket;
import io.iocp4j.core.TcpOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;

/** A TCP socket of {@link IocpPort}. */
final class IocpSocket extends IocpHandle implements PortSocket {
    private static final int SO_LINGER = 0x0080;
    private static final int SO_REUSE_UNICASTPORT = 0x3007;
    private static final int SO_PORT_SCALABILITY = 0x3006;

    /** The state of the connection. */
    private enum State {
        /** Not connected yet. */
        NEW,
        /** ConnectEx is pending. */
        CONNECTING,
        /** Both directions may be used. */
        CONNECTED
    }

    // Guarded by lock.
    private State state = State.NEW;
    private ReceiveRequest receiving;
    private SendRequest sending;
    private ConnectRequest connecting;
    private boolean nonBlocking;
    /** True if the socket has a local address. ConnectEx demands one. */
    private boolean bound;
    /**
     * The first failure that ends the connection. After it no system call is made, since its later results are not
     * reliable.
     */
    private WinError broken;

    private volatile InetSocketAddress local;
    private volatile InetSocketAddress remote;

    /** Opens a socket to connect, or to accept into. */
    IocpSocket(IocpPort port, CompletionKey key) throws IoException {
        super(port, key);
    }

    // ------------------------------------------------------------------ connecting

    @Override
    public void bind(InetSocketAddress asked) throws IoException {
        WinError failure = null;
        synchronized (lock) {
            if (isClosed()) {
                failure = WinError.ofCode("bind", WinApi.WSAENOTSOCK);
            } else {
                try {
                    allowBothFamilies();
                    bindTo(asked);
                } catch (WinError e) {
                    failure = e;
                }
            }
        }
        if (failure != null) {
            throw failure("bind", failure, asked, null);
        }
    }

    private void bindTo(InetSocketAddress asked) throws WinError {
        assert Thread.holdsLock(lock);
        takeAddress(asked);
        bound = true;
    }

    @Override
    public void connect(InetSocketAddress peer, IoContext context) {
        port.started(context, Operation.CONNECT, null);
        WinError failure;
        synchronized (lock) {
            failure = isClosed() ? WinError.ofCode("connect", WinApi.WSAENOTSOCK) : broken;
            if (failure == null && state != State.NEW) {
                port.notStarted(context);
                throw new IllegalStateException(
                        state == State.CONNECTED ? "already connected" : "a connect is pending");
            }
            if (failure == null) {
                failure = startConnect(peer, context);
            }
        }
        failLater(context, failure);
    }

    private WinError startConnect(InetSocketAddress peer, IoContext context) {
        assert Thread.holdsLock(lock);
        if (peer.isUnresolved()) {
            return WinError.ofCode("connect to an unresolved name", WinApi.WSAHOST_NOT_FOUND);
        }
        try {
            if (!bound) {
                allowBothFamilies();
                if (option(WinApi.SOL_SOCKET, SO_REUSE_UNICASTPORT, 1) < 0) {
                    // older systems have this option instead; if it is refused too, that only costs ports: a bound
                    // socket does not share its port with other connections
                    option(WinApi.SOL_SOCKET, SO_PORT_SCALABILITY, 1);
                }
                bindTo(new InetSocketAddress(0));
            }
        } catch (WinError e) {
            return e;
        }
        state = State.CONNECTING;
        connecting = new ConnectRequest(this, peer, context);
        WinError failure = start("ConnectEx", connecting);
        if (failure != null) {
            connectEnded(failure);
        }
        return failure;
    }

    private void connectEnded(WinError failure) {
        assert Thread.holdsLock(lock);
        connecting = null;
        state = failure == null ? State.CONNECTED : State.NEW;
        broken = failure;
    }

    /**
     * Updates the socket's context and reads its addresses. Without the update getpeername and shutdown would fail.
     * Returns null, or the failure. Guarded by lock.
     */
    private WinError update(int context, long value, int length) {
        assert Thread.holdsLock(lock);
        int result = api.setOption(socket, WinApi.SOL_SOCKET, context, value, length);
        if (result < 0) {
            return WinError.ofCode("setsockopt SO_UPDATE_CONTEXT", -result);
        }
        try {
            local = SocketAddress6.of("getsockname", (address, room) -> api.localAddress(socket, address, room));
            remote = SocketAddress6.of("getpeername", (address, room) -> api.remoteAddress(socket, address, room));
            return null;
        } catch (WinError e) {
            return e;
        }
    }

    /** Completes an accept into this socket. Returns null, or the reason why it is not a connection. */
    WinError acceptedBy(long listener) {
        try (Arena arena = Arena.ofConfined()) {
            long value = arena.allocateFrom(ValueLayout.JAVA_LONG, listener).address();
            synchronized (lock) {
                WinError failure = isClosed() ? WinError.ofCode("accept", WinApi.WSAENOTSOCK)
                        : update(WinApi.SO_UPDATE_ACCEPT_CONTEXT, value, 8);
                connectEnded(failure);
                return failure;
            }
        }
    }

    /** Handles the packet of the connect. Returns null, or the reason why there is no connection. Guarded by lock. */
    WinError connected(InetSocketAddress peer, WinError ended) {
        assert Thread.holdsLock(lock);
        WinError failure = ended == null && !isClosed() ? update(WinApi.SO_UPDATE_CONNECT_CONTEXT, 0, 0) : ended;
        if (peer.equals(remote)) {
            // this object may have the host name, which the system does not know
            remote = peer;
        }
        connectEnded(failure);
        packetCame();
        closeIfLast();
        return failure;
    }

    // ------------------------------------------------------------------ transfers

    @Override
    public void receive(ByteBuffer buffer, IoContext context) {
        if (!buffer.hasRemaining() || buffer.isReadOnly()) {
            throw new IllegalArgumentException(
                    "a receive needs a writable buffer with room: 0 bytes would look like a disconnect: " + buffer);
        }
        port.started(context, Operation.RECEIVE, buffer);
        WinError failure;
        synchronized (lock) {
            failure = refusal("receive");
            if (failure == null && receiving != null) {
                port.notStarted(context);
                throw new IllegalStateException("a receive is pending");
            }
            if (failure == null) {
                receiving = new ReceiveRequest(this, buffer, context);
                failure = receiving.begin();
                if (failure != null) {
                    receiving.release();
                    receiving = null;
                    latch(failure);
                }
            }
        }
        failLater(context, failure);
    }

    @Override
    public void send(ByteBuffer[] buffers, int count, IoContext context) {
        if (count < 1 || count > CompletionPort.GATHER_MAX || !hasRemaining(buffers, count)) {
            throw new IllegalArgumentException(
                    "nothing to send, or more than " + CompletionPort.GATHER_MAX + " buffers: " + count);
        }
        port.started(context, Operation.SEND, buffers[0]);
        WinError failure;
        synchronized (lock) {
            failure = refusal("send");
            if (failure == null && sending != null) {
                port.notStarted(context);
                throw new IllegalStateException("a send is pending");
            }
            if (failure == null) {
                sending = new SendRequest(this, buffers, count, context);
                failure = start("WSASend", sending);
                if (failure != null) {
                    sending.release();
                    sending = null;
                    latch(failure);
                }
            }
        }
        failLater(context, failure);
    }

    private static boolean hasRemaining(ByteBuffer[] buffers, int count) {
        for (int i = 0; i < count; i++) {
            if (buffers[i].hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    /** Returns the reason why a transfer cannot start, or null if it can. Guarded by lock. */
    private WinError refusal(String call) {
        assert Thread.holdsLock(lock);
        if (isClosed()) {
            return WinError.ofCode(call, WinApi.WSAENOTSOCK);
        }
        if (broken != null) {
            return broken;
        }
        return state == State.CONNECTED ? null : WinError.ofCode(call, WinApi.WSAENOTCONN);
    }

    /** Keeps the first failure that ends the connection. Guarded by lock. */
    private void latch(WinError failure) {
        assert Thread.holdsLock(lock);
        if (broken == null && failure != null && failure.error().group() == IoError.Group.LOST) {
            broken = failure;
        }
    }

    /**
     * Lets receives on this socket return at once. Returns 0 or minus an error code. Guarded by lock.
     *
     * @param one the address of an int that is 1
     */
    int makeNonBlocking(long one) {
        assert Thread.holdsLock(lock);
        int result = nonBlocking ? 0 : api.nonBlocking(socket, one);
        nonBlocking |= result == 0;
        return result;
    }

    /** Ends a receive for which no further packet will come. Guarded by lock. */
    void receiveEnded(WinError failure) {
        assert Thread.holdsLock(lock);
        receiving = null;
        latch(failure);
        closeIfLast();
    }

    /** Handles the packet of the send. Guarded by lock. */
    void sendEnded(WinError failure) {
        assert Thread.holdsLock(lock);
        sending = null;
        latch(failure);
        packetCame();
        closeIfLast();
    }

    // ------------------------------------------------------------------ ending

    @Override
    public void shutdownOutput() throws IoException {
        synchronized (lock) {
            int result = isClosed() ? -WinApi.WSAENOTSOCK : api.shutdownSend(socket);
            if (result < 0) {
                throw failure("shutdown", WinError.ofCode("shutdown", -result), local, remote);
            }
        }
    }

    /**
     * Cancels the pending operations. Their last packet closes the system's socket. Closing it at once would send RST
     * behind a pending send, while the kernel still owns the buffers.
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (!markClosed()) {
                return;
            }
            for (Request request : new Request[] {receiving, sending, connecting}) {
                if (request != null) {
                    cancel(request.ticket);
                }
            }
            closeIfLast();
        }
    }

    private void closeIfLast() {
        assert Thread.holdsLock(lock);
        if (isClosed() && pending() == 0) {
            closeSocket();
        }
    }

    /**
     * Stores the result of an operation whose packet came. Returns the context to deliver. The caller does not hold the
     * lock.
     */
    IoContext finish(IoContext context, long bytes, WinError failure, boolean closed) {
        if (failure == null) {
            port.succeeded(context, bytes);
        } else {
            port.failed(context, errorOf(failure, closed), failure);
        }
        return context;
    }

    private void failLater(IoContext context, WinError failure) {
        if (failure != null) {
            port.failed(context, failure.error(), failure);
            port.deliverWithoutPacket(context);
        }
    }

    // ------------------------------------------------------------------ facts

    @Override
    public <T> void option(SocketOption<T> option, T value) throws IoException {
        int result;
        synchronized (lock) {
            if (isClosed()) {
                result = -WinApi.WSAENOTSOCK;
            } else if (option.equals(StandardSocketOptions.SO_LINGER)) {
                result = linger((Integer) value);
            } else if (option.equals(TcpOptions.USER_TIMEOUT) && (Integer) value < 1) {
                // Windows takes 0 as no time at all, and a negative value as for ever
                result = -WinApi.WSAEINVAL;
            } else {
                result = WinOption.of(option).map(known -> option(known.level(), known.number(), known.value(value)))
                        .orElse(-WinApi.WSAENOPROTOOPT);
            }
        }
        if (result < 0) {
            throw failure("option " + option.name(), WinError.ofCode("setsockopt", -result), local, remote);
        }
    }

    /**
     * Sets SO_LINGER: two shorts, on and seconds. Only 0 (reset at close) and below (off) are allowed: with any other
     * time closesocket would block a worker.
     */
    private int linger(int seconds) {
        return seconds > 0 ? -WinApi.WSAEINVAL : option(WinApi.SOL_SOCKET, SO_LINGER, seconds == 0 ? 1 : 0);
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public InetSocketAddress remote() {
        return remote;
    }

    @Override
    public String toString() {
        return "socket " + local + " to " + remote;
    }
}
