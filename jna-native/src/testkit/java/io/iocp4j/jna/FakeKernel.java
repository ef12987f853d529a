package io.iocp4j.jna;

import io.iocp4j.core.ShownOn;
import io.iocp4j.jna.FakeSocket.End;
import io.iocp4j.jna.FakeSocket.Op;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A Windows kernel in memory: {@link FakePorts}, with the TCP of one machine. It repeats a reset, and takes sends
 * whole. It demands bind before ConnectEx, and the context updates after ConnectEx and after AcceptEx.
 */
class FakeKernel extends FakePorts {
    static final int STATUS_CANCELLED = 0xC0000120;
    static final int STATUS_CONNECTION_RESET = 0xC000020D;
    static final int STATUS_CONNECTION_REFUSED = 0xC0000236;

    private final Map<Long, FakeSocket> sockets = new HashMap<>();
    private final Map<Integer, FakeSocket> listeners = new HashMap<>();
    private int nextTcpPort = 49_152;
    private boolean shortSends;

    FakeKernel() {
        ShownOn.opened("iocp-fake");
    }

    // ------------------------------------------------------------------ the script

    /** Lets each send end with the bytes that fit, as Wine does. */
    synchronized void shortSends() {
        shortSends = true;
    }

    synchronized int openSockets() {
        return sockets.size();
    }

    /** The value that was set on any socket; null if it was set on none. */
    synchronized Integer optionSet(int level, int name) {
        return sockets.values().stream().map(socket -> socket.options.get(level + " " + name))
                .filter(Objects::nonNull).findAny().orElse(null);
    }

    @Override
    synchronized List<String> leftovers() {
        List<String> all = new ArrayList<>(super.leftovers());
        sockets.values().forEach(socket -> all.add("socket " + socket.handle + " is open"));
        return all;
    }

    /** Lets every peer reset its connection. */
    synchronized void resetEveryConnection() {
        sockets.values().stream().filter(socket -> socket.end != null).forEach(socket -> reset(socket.end));
    }

    // ------------------------------------------------------------------ sockets

    @Override
    public synchronized int associate(long socket, long port, long key) {
        FakeSocket found = sockets.get(socket);
        if (found == null || found.queue != null) {
            return violation(ERROR_INVALID_PARAMETER, "associated twice or closed: " + socket);
        }
        found.queue = queue(port);
        found.key = key;
        return 0;
    }

    @Override
    public synchronized int cancel(long socket, long overlapped) {
        calls.add("cancel");
        FakeSocket found = sockets.get(socket);
        if (found == null) {
            return violation(6, "cancel on a closed socket");
        }
        for (Op op : new Op[] {found.receive, found.send, found.connect}) {
            if (op != null && op.overlapped == overlapped) {
                end(op, STATUS_CANCELLED, 0);
                return 0;
            }
        }
        return -ERROR_NOT_FOUND;
    }

    @Override
    public synchronized long socket() {
        int failure = scripted("socket");
        if (failure != 0) {
            return failure;
        }
        FakeSocket socket = new FakeSocket(handle());
        sockets.put(socket.handle, socket);
        return socket.handle;
    }

    @Override
    public synchronized int closeSocket(long handle) {
        FakeSocket socket = sockets.remove(handle);
        if (socket == null) {
            return violation(WSAENOTSOCK, "a socket closed twice");
        }
        if (socket.listening) {
            listeners.remove(socket.tcpPort);
            List.copyOf(socket.accepts).forEach(op -> end(op, STATUS_CANCELLED, 0));
            socket.backlog.forEach(end -> reset(end.other));
        }
        if (socket.receive != null || socket.send != null || socket.connect != null) {
            violations.add("a socket closed with transfers pending");
        }
        if (socket.end != null) {
            End other = socket.end.other;
            other.ended = true;
            other.gone = true;
            if (socket.resetsAtClose || socket.end.unread > 0) {
                reset(other);
            } else {
                move(other);
            }
        }
        return 0;
    }

