package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;

/** The listening socket of {@link AsyncChannelPort}. */
final class AsyncChannelAcceptor extends AsyncChannelHandle implements PortAcceptor {
    private final AsynchronousServerSocketChannel channel;
    private final InetSocketAddress local;

    AsyncChannelAcceptor(AsyncChannelPort port, InetSocketAddress asked, int backlog, CompletionKey key)
            throws IoException {
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
    }

    @Override
    AsynchronousServerSocketChannel channel() {
        return channel;
    }

    @Override
    public void accept(IoContext context) {
        Accepted accepted = new Accepted();
        start(context, Operation.ACCEPT, null, () -> channel.accept(context, accepted));
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public String toString() {
        return "acceptor " + local;
    }

    /** The completion handler of an accept. */
    private final class Accepted extends Completer<AsynchronousSocketChannel> {
        Accepted() {
            super(AsyncChannelAcceptor.this.port);
        }

        @Override
        public void completed(AsynchronousSocketChannel accepted, IoContext context) {
            try {
                AsyncChannelSocket socket = new AsyncChannelSocket(port, accepted);
                port.add(socket);
                port.complete(context, socket);
            } catch (IOException e) {
                discard(accepted, context, IoError.CONNECTION_ABORTED, e);
            } catch (IllegalStateException e) {
                discard(accepted, context, IoError.OPERATION_ABORTED, e);
            } catch (Throwable thrown) {
                // without this completion the server would never accept again
                discard(accepted, context, IoError.of(thrown), thrown);
            }
            port.deliver(context);
        }

        /**
         * Closes a connection that was lost before it was set up, or that came while the port was closing, and fails
         * its accept.
         */
        private void discard(AsynchronousSocketChannel accepted, IoContext context, IoError error, Throwable reason) {
            try {
                accepted.close();
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
            port.fail(context, error, reason);
        }
    }
}
