package io.iocp4j.uring;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Operation;
import io.iocp4j.core.PooledBuffer;
import io.iocp4j.core.PortSocket;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.NotYetConnectedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A socket of {@link UringPort}. The kernel uses a direct buffer in place. The garbage collector may move a heap
 * buffer, so its bytes are copied through a pooled one.
 */
final class UringSocket extends UringHandle implements PortSocket {
    private static final VarHandle CONNECT = field(UringSocket.class, "connecting", Object.class);
    private static final VarHandle RECV = field(UringSocket.class, "receiving", Object.class);
    private static final VarHandle SENDING = field(UringSocket.class, "sending", Object.class);

    static final int OP_SENDMSG = 9;
    static final int OP_CONNECT = 16;
    static final int OP_SEND = 26;
    static final int OP_RECV = 27;
    /** Within the memory for an entry: a msghdr, with its fields for the iovecs, and behind it the iovecs. */
    private static final int MSG_IOV = 16;
    private static final int MSG_IOVLEN = 24;
    private static final int IOVECS = 64;
    /** The most bytes of one transfer that are copied. */
    private static final int COPY_BYTES_MAX = 64 << 10;

    /** Null before the connection is there. */
    private volatile InetSocketAddress local;
    /** The peer, also while the connect is under way. */
    private volatile InetSocketAddress remote;

    // The slots, see UringHandle.
    private volatile Object connecting;
    private volatile Object receiving;
    private volatile Object sending;

    /** The buffers of the pending send, written between its claim and its start; null if it sends its context's. */
    private ByteBuffer[] gathered;

    // loop's thread only
    private PooledBuffer receiveCopy;
    private PooledBuffer sendCopy;
    /** The failure that has ended the receiving: the kernel reports it once, and then an orderly end. */
    private Errno broken;

    /** Makes a socket for a connect, which owns the descriptor. */
    UringSocket(UringLoop loop, int descriptor, CompletionKey key) {
        super(loop, descriptor, key);
    }

    /** Makes the socket of an accepted connection. If this throws, the descriptor is still the caller's. */
    UringSocket(UringLoop loop, int descriptor, InetSocketAddress peer) throws Errno {
        super(loop, descriptor, CompletionKey.NONE);
        remote = peer;
        local = SocketAddresses.local(descriptor);
    }

    // ------------------------------------------------------------------ submits

    @Override
    public void bind(InetSocketAddress asked) throws IoException {
        use("bind", asked, null, descriptor -> SocketAddresses.bind(descriptor, asked));
    }