    @Override
    public synchronized int bind(long handle, long address, int length) {
        FakeSocket socket = open("bind", handle);
        int failure = socket == null ? -WSAENOTSOCK : scripted("bind");
        if (failure != 0) {
            return failure;
        }
        int asked = SocketAddress6.read(memory(address, length)).getPort();
        if (listeners.containsKey(asked)) {
            return -WSAEADDRINUSE;
        }
        socket.tcpPort = asked == 0 ? freeTcpPort() : asked;
        return 0;
    }

    /** A port that no listener has taken. Connections may share it, as with SO_REUSE_UNICASTPORT. */
    private int freeTcpPort() {
        do {
            nextTcpPort = nextTcpPort == 65_535 ? 49_152 : nextTcpPort + 1;
        } while (listeners.containsKey(nextTcpPort));
        return nextTcpPort;
    }

    @Override
    public synchronized int listen(long handle, int backlog) {
        FakeSocket socket = open("listen", handle);
        if (socket == null || socket.tcpPort == 0) {
            return -WSAEINVAL;
        }
        socket.listening = true;
        listeners.put(socket.tcpPort, socket);
        return 0;
    }

    @Override
    public synchronized int setOption(long handle, int level, int name, long value, int length) {
        FakeSocket socket = open("option " + Integer.toHexString(name), handle);
        int failure = socket == null ? -WSAENOTSOCK : scripted("option");
        if (failure != 0) {
            return failure;
        }
        if (length == 4) {
            socket.options.put(level + " " + name, memory(value, 4).get(ValueLayout.JAVA_INT, 0));
        }
        if (level == SOL_SOCKET && name == 0x80) {
            socket.resetsAtClose = memory(value, 4).get(ValueLayout.JAVA_INT, 0) == 1;
        }
        if (name == SO_UPDATE_CONNECT_CONTEXT || name == SO_UPDATE_ACCEPT_CONTEXT) {
            boolean right = socket.end != null && (name == SO_UPDATE_CONNECT_CONTEXT ? length == 0
                    : length == 8 && sockets.containsKey(memory(value, 8).get(ValueLayout.JAVA_LONG, 0)));
            socket.contextUpdated = right;
            return right ? 0 : -WSAEINVAL;
        }
        return 0;
    }

    @Override
    public synchronized int nonBlocking(long handle, long one) {
        sockets.get(handle).nonBlocking = true;
        return 0;
    }

    @Override
    public synchronized int localAddress(long handle, long address, long length) {
        FakeSocket socket = open("getsockname", handle);
        if (socket == null || socket.end != null && !socket.contextUpdated) {
            return store(0, address);
        }
        return store(socket.end == null ? socket.tcpPort : socket.end.localPort, address);
    }

    @Override
    public synchronized int remoteAddress(long handle, long address, long length) {
        FakeSocket socket = open("getpeername", handle);
        boolean known = socket != null && socket.end != null && socket.contextUpdated;
        return store(known ? socket.end.other.localPort : 0, address);
    }

