package io.iocp4j.core;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** A socket of {@link SimulatedPort}: decides when its operations end and how. Guarded by the simulation. */
final class SimulatedSocket extends SimulatedHandle implements PortSocket {
    private static final int WINDOW = 16 << 10;
    private static final int SMALL_WINDOW_MAX = 64;
    /** How often one socket may be slow: a run has to come to an end. */
    private static final int SLOW_MAX = 3;
    private static final int SLOW_MILLIS_MAX = 1_000;

    private final SimulatedPipe in;
    private final boolean smallWindow;
    private SimulatedSocket peer;
    private InetSocketAddress bound;
    private InetSocketAddress local;
    private InetSocketAddress remote;
    private IoContext connect;
    private IoContext receive;
    private ByteBuffer into;
    private IoContext send;
    private final ByteBuffer[] from = new ByteBuffer[CompletionPort.GATHER_MAX];
    private int fromCount;
    /** What the buffers held when they became the port's; nobody may touch them until the completion. */
    private long fromRemaining;
    private int intoRemaining;
    /** What every operation fails with from now on. */
    private IoError broken;
    private boolean outputEnded;
    private boolean inputEnded;
    private int slow;
    private long slowUntilNanos;
    private long taken;

    SimulatedSocket(SimulatedPort port, CompletionKey key) {
        super(port, key);
        smallWindow = world.strikes(Faults.Kind.SMALL_WINDOW);
        in = new SimulatedPipe(smallWindow ? 1 + world.draw(SMALL_WINDOW_MAX) : WINDOW);
        world.add(this);
    }

    // ------------------------------------------------------------------ submits

    @Override
    public void bind(InetSocketAddress asked) throws IoException {
        synchronized (world) {
            if (isClosed() || world.listeners().containsKey(asked.getPort())) {
                throw new IoException(isClosed() ? IoError.BAD_DESCRIPTOR : IoError.ADDRESS_IN_USE, "bind", asked,
                        null, null);
            }
            bound = asked.getPort() == 0 ? new InetSocketAddress(asked.getAddress(), world.tcpPort()) : asked;
        }
    }

    @Override
    public void connect(InetSocketAddress address, IoContext context) {
        synchronized (world) {
            if (connect != null || peer != null) {
                throw new IllegalStateException("connecting or connected already");
            }
            port.begin(context, Operation.CONNECT, null);
            if (isClosed()) {
                port.complete(context, 0, null, IoError.BAD_DESCRIPTOR);
                return;
            }
            connect = context;
            if (world.strikes(Faults.Kind.SILENT)) {
                world.count(Faults.Kind.SILENT);
            } else {
                decideLater(context, address, world.answerOf(address.getAddress()));
            }
        }
    }

    @Override
    public void receive(ByteBuffer buffer, IoContext context) {
        synchronized (world) {
            if (!buffer.hasRemaining()) {
                throw new IllegalArgumentException("a receive into a buffer without room would look like a disconnect");
            }
            if (receive != null) {
                throw new IllegalStateException("a receive is pending");
            }
            port.begin(context, Operation.RECEIVE, buffer);
            receive = context;
            into = buffer;
            intoRemaining = buffer.remaining();
            if (isClosed() || peer == null) {
                received(0, isClosed() ? IoError.BAD_DESCRIPTOR : IoError.NOT_CONNECTED);
                return;
            }
            if (world.strikes(Faults.Kind.EARLY)) {
                decideReceive(context);
                if (receive == null) {
                    world.count(Faults.Kind.EARLY);
                }
            } else {
                world.soon(port, () -> decideReceive(context));
            }
        }
    }

    @Override
    public void send(ByteBuffer[] buffers, int count, IoContext context) {
        synchronized (world) {
            if (count < 1 || count > CompletionPort.GATHER_MAX || remaining(buffers, count) == 0) {
                throw new IllegalArgumentException("nothing to send, or too many buffers: " + count);
            }
            if (send != null) {
                throw new IllegalStateException("a send is pending");
            }
            port.begin(context, Operation.SEND, buffers[0]);
            send = context;
            System.arraycopy(buffers, 0, from, 0, count);
            fromCount = count;
            fromRemaining = remaining(buffers, count);
            if (isClosed() || peer == null) {
                sent(0, isClosed() ? IoError.BAD_DESCRIPTOR : IoError.NOT_CONNECTED);
                return;
            }
            if (outputEnded) {
                throw new AssertionError("a send after our FIN");
            }
            if (world.strikes(Faults.Kind.EARLY)) {
                decideSend(context);
                if (send == null) {
                    world.count(Faults.Kind.EARLY);
                }
            } else {
                world.soon(port, () -> decideSend(context));
            }
        }
    }

    @Override
    public long sendNow(ByteBuffer buffer) throws IoException {
        return sendNow(new ByteBuffer[] {buffer}, 1);
    }

