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
    /** How many connections it accepts, if they are there and asked for, before others have their turn. */
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
    /** Of the loop's thread: the loop was asked to let the system give up the address. */
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

    /** Why a channel could not be opened, which is closed then if it is there. */
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
            // an accept that nobody hears of would be the server's last
            boolean peerIsGone = accepted != null && thrown instanceof IOException;
            discard(accepted, context, peerIsGone ? IoError.CONNECTION_ABORTED : IoError.of(thrown), thrown);
        }
        return true;
    }

    /** Gone before it was looked at, or the port is closing: nobody will ever use it. */
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
     * When it returns on a thread of the application, the address is free, unless the loop is busy for so long. Threads
     * of this port and of others have more to do than to wait.
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

    /** The system has given up the address. */
    void unbound() {
        unbound.countDown();
    }

    @Override
    public String toString() {
        return "acceptor " + local;
    }
}
