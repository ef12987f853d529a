package io.iocp4j.core;

import java.io.IOException;
import java.util.Objects;

/**
 * Two connections that are joined in memory: what one sends, the other receives. Made by {@link TcpPair#open}.
 *
 * @param left one end
 * @param right the other
 */
public record TcpPair(TcpConnection left, TcpConnection right) {
    /** Checks that both are there. */
    public TcpPair {
        Objects.requireNonNull(left);
        Objects.requireNonNull(right);
    }

    /**
     * Opens a pair with callbacks. Returns at once; {@code onOpen} of both ends follows.
     *
     * @param port the completion port whose workers run the callbacks
     * @param options limits of both connections; socket options have no effect
     * @param left handler of one end alone
     * @param right handler of the other end alone
     * @return both ends
     * @throws IllegalArgumentException if the options ask for TLS
     * @throws IllegalStateException if the port is closing or closed
     */
    public static TcpPair open(CompletionPort port, TcpOptions options, TcpHandler left, TcpHandler right) {
        Objects.requireNonNull(left);
        Objects.requireNonNull(right);
        if (options.tls() != null) {
            throw new IllegalArgumentException("a pair in memory has no TLS");
        }
        MemorySocket[] sockets = MemorySocket.pair(port);
        TcpPair pair = new TcpPair(end(port, sockets[0], options, left), end(port, sockets[1], options, right));
        Opening opening = new Opening(pair, left, right);
        boolean begun = false;
        try {
            port.post(opening);
            begun = true;
        } finally {
            if (!begun) {
                // the port was closed since it took the sockets in
                opening.release();
                for (TcpConnection end : new TcpConnection[] {pair.left, pair.right}) {
                    end.neverWas();
                    end.dropReference();
                }
            }
        }
        return pair;
    }

    /**
     * Opens a pair of which both ends have the blocking API, and blocks until both are open.
     *
     * @param port the completion port whose workers carry the bytes
     * @param options limits of both connections; socket options have no effect
     * @return both ends, open
     * @throws IOException if the port was closed meanwhile
     * @throws IllegalArgumentException if the options ask for TLS
     * @throws IllegalStateException if the port is closing or closed, or on a worker of it
     */
    public static TcpPair open(CompletionPort port, TcpOptions options) throws IOException {
        TcpConnection.requireNotWorker(port);
        TcpBlockingReader left = new TcpBlockingReader(port, options.readMax());
        TcpBlockingReader right = new TcpBlockingReader(port, options.readMax());
        TcpPair pair = open(port, options, left, right);
        left.awaitOpen(pair.left, pair.left.remote());
        right.awaitOpen(pair.right, pair.right.remote());
        return pair;
    }

    private static TcpConnection end(CompletionPort port, MemorySocket socket, TcpOptions options, TcpHandler handler) {
        TcpConnection end = new TcpConnection(port, socket, options, TcpConnection.State.CONNECTING, freed -> { });
        // not as late as in the opening: who aborts at once is told by a turn of the strand, which may come before it
        end.handler(handler);
        return end;
    }

    /** Begins both on a worker, as an accept would. Either may be aborted, and have told so, before the worker comes: both are retained. */
    private static final class Opening extends IoContext {
        private final TcpPair pair;
        private final TcpHandler left;
        private final TcpHandler right;

        Opening(TcpPair pair, TcpHandler left, TcpHandler right) {
            this.pair = pair;
            this.left = left;
            this.right = right;
            pair.left.addReference();
            pair.right.addReference();
        }

        @Override
        protected void onCompletion() {
            pair.left.open(connection -> left);
            pair.right.open(connection -> right);
        }

        @Override
        protected void free() {
            pair.left.dropReference();
            pair.right.dropReference();
            super.free();
        }
    }
}
