package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;

/** A listener of {@link AsyncChannelPort}. */
final class AsyncChannelListener extends AsyncChannelHandle implements PortListener {
    private final AsynchronousServerSocketChannel channel;
    private final InetSocketAddress local;

    AsyncChannelListener(AsyncChannelPort port, InetSocketAddress asked, int backlog, CompletionKey key) throws IoException {
        super(port, key);
        AsynchronousServerSocketChannel opened = null;
        try {
            opened = AsynchronousServerSocketChannel.open(port.group());
            opened.bind(asked, backlog);
            local = (InetSocketAddress) opened.getLocalAddress();
        } catch (IOException | RuntimeException e) {
            IoException failure = new IoException(IoError.of(e), "bind", asked, null, e);
            if (opened != null) {
                try {
                    opened.close();
                } catch (IOException again) {
                    failure.addSuppressed(again);
                }
            }
            throw failure;
        }
        channel = opened;
        port.add(this);
    }

    @Override
    AsynchronousServerSocketChannel channel() {
        return channel;
    }

    @Override
    public void accept(IoContext context) {
        port.begin(context, Operation.ACCEPT, null);
        start(context, () -> channel.accept(context, new Accepted()));
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public String toString() {
        return "listener " + local;
    }

    /** Of an accept. */
    private final class Accepted extends Completer<AsynchronousSocketChannel> {
        Accepted() {
            super(AsyncChannelListener.this.port);
        }

        @Override
        public void completed(AsynchronousSocketChannel accepted, IoContext context) {
            PortSocket socket = null;
            Throwable failure = null;
            try {
                socket = new AsyncChannelSocket(port, accepted);
            } catch (IOException | IllegalStateException e) {
                // gone before it was looked at, or the port is closing: nobody will ever use it
                failure = e;
                closeQuietly(accepted, e);
            }
            IoError error = failure == null ? null
                    : failure instanceof IOException ? IoError.CONNECTION_ABORTED : IoError.OPERATION_ABORTED;
            context.complete(0, socket, error, failure);
            port.deliver(context);
        }

        private static void closeQuietly(AsynchronousSocketChannel accepted, Throwable reason) {
            try {
                accepted.close();
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
        }
    }
}
