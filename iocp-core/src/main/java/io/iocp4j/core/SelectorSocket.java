package io.iocp4j.core;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/** A socket of {@link SelectorPort}. */
final class SelectorSocket extends SelectorHandle implements PortSocket {
    private static final VarHandle CONNECT = field(SelectorSocket.class, "connecting", Object.class);
    private static final VarHandle RECEIVE = field(SelectorSocket.class, "receiving", Object.class);
    private static final VarHandle SEND = field(SelectorSocket.class, "sending", Object.class);

    /** MAX_BUFFER_SIZE of the JDK's native code for Windows, in bytes. */
    private static final int WINDOWS_PART_MAX = (128 << 10) - 1;

    private final SocketChannel channel;
    /** Null before the connection is there. */
    private volatile InetSocketAddress local;
    /** The peer, also while the connect is under way. */
    private volatile InetSocketAddress remote;

    // The slots, see SelectorHandle.
    private volatile Object connecting;
    private volatile Object receiving;
    private volatile Object sending;

    /** The buffers of the pending send, written between its claim and its start; null if it sends its context's. */
    private ByteBuffer[] gathered;

    /** Makes a socket for a connect. */
    SelectorSocket(SelectorLoop loop, CompletionKey key) throws IoException {
        super(loop, key);
        SocketChannel opened = null;
        try {
            opened = SocketChannel.open();
            opened.configureBlocking(false);
        } catch (IOException e) {
            throw SelectorAcceptor.notOpened(opened, "open", null, e);
        }
        channel = opened;
    }

    /** Makes the socket of an accepted connection. */
    SelectorSocket(SelectorLoop loop, SocketChannel channel) throws IOException {
        super(loop, CompletionKey.NONE);
        this.channel = channel;
        channel.configureBlocking(false);
        remember();
    }

    @Override
    SocketChannel channel() {
        return channel;
    }

    // ------------------------------------------------------------------ submits

    @Override
    public void bind(InetSocketAddress asked) throws IoException {
        requireOpen("bind");
        try {
            channel.bind(asked);
        } catch (IOException | RuntimeException e) {
            throw new IoException(IoError.of(e), "bind", asked, null, e);
        }
    }

    @Override
    public void connect(InetSocketAddress to, IoContext context) {
        if (channel.isConnected()) {
            throw new AlreadyConnectedException();
        }
        if (claim(CONNECT, context, Operation.CONNECT, null)) {
            remote = to;
            start(CONNECT, context);
        }
    }

    @Override
    public void receive(ByteBuffer buffer, IoContext context) {
        if (!buffer.hasRemaining()) {
            throw new IllegalArgumentException("a receive into a buffer without room would look like a disconnect");
        }
        if (claim(RECEIVE, context, Operation.RECEIVE, buffer)) {
            start(RECEIVE, context);
        }
    }

    @Override
    public void send(ByteBuffer buffer, IoContext context) {
        if (!buffer.hasRemaining()) {
            throw new IllegalArgumentException("nothing to send");
        }
        if (claim(SEND, context, Operation.SEND, buffer)) {
            start(SEND, context);
        }
    }

    @Override
    public void send(ByteBuffer[] buffers, int count, IoContext context) {
        if (count < 1 || count > CompletionPort.GATHER_MAX || !hasRemaining(buffers, count)) {
            throw new IllegalArgumentException(
                    "nothing to send, or more than " + CompletionPort.GATHER_MAX + " buffers: " + count);
        }
        // the loop may need the array later, the caller may reuse its own
        ByteBuffer[] copy = Arrays.copyOf(buffers, count);
        if (claim(SEND, context, Operation.SEND, buffers[0])) {
            gathered = copy;
            start(SEND, context);
        }
    }

    @Override
    public long sendNow(ByteBuffer buffer) throws IOException {
        return maySendNow() ? sentNow(channel.write(buffer)) : 0;
    }

    @Override
    public long sendNow(ByteBuffer[] buffers, int count) throws IOException {
        return maySendNow() ? sentNow(write(buffers, count)) : 0;
    }

    /** Only the thread of the loop uses the channel. */
    private boolean maySendNow() {
        return loop.isCurrent() && !isClosed() && sending == null && channel.isConnected();
    }

    private long sentNow(long bytes) {
        Worker.sentNow(loop.port, bytes);
        return bytes;
    }

