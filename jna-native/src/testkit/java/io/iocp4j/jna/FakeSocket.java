package io.iocp4j.jna;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/** A socket of {@link FakeKernel}: plain state, guarded by the kernel's lock. */
final class FakeSocket {
    final long handle;
    FakePorts.Queue queue;
    long key;
    int tcpPort;
    boolean nonBlocking;
    boolean resetsAtClose;
    /** SO_UPDATE_ACCEPT_CONTEXT or SO_UPDATE_CONNECT_CONTEXT was set; until then a connected socket is good for transfers only. */
    boolean contextUpdated;
    /** Values of one int, by level and name. */
    final Map<String, Integer> options = new HashMap<>();

    /** Of a listener. */
    boolean listening;
    final ArrayDeque<Op> accepts = new ArrayDeque<>();
    final ArrayDeque<End> backlog = new ArrayDeque<>();

    /** Of a connection. */
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
        /** Of an accept. */
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

    /** One end of a connection; it may be there before a socket was accepted for it. */
    static final class End {
        static final int ROOM = 64 << 10;

        End other;
        FakeSocket socket;
        int localPort;
        final ArrayDeque<byte[]> inbox = new ArrayDeque<>();
        int unread;
        /** The other end sends no more. */
        boolean ended;
        /** The other end's socket is gone. */
        boolean gone;
        boolean reset;
    }
}
