package io.iocp4j.jna;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/** The state of a socket of {@link FakeKernel}. Guarded by the kernel. */
final class FakeSocket {
    final long handle;
    FakePorts.Queue queue;
    long key;
    int tcpPort;
    boolean nonBlocking;
    boolean resetsAtClose;
    /**
     * True once SO_UPDATE_ACCEPT_CONTEXT or SO_UPDATE_CONNECT_CONTEXT was set. Until then a connected socket can make
     * transfers only.
     */
    boolean contextUpdated;
    /** Options whose value is one int, by level and name. */
    final Map<String, Integer> options = new HashMap<>();

    // Used by a listener.
    boolean listening;
    final ArrayDeque<Op> accepts = new ArrayDeque<>();
    final ArrayDeque<End> backlog = new ArrayDeque<>();

    // Used by a connection.
    End end;
    Op receive;
    Op send;
    Op connect;

    FakeSocket(long handle) {
        this.handle = handle;
    }

    /** An operation with its OVERLAPPED. */
    static final class Op {
        final FakeSocket socket;
        final String kind;
        final long overlapped;
        /** Address and length of each buffer. */
        final long[][] buffers;
        /** The socket to accept into; null if this is not an accept. */
        FakeSocket accepted;
        int transferred;

        Op(FakeSocket socket, String kind, long overlapped, long[][] buffers) {
            this.socket = socket;
            this.kind = kind;
            this.overlapped = overlapped;
            this.buffers = buffers;
        }

        long length() {
            long sum = 0;
            for (long[] buffer : buffers) {
                sum += buffer[1];
            }
            return sum;
        }
    }

    /** One end of a connection. It can exist before a socket was accepted for it. */
    static final class End {
        /** The most unread bytes of an end. */
        static final int ROOM = 64 << 10;

        End other;
        FakeSocket socket;
        int localPort;
        final ArrayDeque<byte[]> inbox = new ArrayDeque<>();
        int unread;
        /** True once the other end sends no more. */
        boolean ended;
        /** True once the other end's socket is gone. */
        boolean gone;
        boolean reset;
    }
}
