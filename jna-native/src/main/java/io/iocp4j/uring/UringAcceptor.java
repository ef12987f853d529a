package io.iocp4j.uring;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Operation;
import io.iocp4j.core.PortAcceptor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The listening socket of {@link UringPort}. Each connection that it accepts goes to the next loop in turn. */
final class UringAcceptor extends UringHandle implements PortAcceptor {
    private static final VarHandle ACCEPT = field(UringAcceptor.class, "accepting", Object.class);
    static final int OP_ACCEPT = 13;
    /**
     * How long a close on a thread of the application waits until the address is free again. The loop sees the close
     * when the delivery that it is in has returned.
     */
    private static final long UNBIND_SECONDS_MAX = 1;

    private final InetSocketAddress local;
    /** Memory for the address of the peer of the pending accept, and for its length. Freed with this object. */
    private final MemorySegment peer = Arena.ofAuto().allocate(SocketAddresses.BYTES + 4, 4);
    private final CountDownLatch unbound = new CountDownLatch(1);
    /** The slot, see UringHandle. */
    private volatile Object accepting;

    UringAcceptor(UringLoop loop, InetSocketAddress asked, int backlog, CompletionKey key) throws IoException {
        int opened = -1;
        InetSocketAddress bound = null;
        try {
            opened = SocketAddresses.open();
            SocketOptions.reuseAddress(opened);
            SocketAddresses.bind(opened, asked);
            Errno.check("listen", LibC.listen(opened, backlog));
            bound = SocketAddresses.local(opened);
        } catch (Errno | RuntimeException e) {
            throw new IoException(Errno.of(e), "bind", asked, null, e);
        } finally {
            if (bound == null && opened >= 0) {
                LibC.close(opened);
            }
        }
        super(loop, opened, key);
        local = bound;
    }

    @Override
    public void accept(IoContext context) {
        if (claim(ACCEPT, context, Operation.ACCEPT, null)) {
            start(ACCEPT, context);
        }
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    // ------------------------------------------------------------------ on the thread of the loop

    @Override
    void startWaiting() {
        IoContext accept = context(accepting);
        if (accept != null && !has(OPEN)) {
            try {
                reserve();
                peer.set(ValueLayout.JAVA_INT, SocketAddresses.BYTES, SocketAddresses.BYTES);
                submit(OPEN, OP_ACCEPT, 0, peer.address() + SocketAddresses.BYTES, peer.address(), 0,
                        LibC.SOCK_CLOEXEC);
            } catch (Errno | RuntimeException | Error e) {
                notSubmitted(ACCEPT, accept, e);
            }
        }
    }

    @Override
    void abortWaiting() {
        abort(ACCEPT, OPEN);
    }

    @Override
    List<Object> memoryInKernel() {
        return List.of(peer);
    }

    @Override
    IoContext finish(int kind, int result) {
        IoContext context = context(accepting);
        if (result < 0) {
            failed(context, causeOf("accept", result));
        } else {
            take(context, result);
        }
        ACCEPT.setRelease(this, null);
        return context;
    }

    private void take(IoContext context, int descriptor) {
        UringSocket socket = null;
        try {
            // the address comes with the accept: getpeername has none if the peer has reset the connection meanwhile
            socket = new UringSocket(loop.port.nextLoop(), descriptor, SocketAddresses.read(peer));
            loop.port.opened(socket);
            loop.port.succeeded(context, socket);
        } catch (IllegalStateException e) {
            // the port is closing, and has closed the socket
            loop.port.failed(context, IoError.OPERATION_ABORTED, e);
        } catch (Errno | RuntimeException | Error e) {
            // without this completion the server would never accept again
            if (socket == null) {
                LibC.close(descriptor);
            } else {
                socket.close();
            }
            loop.port.failed(context, e instanceof Errno ? IoError.CONNECTION_ABORTED : IoError.of(e), e);
        }
    }

    // ------------------------------------------------------------------ closing

    /**
     * Closes the listener. On a thread of the application, it waits until the address is free, at most
     * {@link #UNBIND_SECONDS_MAX}. A worker does not wait, since its connections would wait too.
     */
    @Override
    public void close() {
        super.close();
        if (!loop.port.isWorker() && !UringLoop.isAnyCurrent()) {
            try {
                unbound.await(UNBIND_SECONDS_MAX, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    void closeDescriptor() {
        super.closeDescriptor();
        unbound.countDown();
    }

    @Override
    public String toString() {
        return "acceptor " + local;
    }
}