    /** Takes bytes sometimes only: an engine may refuse on any thread. */
    @Override
    public long sendNow(ByteBuffer[] buffers, int count) throws IoException {
        synchronized (world) {
            if (isClosed() || peer == null || send != null || !world.strikes(Faults.Kind.EARLY)) {
                return 0;
            }
            if (outputEnded) {
                throw new AssertionError("a send after our FIN");
            }
            if (broken == null && happens(Faults.Kind.SEND_ERROR)) {
                breakBoth(IoError.BROKEN_PIPE);
            }
            if (broken != null) {
                throw new IoException(broken, "write", local, remote, null);
            }
            int most = (int) Math.min(peer.in.room(), remaining(buffers, count));
            if (most > 0) {
                world.count(Faults.Kind.EARLY);
                most = part(Faults.Kind.PARTIAL_SEND, most);
                put(buffers, count, most);
            }
            return most;
        }
    }

    @Override
    public void shutdownOutput() throws IoException {
        synchronized (world) {
            if (send != null) {
                throw new AssertionError("our FIN while a send is pending");
            }
            if (isClosed() || peer == null || broken != null) {
                throw new IoException(isClosed() ? IoError.BAD_DESCRIPTOR : IoError.NOT_CONNECTED, "shutdown",
                        local, remote, null);
            }
            end();
        }
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) throws IoException {
        synchronized (world) {
            if (isClosed() || broken != null) {
                throw new IoException(isClosed() ? IoError.BAD_DESCRIPTOR : IoError.INVALID_ARGUMENT,
                        "option " + option.name(), local, remote, null);
            }
        }
    }

    @Override
    public InetSocketAddress local() {
        synchronized (world) {
            return local;
        }
    }

    @Override
    public InetSocketAddress remote() {
        synchronized (world) {
            return remote;
        }
    }

    // ------------------------------------------------------------------ decisions, under the lock of the simulation

    private void decideLater(IoContext context, InetSocketAddress address, Simulation.Answer answer) {
        if (answer == null) {
            world.soon(port, () -> decideConnect(context, address));
        } else if (!answer.isSilence()) {
            // as a timer, so that a run may stop before it
            world.add(port, answer.delayNanos(), true, () -> {
                synchronized (world) {
                    if (answer.error() == null || context != connect) {
                        decideConnect(context, address);
                    } else {
                        connect = null;
                        port.complete(context, 0, null, answer.error());
                    }
                }
            });
        }
    }

    private void decideConnect(IoContext context, InetSocketAddress address) {
        if (context != connect) {
            return;
        }
        connect = null;
        SimulatedAcceptor listener = world.listenerAt(address);
        boolean refused = listener != null && world.strikes(Faults.Kind.REFUSED);
        if (refused) {
            world.count(Faults.Kind.REFUSED);
        }
        if (listener == null || refused || !listener.hasRoom()) {
            port.complete(context, 0, null, IoError.CONNECTION_REFUSED);
            return;
        }
        SimulatedSocket other = new SimulatedSocket(listener.port, CompletionKey.NONE);
        listener.offer(other);
        InetSocketAddress ours = bound != null ? bound
                : new InetSocketAddress(InetAddress.getLoopbackAddress(), world.tcpPort());
        local = ours;
        other.remote = ours;
        remote = address;
        other.local = address;
        peer = other;
        other.peer = this;
        port.complete(context, 0, null, null);
    }

    private void decideReceive(IoContext context) {
        if (context != receive || world.nanos() < slowUntilNanos) {
            return;
        }
        if (broken != null) {
            received(0, broken);
        } else if (happens(Faults.Kind.RESET)) {
            breakBoth(IoError.CONNECTION_RESET);
        } else if (happens(Faults.Kind.RECEIVE_ERROR)) {
            breakBoth(IoError.TIMED_OUT);
        } else if (happens(Faults.Kind.EOF)) {
            in.cut();
            inputEnded = true;
            received(0, null);
        } else if (in.arrived() > 0) {
            if (slow < SLOW_MAX && happens(Faults.Kind.SLOW_PEER)) {
                slow++;
                long wait = TimeUnit.MILLISECONDS.toNanos(1 + world.draw(SLOW_MILLIS_MAX));
                slowUntilNanos = world.nanos() + wait;
                world.add(port, wait, false, () -> {
                    synchronized (world) {
                        decideReceive(context);
                    }
                });
                return;
            }
            take();
        } else if (inputEnded && in.isEmpty()) {
            received(0, null);
        }
    }

    private void take() {
        requireUntouched(into.remaining(), intoRemaining);
        int length = part(Faults.Kind.PARTIAL_RECEIVE, Math.min(in.arrived(), into.remaining()));
        in.take(into, length);
        received(length, null);
        SimulatedSocket sender = peer;
        IoContext waiting = sender.send;
        if (waiting != null) {
            world.soon(sender.port, () -> sender.decideSend(waiting));
        }
    }