    private static boolean hasRemaining(ByteBuffer[] buffers, int count) {
        for (int i = 0; i < count; i++) {
            if (buffers[i].hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    // ------------------------------------------------------------------ on the thread of the loop

    @Override
    void begin() {
        if (isClosed()) {
            closeChannel();
            abort(CONNECT);
            abort(RECEIVE);
            gathered = null;
            abort(SEND);
            return;
        }
        IoContext connect = pending(connecting);
        if (connect != null && !watches(SelectionKey.OP_CONNECT)) {
            beginConnect(connect);
        }
        IoContext receive = pending(receiving);
        if (receive != null && !watches(SelectionKey.OP_READ)) {
            beginReceive(receive);
        }
        IoContext send = pending(sending);
        if (send != null && !watches(SelectionKey.OP_WRITE) && transmit(send)) {
            ended(SEND, send);
        }
    }

    @Override
    void deliverEnded() {
        deliverEnded(CONNECT);
        deliverEnded(RECEIVE);
        deliverEnded(SEND);
    }

    @Override
    void ready(SelectionKey key) {
        // a delivery may close the socket and cancel the key
        if (!isClosed() && watches(SelectionKey.OP_CONNECT)) {
            IoContext connect = pending(connecting);
            if (connect != null && finishConnect(connect)) {
                deliver(CONNECT, connect);
            }
            return;
        }
        if (!isClosed() && key.isReadable()) {
            IoContext receive = pending(receiving);
            if (receive == null) {
                unwatch(SelectionKey.OP_READ);
            } else if (take(receive)) {
                deliver(RECEIVE, receive);
            }
        }
        if (!isClosed() && key.isWritable()) {
            IoContext send = pending(sending);
            if (send == null) {
                unwatch(SelectionKey.OP_WRITE);
            } else if (transmit(send)) {
                deliver(SEND, send);
            }
        }
    }

    private void beginConnect(IoContext context) {
        try {
            if (channel.connect(remote)) {
                connected(context);
                ended(CONNECT, context);
            } else {
                watch(SelectionKey.OP_CONNECT);
            }
        } catch (Throwable thrown) {
            fail(CONNECT, context, thrown);
        }
    }

    /** Returns whether the connect has ended. */
    private boolean finishConnect(IoContext context) {
        try {
            if (!channel.finishConnect()) {
                return false;
            }
            connected(context);
        } catch (Throwable thrown) {
            loop.port.fail(context, IoError.of(thrown), thrown);
        }
        unwatch(SelectionKey.OP_CONNECT);
        return true;
    }

    private void connected(IoContext context) throws IOException {
        remember();
        loop.port.complete(context, 0);
    }

    /** Waits for the selector to report input: an earlier read would nearly always find nothing. */
    private void beginReceive(IoContext context) {
        try {
            if (!channel.isConnected()) {
                throw new NotYetConnectedException();
            }
            watch(SelectionKey.OP_READ);
        } catch (Throwable thrown) {
            fail(RECEIVE, context, thrown);
        }
    }

    /** Receives the available bytes. Returns whether the receive has ended. */
    private boolean take(IoContext context) {
        try {
            int bytes = channel.read(context.arrived());
            if (bytes == 0) {
                return false;
            }
            // the -1 of NIO becomes the 0 of the completion port
            loop.port.complete(context, Math.max(0, bytes));
        } catch (Throwable thrown) {
            loop.port.fail(context, IoError.of(thrown), thrown);
        }
        return true;
    }

    /**
     * Sends as many bytes as the system takes. Returns whether the send has ended; if not, the selector watches for
     * room.
     */
    private boolean transmit(IoContext context) {
        try {
            long bytes = gathered == null ? channel.write(context.buffer()) : write(gathered, gathered.length);
            if (bytes == 0) {
                watch(SelectionKey.OP_WRITE);
                return false;
            }
            loop.port.complete(context, bytes);
        } catch (Throwable thrown) {
            loop.port.fail(context, IoError.of(thrown), thrown);
        }
        unwatch(SelectionKey.OP_WRITE);
        gathered = null;
        return true;
    }

    /**
     * Writes several buffers, on Windows only as many as go into one call of the system. There the JDK cuts a longer
     * gathering write into parts, and after a part of which the system took only some bytes, it goes on with the next
     * part instead of the rest (writev0 in SocketDispatcher.c of JDK 25). Its write of one buffer does stop there.
     */
    private long write(ByteBuffer[] buffers, int all) throws IOException {
        if (!Engines.WINDOWS) {
            return channel.write(buffers, 0, all);
        }
        int count = 0;
        int bytes = 0;
        while (count < all && buffers[count].remaining() <= WINDOWS_PART_MAX - bytes) {
            bytes += buffers[count].remaining();
            count++;
        }
        return bytes == 0 ? channel.write(buffers[count]) : channel.write(buffers, 0, count);
    }

    // ------------------------------------------------------------------ for any thread

    @Override
    public void shutdownOutput() throws IoException {
        requireOpen("shutdown");
        try {
            channel.shutdownOutput();
        } catch (IOException | RuntimeException e) {
            throw new IoException(IoError.of(e), "shutdown", local, remote, e);
        }
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) throws IoException {
        requireOpen("option " + option.name());
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
        return local == null ? null : remote;
    }

    /** Throws if the handle was closed, since the loop may not have closed the channel yet. */
    private void requireOpen(String operation) throws IoException {
        if (isClosed()) {
            throw new IoException(IoError.BAD_DESCRIPTOR, operation, local, remote, null);
        }
    }

    private void remember() throws IOException {
        remote = (InetSocketAddress) channel.getRemoteAddress();
        local = (InetSocketAddress) channel.getLocalAddress();
    }

    @Override
    public String toString() {
        return "socket " + local + " to " + remote;
    }
}
