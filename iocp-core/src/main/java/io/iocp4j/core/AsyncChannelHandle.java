package io.iocp4j.core;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.AcceptPendingException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.ReadPendingException;
import java.nio.channels.WritePendingException;
import java.util.concurrent.atomic.AtomicBoolean;

/** The common part of socket and listener: the association with a port, and a close that happens once. */
abstract class AsyncChannelHandle extends PortHandle {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    final AsyncChannelPort port;
    private final AtomicBoolean closed = new AtomicBoolean();

    AsyncChannelHandle(AsyncChannelPort port, CompletionKey key) {
        super(port, key);
        this.port = port;
    }

    abstract AsynchronousChannel channel();

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            port.remove(this);
            try {
                channel().close();
            } catch (IOException e) {
                // the descriptor is closed even if this throws, so nothing is left to do
                LOG.log(Level.DEBUG, "closing " + this, e);
            }
        }
    }

    /**
     * Begins and starts one operation of the JDK. Misuse that the JDK finds is thrown; every other failure becomes the
     * completion. The caller allocates {@code call} before the operation is begun: if there is no memory for it, no
     * operation was begun that would never end.
     */
    final void start(IoContext context, Operation operation, ByteBuffer buffer, Runnable call) {
        port.begin(context, operation, buffer);
        try {
            call.run();
        } catch (ReadPendingException | WritePendingException
                | AcceptPendingException | ConnectionPendingException
                | AlreadyConnectedException e) {
            port.takeBack(context);
            throw e;
        } catch (RuntimeException | Error e) {
            port.fail(context, IoError.of(e), e);
            port.deliverLater(context);
        }
    }

    /**
     * The completion handler of accepts, connects and gathered sends: fills the context with the result and hands it to
     * the port.
     */
    abstract static class Completer<V> implements CompletionHandler<V, IoContext> {
        final AsyncChannelPort port;

        Completer(AsyncChannelPort port) {
            this.port = port;
        }

        @Override
        public void failed(Throwable failure, IoContext context) {
            port.failed(context, failure);
        }
    }
}