    private void decideSend(IoContext context) {
        if (context != send) {
            return;
        }
        if (broken != null) {
            sent(0, broken);
        } else if (happens(Faults.Kind.RESET)) {
            breakBoth(IoError.CONNECTION_RESET);
        } else if (happens(Faults.Kind.SEND_ERROR)) {
            breakBoth(IoError.BROKEN_PIPE);
        } else if (peer.in.room() > 0) {
            give();
        } else if (peer.smallWindow) {
            world.count(Faults.Kind.SMALL_WINDOW);
        }
    }

    private void give() {
        requireUntouched(remaining(from, fromCount), fromRemaining);
        int length = part(Faults.Kind.PARTIAL_SEND, (int) Math.min(peer.in.room(), remaining(from, fromCount)));
        put(from, fromCount, length);
        sent(length, null);
    }

    private void put(ByteBuffer[] buffers, int count, int length) {
        peer.in.put(buffers, count, length);
        taken += length;
        SimulatedSocket receiver = peer;
        world.soon(receiver.port, () -> receiver.arrive(length));
    }

    private static void requireUntouched(long now, long before) {
        if (now != before) {
            throw new AssertionError("a buffer of the port was touched: " + before + " bytes, then " + now);
        }
    }

    /** Bytes have come. */
    private void arrive(int length) {
        in.arrive(length);
        if (isClosed()) {
            SimulatedSocket sender = peer;
            world.soon(sender.port, () -> sender.breakOff(IoError.CONNECTION_RESET));
        } else if (receive != null) {
            decideReceive(receive);
        }
    }

    /** The peer's FIN has come. */
    private void arriveEnd() {
        inputEnded = true;
        if (receive != null) {
            decideReceive(receive);
        }
    }

    private void end() {
        if (!outputEnded) {
            outputEnded = true;
            world.soon(peer.port, peer::arriveEnd);
        }
    }

    /** Both sides find out, the peer a little later. */
    void breakBoth(IoError error) {
        SimulatedSocket other = peer;
        world.soon(other.port, () -> other.breakOff(IoError.CONNECTION_RESET));
        breakOff(error);
    }

    private void breakOff(IoError error) {
        if (broken == null && !isClosed()) {
            world.log(this, "breaks off", error);
            broken = error;
            in.cut();
            if (receive != null) {
                received(0, error);
            }
            if (send != null) {
                sent(0, error);
            }
        }
    }

    @Override
    void closing() {
        if (connect != null) {
            IoContext aborted = connect;
            connect = null;
            port.complete(aborted, 0, null, IoError.OPERATION_ABORTED);
        }
        if (receive != null) {
            closeReceive();
        }
        if (send != null) {
            closeSend();
        }
        if (peer != null && broken == null) {
            if (in.isEmpty()) {
                end();
            } else {
                // bytes that nobody will read: TCP tells the peer so
                SimulatedSocket other = peer;
                world.soon(other.port, () -> other.breakOff(IoError.CONNECTION_RESET));
            }
        }
    }

    private void closeReceive() {
        if (in.arrived() > 0 && happens(Faults.Kind.LATE)) {
            take();
        } else {
            received(0, IoError.OPERATION_ABORTED);
        }
    }

    private void closeSend() {
        if (broken == null && peer.in.room() > 0 && happens(Faults.Kind.LATE)) {
            give();
        } else {
            sent(0, IoError.OPERATION_ABORTED);
        }
    }

    private void received(int bytes, IoError error) {
        IoContext context = receive;
        receive = null;
        into = null;
        port.complete(context, bytes, null, error);
    }

    private void sent(int bytes, IoError error) {
        IoContext context = send;
        send = null;
        port.complete(context, bytes, null, error);
    }

    /** Draws a fault and counts it. */
    private boolean happens(Faults.Kind kind) {
        boolean now = world.strikes(kind);
        if (now) {
            world.count(kind);
        }
        return now;
    }

    /** At least 1, at most all. */
    private int part(Faults.Kind kind, int all) {
        return all > 1 && happens(kind) ? 1 + world.draw(all - 1) : all;
    }

    private static long remaining(ByteBuffer[] buffers, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += buffers[i].remaining();
        }
        return sum;
    }

    // ------------------------------------------------------------------ facts for tests

    boolean isReceivePending() {
        return receive != null;
    }

    boolean isSendPending() {
        return send != null;
    }

    boolean isOutputEnded() {
        return outputEnded;
    }

    /** What the network took from the sender. */
    long taken() {
        return taken;
    }

    @Override
    public String toString() {
        return "socket " + (local == null ? "" : local.getPort() + "-" + remote.getPort());
    }
}