    @Override
    public void connect(InetSocketAddress to, IoContext context) {
        if (local != null) {
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
        if (claim(RECV, context, Operation.RECEIVE, buffer)) {
            start(RECV, context);
        }
    }

    @Override
    public void send(ByteBuffer buffer, IoContext context) {
        if (!buffer.hasRemaining()) {
            throw new IllegalArgumentException("nothing to send");
        }
        if (claim(SENDING, context, Operation.SEND, buffer)) {
            start(SENDING, context);
        }
    }

    @Override
    public void send(ByteBuffer[] buffers, int count, IoContext context) {
        if (count < 1 || count > CompletionPort.GATHER_MAX || !hasRemaining(buffers, count)) {
            throw new IllegalArgumentException(
                    "nothing to send, or more than " + CompletionPort.GATHER_MAX + " buffers: " + count);
        }
        // the loop needs the array later, the caller may reuse its own
        ByteBuffer[] copy = count == 1 ? null : Arrays.copyOf(buffers, count);
        if (claim(SENDING, context, Operation.SEND, buffers[0])) {
            gathered = copy;
            start(SENDING, context);
        }
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
    void startWaiting() {
        IoContext connect = context(connecting);
        if (connect != null && !has(OPEN)) {
            try {
                startConnect();
            } catch (Errno | RuntimeException | Error e) {
                notSubmitted(CONNECT, connect, e);
            }
        }
        IoContext receive = context(receiving);
        if (receive != null && !has(RECEIVE)) {
            try {
                startReceive(receive.buffer());
            } catch (Errno | RuntimeException | Error e) {
                notSubmitted(RECV, receive, e);
            }
        }
        IoContext send = context(sending);
        if (send != null && !has(SEND)) {
            try {
                startSend(send.buffer());
            } catch (Errno | RuntimeException | Error e) {
                gathered = null;
                notSubmitted(SENDING, send, e);
            }
        }
    }

    private void startConnect() throws Errno {
        reserve();
        long address = loop.ring.scratch();
        int length = SocketAddresses.write(remote, address);
        submit(OPEN, OP_CONNECT, 0, length, address, 0, 0);
    }

    private void startReceive(ByteBuffer buffer) throws Errno {
        if (local == null) {
            throw new NotYetConnectedException();
        }
        if (broken != null) {
            throw broken;
        }
        if (buffer.isReadOnly()) {
            // the kernel would write to it
            throw new IllegalArgumentException("a read-only buffer");
        }
        reserve();
        int room = buffer.remaining();
        long address;
        if (buffer.isDirect()) {
            address = address(buffer);
        } else {
            room = Math.min(room, COPY_BYTES_MAX);
            if (receiveCopy == null) {
                receiveCopy = loop.port.buffers().acquire(room);
            }
            address = address(receiveCopy.buffer());
        }
        submit(RECEIVE, OP_RECV, 0, 0, address, room, 0);
    }

    private void startSend(ByteBuffer first) throws Errno {
        if (local == null) {
            throw new NotYetConnectedException();
        }
        reserve();
        ByteBuffer[] buffers = gathered;
        if (buffers == null ? !first.isDirect() : !allDirect(buffers)) {
            copyToSend(buffers == null ? new ByteBuffer[] {first} : buffers);
            ByteBuffer copy = sendCopy.buffer();
            submit(SEND, OP_SEND, 0, 0, address(copy), copy.remaining(), 0);
        } else if (buffers == null) {
            submit(SEND, OP_SEND, 0, 0, address(first), first.remaining(), 0);
        } else {
            submit(SEND, OP_SENDMSG, 0, 0, message(buffers), 1, 0);
        }
    }

    private static long address(ByteBuffer direct) {
        return MemorySegment.ofBuffer(direct).address();
    }

    private static boolean allDirect(ByteBuffer[] buffers) {
        for (ByteBuffer buffer : buffers) {
            if (!buffer.isDirect()) {
                return false;
            }
        }
        return true;
    }

    /** Writes a msghdr with these buffers. Returns its address. */
    private long message(ByteBuffer[] buffers) {
        long message = loop.ring.scratch();
        LibC.MEMORY.asSlice(message, IOVECS).fill((byte) 0);
        LibC.MEMORY.set(ValueLayout.JAVA_LONG, message + MSG_IOV, message + IOVECS);
        LibC.MEMORY.set(ValueLayout.JAVA_LONG, message + MSG_IOVLEN, (long) buffers.length);
        long iovec = message + IOVECS;
        for (ByteBuffer buffer : buffers) {
            LibC.MEMORY.set(ValueLayout.JAVA_LONG, iovec, address(buffer));
            LibC.MEMORY.set(ValueLayout.JAVA_LONG, iovec + 8, (long) buffer.remaining());
            iovec += 16;
        }
        return message;
    }

    /** Copies the first bytes of the buffers for one send, without moving a position. */
    private void copyToSend(ByteBuffer[] buffers) {
        if (sendCopy == null) {
            sendCopy = loop.port.buffers().acquire(COPY_BYTES_MAX);
        }
        ByteBuffer copy = sendCopy.buffer().clear().limit(COPY_BYTES_MAX);
        for (ByteBuffer buffer : buffers) {
            int length = Math.min(buffer.remaining(), copy.remaining());
            copy.put(copy.position(), buffer, buffer.position(), length).position(copy.position() + length);
        }
        copy.flip();
    }

    @Override
    void abortWaiting() {
        abort(CONNECT, OPEN);
        abort(RECV, RECEIVE);
        abort(SENDING, SEND);
        if (!has(RECEIVE)) {
            releaseReceiveCopy();
        }
        if (!has(SEND)) {
            releaseSendCopy();
        }
    }

    @Override
    List<Object> memoryInKernel() {
        List<Object> memory = new ArrayList<>();
        if (has(RECEIVE)) {
            memory.add(receiveCopy == null ? context(receiving).buffer() : receiveCopy.buffer());
        }
        if (has(SEND)) {
            memory.add(sendCopy != null ? sendCopy.buffer() : gathered != null ? gathered : context(sending).buffer());
        }
        return memory;
    }

    private void releaseReceiveCopy() {
        if (receiveCopy != null) {
            receiveCopy.release();
            receiveCopy = null;
        }
    }

    private void releaseSendCopy() {
        if (sendCopy != null) {
            sendCopy.release();
            sendCopy = null;
        }
    }

    @Override
    IoContext finish(int kind, int result) {
        return switch (kind) {
            case OPEN -> finishConnect(result);
            case RECEIVE -> finishReceive(result);
            default -> finishSend(result);
        };
    }

    private IoContext finishConnect(int result) {
        IoContext context = context(connecting);
        try {
            Errno.check("connect", result);
            // the peer's address stays as it was asked, with the name of the host
            local = SocketAddresses.local(descriptor());
            loop.port.succeeded(context, 0);
        } catch (Errno | RuntimeException | Error e) {
            failed(context, e);
        }
        CONNECT.setRelease(this, null);
        return context;
    }

    private IoContext finishReceive(int result) {
        IoContext context = context(receiving);
        if (receiveCopy != null) {
            if (result > 0) {
                context.buffer().put(receiveCopy.buffer().clear().limit(result));
            }
            releaseReceiveCopy();
        } else if (result > 0) {
            context.buffer().position(context.buffer().position() + result);
        }
        if (result >= 0) {
            loop.port.succeeded(context, result);
        } else {
            Throwable failure = causeOf("recv", result);
            if (failure instanceof Errno errno && result != -LibC.ECANCELED) {
                broken = errno;
            }
            failed(context, failure);
        }
        RECV.setRelease(this, null);
        return context;
    }

    private IoContext finishSend(int result) {
        IoContext context = context(sending);
        releaseSendCopy();
        if (result < 0) {
            failed(context, causeOf("send", result));
        } else {
            if (gathered == null) {
                context.buffer().position(context.buffer().position() + result);
            } else {
                moveGathered(result);
            }
            loop.port.succeeded(context, result);
        }
        gathered = null;
        SENDING.setRelease(this, null);
        return context;
    }

    private void moveGathered(int bytes) {
        int left = bytes;
        for (ByteBuffer buffer : gathered) {
            int taken = Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + taken);
            left -= taken;
        }
    }

    // ------------------------------------------------------------------ for any thread

    @Override
    public void shutdownOutput() throws IoException {
        use("shutdown", local, remote, descriptor -> Errno.check("shutdown", LibC.shutdownOutput(descriptor)));
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) throws IoException {
        use("option " + option.name(), local, remote, descriptor -> SocketOptions.set(descriptor, option, value));
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public InetSocketAddress remote() {
        return local == null ? null : remote;
    }

    @Override
    public String toString() {
        return "socket " + local + " to " + remote;
    }
}