    private static int store(int tcpPort, long address) {
        if (tcpPort == 0) {
            return -WSAENOTCONN;
        }
        SocketAddress6.write(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcpPort),
                memory(address, SocketAddress6.BYTES));
        return 0;
    }

    @Override
    public synchronized int shutdownSend(long handle) {
        FakeSocket socket = open("shutdown", handle);
        if (socket == null || socket.end == null || !socket.contextUpdated) {
            return -WSAENOTCONN;
        }
        socket.end.other.ended = true;
        move(socket.end.other);
        return 0;
    }

    // ------------------------------------------------------------------ operations

    @Override
    public synchronized int accept(long listener, long handle, long output, int addressLength, long bytes,
            long overlapped) {
        FakeSocket socket = open("accept", listener);
        FakeSocket accepted = sockets.get(handle);
        int failure = socket == null || accepted == null || !socket.listening ? -WSAEINVAL : scripted("accept");
        if (addressLength < 144 || accepted == null || accepted.tcpPort != 0) {
            return violation(WSAEINVAL,
                    "AcceptEx with " + addressLength + " bytes for an address, or into a bound socket");
        }
        if (failure != 0) {
            return failure;
        }
        Op op = begin(new Op(socket, "accept", overlapped, new long[0][]));
        if (op != null) {
            op.accepted = accepted;
            socket.accepts.add(op);
        }
        // the kernel may write here at any time
        memory(output, 288).fill((byte) 0xAC);
        if (op != null && !socket.backlog.isEmpty()) {
            attach(socket);
        }
        return -ERROR_IO_PENDING;
    }

    /** Gives the first connection of the backlog to the first accept. */
    private void attach(FakeSocket listener) {
        End end = listener.backlog.remove();
        Op op = listener.accepts.peek();
        end.socket = op.accepted;
        op.accepted.end = end;
        end(op, 0, 0);
    }

    @Override
    public synchronized int connect(long handle, long address, int length, long overlapped) {
        FakeSocket socket = open("connect", handle);
        if (socket == null || socket.tcpPort == 0) {
            return violation(WSAEINVAL, "ConnectEx of a socket that is not bound");
        }
        int failure = scripted("connect");
        if (failure != 0) {
            return failure;
        }
        FakeSocket listener = listeners.get(SocketAddress6.read(memory(address, length)).getPort());
        socket.connect = begin(new Op(socket, "connect", overlapped, new long[0][]));
        if (socket.connect == null) {
            return -ERROR_IO_PENDING;
        }
        if (listener == null) {
            end(socket.connect, STATUS_CONNECTION_REFUSED, 0);
            return -ERROR_IO_PENDING;
        }
        End ours = new End();
        End theirs = new End();
        ours.other = theirs;
        theirs.other = ours;
        ours.localPort = socket.tcpPort;
        theirs.localPort = listener.tcpPort;
        ours.socket = socket;
        socket.end = ours;
        end(socket.connect, 0, 0);
        listener.backlog.add(theirs);
        if (!listener.accepts.isEmpty()) {
            attach(listener);
        }
        return -ERROR_IO_PENDING;
    }

    @Override
    public synchronized int receive(long handle, long buffers, int count, long bytes, long flags, long overlapped) {
        FakeSocket socket = open(overlapped == 0 ? "receiveNow" : "receive", handle);
        int failure = socket == null ? -WSAENOTSOCK : scripted(overlapped == 0 ? "receiveNow" : "receive");
        if (failure != 0) {
            return failure;
        }
        End end = socket.end;
        if (end == null) {
            return -WSAENOTCONN;
        }
        if (end.reset) {
            // repeated at each receive
            return -10054;
        }
        long[][] places = places(buffers, count);
        if (overlapped == 0) {
            if (!socket.nonBlocking) {
                return violation(WSAEINVAL, "a call without OVERLAPPED that may wait");
            }
            if (end.unread == 0 && !end.ended) {
                return -WSAEWOULDBLOCK;
            }
            memory(bytes, 4).set(ValueLayout.JAVA_INT, 0, take(end, places));
            return 0;
        }
        if (socket.receive != null) {
            return violation(WSAEINVAL, "two receives at a time");
        }
        socket.receive = begin(new Op(socket, "receive", overlapped, places));
        return move(end) ? 0 : -ERROR_IO_PENDING;
    }

    @Override
    public synchronized int send(long handle, long buffers, int count, long overlapped) {
        FakeSocket socket = open("send", handle);
        int failure = socket == null ? -WSAENOTSOCK : scripted("send");
        if (failure != 0) {
            return failure;
        }
        End end = socket.end;
        if (end == null || end.reset) {
            return end == null ? -WSAENOTCONN : -10054;
        }
        if (end.other.ended) {
            return -WSAESHUTDOWN;
        }
        if (socket.send != null) {
            return violation(WSAEINVAL, "two sends at a time");
        }
        socket.send = begin(new Op(socket, "send", overlapped, places(buffers, count)));
        if (socket.send == null) {
            return -ERROR_IO_PENDING;
        }
        if (end.gone) {
            // the peer's machine answers with RST, which arrives after the data was taken
            end(socket.send, 0, (int) socket.send.length());
            reset(end);
            return 0;
        }
        move(end.other);
        return socket.send == null ? 0 : -ERROR_IO_PENDING;
    }

    private static long[][] places(long buffers, int count) {
        long[][] places = new long[count][];
        for (int i = 0; i < count; i++) {
            MemorySegment buffer = memory(buffers + 16L * i, 16);
            places[i] = new long[] {buffer.get(ValueLayout.JAVA_LONG, 8),
                Integer.toUnsignedLong(buffer.get(ValueLayout.JAVA_INT, 0))};
        }
        return places;
    }

    /** Moves as many bytes as possible to this end. Returns true if its receive ended. */
    private boolean move(End end) {
        boolean received = false;
        boolean moving = true;
        while (moving) {
            Op send = end.other.socket == null ? null : end.other.socket.send;
            moving = send != null && fill(end, send);
            Op receive = end.socket == null ? null : end.socket.receive;
            if (receive != null && (end.unread > 0 || end.ended)) {
                end(receive, 0, receive.length() == 0 ? 0 : take(end, receive.buffers));
                received = true;
            }
        }
        return received;
    }

    /** Takes as many bytes of a send as fit. Returns true if any moved. */
    private boolean fill(End end, Op send) {
        int before = send.transferred;
        long at = 0;
        for (long[] buffer : send.buffers) {
            long from = Math.max(0, send.transferred - at);
            int part = (int) Math.min(buffer[1] - from, End.ROOM - end.unread);
            if (part > 0) {
                end.inbox.add(memory(buffer[0] + from, part).toArray(ValueLayout.JAVA_BYTE));
                end.unread += part;
                send.transferred += part;
            }
            at += buffer[1];
        }
        if (send.transferred == send.length() || shortSends && send.transferred > 0) {
            end(send, 0, send.transferred);
        }
        return send.transferred > before;
    }

    private static int take(End end, long[][] places) {
        int taken = 0;
        for (long[] place : places) {
            long left = place[1];
            while (left > 0 && end.unread > 0) {
                byte[] first = end.inbox.remove();
                int part = (int) Math.min(left, first.length);
                MemorySegment.copy(first, 0, memory(place[0] + place[1] - left, part), ValueLayout.JAVA_BYTE, 0, part);
                if (part < first.length) {
                    end.inbox.addFirst(Arrays.copyOfRange(first, part, first.length));
                }
                left -= part;
                taken += part;
                end.unread -= part;
            }
        }
        return taken;
    }

    /** Lets a RST reach this end. */
    private void reset(End end) {
        end.reset = true;
        end.gone = true;
        if (end.socket != null) {
            for (Op op : new Op[] {end.socket.receive, end.socket.send}) {
                if (op != null) {
                    end(op, STATUS_CONNECTION_RESET, 0);
                }
            }
        }
    }

    /**
     * Begins an operation. Returns null if the script ends it: the caller must not keep it, so that nothing ends it
     * twice.
     */
    private Op begin(Op op) {
        pending(op.overlapped);
        Integer scripted = scriptedEnding(op.kind);
        if (scripted != null) {
            enqueue(op.socket.queue, new Packet(op.socket.key, op.overlapped, scripted, 0));
            return null;
        }
        return op;
    }

    private void end(Op op, int status, int bytes) {
        FakeSocket socket = op.socket;
        socket.receive = socket.receive == op ? null : socket.receive;
        socket.send = socket.send == op ? null : socket.send;
        socket.connect = socket.connect == op ? null : socket.connect;
        socket.accepts.remove(op);
        enqueue(socket.queue, new Packet(socket.key, op.overlapped, status, bytes));
    }

    // ------------------------------------------------------------------ inside

    private FakeSocket open(String call, long handle) {
        calls.add(call);
        FakeSocket socket = sockets.get(handle);
        if (socket == null) {
            violations.add(call + " on a closed socket");
        }
        return socket;
    }
}
