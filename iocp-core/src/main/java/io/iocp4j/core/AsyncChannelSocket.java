package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * A socket of {@link AsyncChannelPort}.
 *
 * <p>It is itself the completion handler of its transfers. The JDK's channel then holds it beside the context, and the
 * processor fetches both together. With one handler for all sockets the socket was fetched later and alone, which cost
 * 0.6 percent of an echo's CPU time ({@code bench/lab run tcp-echo:connections=1000 --servers aio}).
 */
final class AsyncChannelSocket extends AsyncChannelHandle implements PortSocket, CompletionHandler<Integer, IoContext> {
    private final AsynchronousSocketChannel channel;
    private volatile InetSocketAddress local;
    private volatile InetSocketAddress remote;

    /** Makes a socket for a connect. */
    AsyncChannelSocket(AsyncChannelPort port, CompletionKey key) throws IoException {
        super(port, key);
        try {
            channel = AsynchronousSocketChannel.open(port.group());
        } catch (IOException e) {
            throw new IoException(IoError.of(e), "open", null, null, e);
        }
    }

    /** Makes the socket of an accepted connection. */
    AsyncChannelSocket(AsyncChannelPort port, AsynchronousSocketChannel channel) throws IOException {
        super(port, CompletionKey.NONE);
        this.channel = channel;
        remember();
    }

    @Override
    AsynchronousSocketChannel channel() {
        return channel;
    }

    @Override
    public void bind(InetSocketAddress asked) throws IoException {
        try {
            channel.bind(asked);
        } catch (IOException | RuntimeException e) {
            throw new IoException(IoError.of(e), "bind", asked, null, e);
        }
    }

    @Override
    public void connect(InetSocketAddress peer, IoContext context) {
        Connected connected = new Connected();
        start(context, Operation.CONNECT, null, () -> channel.connect(peer, context, connected));
    }

    @Override
    public void receive(ByteBuffer buffer, IoContext context) {
        if (!buffer.hasRemaining()) {
            throw new IllegalArgumentException("a receive into a buffer without room would look like a disconnect");
        }
        start(context, Operation.RECEIVE, buffer, () -> channel.read(buffer, context, this));
    }

    @Override
    public void send(ByteBuffer buffer, IoContext context) {
        if (!buffer.hasRemaining()) {
            throw new IllegalArgumentException("nothing to send");
        }
        start(context, Operation.SEND, buffer, () -> channel.write(buffer, context, this));
    }

    @Override
    public void send(ByteBuffer[] buffers, int count, IoContext context) {
        if (count < 1 || count > CompletionPort.GATHER_MAX || !hasRemaining(buffers, count)) {
            throw new IllegalArgumentException(
                    "nothing to send, or more than " + CompletionPort.GATHER_MAX + " buffers: " + count);
        }
        // the JDK keeps the array until the completion, the caller may reuse its own
        ByteBuffer[] gathered = Arrays.copyOf(buffers, count);
        start(context, Operation.SEND, buffers[0],
                () -> channel.write(gathered, 0, count, 0, TimeUnit.SECONDS, context, port.gathered));
    }

    /** Called by the JDK only. */
    @Override
    public void completed(Integer bytes, IoContext context) {
        port.transferred(context, bytes);
    }

    /** Called by the JDK only. */
    @Override
    public void failed(Throwable failure, IoContext context) {
        port.failed(context, failure);
    }

    private static boolean hasRemaining(ByteBuffer[] buffers, int count) {
        for (int i = 0; i < count; i++) {
            if (buffers[i].hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void shutdownOutput() throws IoException {
        try {
            channel.shutdownOutput();
        } catch (IOException | RuntimeException e) {
            throw new IoException(IoError.of(e), "shutdown", local, remote, e);
        }
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) throws IoException {
        try {
            channel.setOption(option, value);
        } catch (UnsupportedOperationException e) {
            throw new IoException(IoError.NOT_SUPPORTED, "option " + option.name(), local, remote, e);
        } catch (IOException e) {
            throw new IoException(IoError.of(e), "option " + option.name(), local, remote, e);
        }
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public InetSocketAddress remote() {
        return remote;
    }

    private void remember() throws IOException {
        local = (InetSocketAddress) channel.getLocalAddress();
        remote = (InetSocketAddress) channel.getRemoteAddress();
    }

    @Override
    public String toString() {
        return "socket " + local + " to " + remote;
    }

    /** The completion handler of a connect. */
    private final class Connected extends Completer<Void> {
        Connected() {
            super(AsyncChannelSocket.this.port);
        }

        @Override
        public void completed(Void nothing, IoContext context) {
            try {
                remember();
            } catch (Throwable thrown) {
                failed(thrown, context);
                return;
            }
            port.complete(context, 0);
            port.deliver(context);
        }
    }
}
