package io.iocp4j.core;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The listening socket of {@link SelectorPort}. Each connection that it accepts goes to the next loop in turn. */
final class SelectorAcceptor extends SelectorHandle implements PortAcceptor {
    private static final VarHandle ACCEPT = field(SelectorAcceptor.class, "accepting", Object.class);
    /** The most connections that are accepted before other handles have their turn. */
    private static final int ACCEPTS_PER_TURN = 16;
    /**
     * How long a close on a thread of the application waits until the address is free again. The loop sees the close
     * when the delivery that it is in has returned.
     */
    static final long UNBIND_SECONDS_MAX = 1;

    private final ServerSocketChannel channel;
    private final InetSocketAddress local;
    private final CountDownLatch unbound = new CountDownLatch(1);
    /** The slot, see SelectorHandle. */
    private volatile Object accepting;
    /** Loop's thread only. True when the loop knows that the system still has to free the address. */
    private boolean unbinding;

    SelectorAcceptor(SelectorLoop loop, InetSocketAddress asked, int backlog, CompletionKey key) throws IoException {
        super(loop, key);
        ServerSocketChannel opened = null;
        try {
            opened = ServerSocketChannel.open();
            opened.configureBlocking(false);
            opened.bind(asked, backlog);
            local = (InetSocketAddress) opened.getLocalAddress();
        } catch (IOException | RuntimeException e) {
            throw notOpened(opened, "bind", asked, e);
        }
        channel = opened;
    }

    /** Returns the reason why a channel could not be opened, and closes the channel if there is one. */
    static IoException notOpened(Channel opened, String operation, InetSocketAddress asked, Exception e) {
        IoException failure = new IoException(IoError.of(e), operation, asked, null, e);
        if (opened != null) {
            try {
                opened.close();
            } catch (IOException again) {
                failure.addSuppressed(again);
            }
        }
        return failure;
    }

    @Override
    ServerSocketChannel channel() {
        return channel;
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
    void begin() {
        if (isClosed()) {
            closeChannel();
            abort(ACCEPT);
            if (!unbinding) {
                loop.unbind(this);
                unbinding = true;
            }
            return;
        }
        IoContext accept = pending(accepting);
        if (accept != null) {
            try {
                watch(SelectionKey.OP_ACCEPT);
            } catch (Throwable thrown) {
                fail(ACCEPT, accept, thrown);
            }
        }
    }

    @Override
    void deliverEnded() {
        deliverEnded(ACCEPT);
    }

    @Override
    void ready(SelectionKey key) {
        for (int i = 0; i < ACCEPTS_PER_TURN && !isClosed(); i++) {
            IoContext accept = pending(accepting);
            if (accept == null) {
                unwatch(SelectionKey.OP_ACCEPT);
                return;
            }
            if (!take(accept)) {
                return;
            }
            deliver(ACCEPT, accept);
        }
    }

    /** Takes one connection. Returns false if there is none. */
    private boolean take(IoContext context) {
        SocketChannel accepted = null;
        try {
            accepted = channel.accept();
            if (accepted == null) {
                return false;
            }
            SelectorSocket socket = new SelectorSocket(loop.port.nextLoop(), accepted);
            loop.port.add(socket);
            loop.port.complete(context, socket);
        } catch (IllegalStateException e) {
            discard(accepted, context, IoError.OPERATION_ABORTED, e);
        } catch (Throwable thrown) {
            // without this completion the server would never accept again
            boolean peerIsGone = accepted != null && thrown instanceof IOException;
            discard(accepted, context, peerIsGone ? IoError.CONNECTION_ABORTED : IoError.of(thrown), thrown);
        }
        return true;
    }

    /**
     * Closes a connection that nobody will use, because it was lost before it was set up or the port is closing, and
     * fails its accept.
     */
    private void discard(SocketChannel accepted, IoContext context, IoError error, Throwable reason) {
        if (accepted != null) {
            try {
                accepted.close();
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
        }
        loop.port.fail(context, error, reason);
    }

    // ------------------------------------------------------------------ closing

    /**
     * Closes the listener. On a thread of the application, it waits until the address is free, at most
     * {@link #UNBIND_SECONDS_MAX}. A worker of this or another port does not wait, since its connections would wait
     * too.
     */
    @Override
    public void close() {
        super.close();
        if (!loop.port.isWorker() && !(Thread.currentThread() instanceof PortThread)) {
            try {
                unbound.await(UNBIND_SECONDS_MAX, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Called when the system has freed the address. */
    void unbound() {
        unbound.countDown();
    }

    @Override
    public String toString() {
        return "acceptor " + local;
    }
}
