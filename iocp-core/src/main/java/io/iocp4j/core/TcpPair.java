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
        requireNoTls(options);
        return join(port, options, left, right).pair();
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
        Worker.requireNotWorker(port);
        requireNoTls(options);
        TcpBlockingReader left = new TcpBlockingReader(port, options.maxRead());
        TcpBlockingReader right = new TcpBlockingReader(port, options.maxRead());
        Opening opening = join(port, options, left, right);
        left.awaitOpen(opening.left, opening.left.remote());
        right.awaitOpen(opening.right, opening.right.remote());
        return opening.pair();
    }

    private static void requireNoTls(TcpOptions options) {
        if (options.tls() != null) {
            throw new IllegalArgumentException("a pair in memory has no TLS");
        }
    }

    private static Opening join(CompletionPort port, TcpOptions options, TcpHandler left, TcpHandler right) {
        MemorySocket[] sockets = MemorySocket.pair(port);
        Opening opening = new Opening(end(port, sockets[0], options, left), end(port, sockets[1], options, right));
        boolean begun = false;
        try {
            port.post(opening);
            begun = true;
        } finally {
            if (!begun) {
                // the port was closed after it had registered the sockets
                opening.release();
                opening.left.discardUnopened();
                opening.left.dropReference();
                opening.right.discardUnopened();
                opening.right.dropReference();
            }
        }
        return opening;
    }

    private static TcpChannel end(CompletionPort port, MemorySocket socket, TcpOptions options, TcpHandler handler) {
        TcpChannel end = new TcpChannel(port, socket, options, TcpConnection.State.CONNECTING, freed -> { });
        // set here, before the opening: if an abort comes first, a turn of the strand may report it before the opening
        // runs
        end.firstHandler(handler);
        return end;
    }

    /**
     * Opens both ends on a worker, as an accept would. It retains both, since either may be aborted, and its end
     * reported, before.
     */
    private static final class Opening extends IoContext {
        private final TcpChannel left;
        private final TcpChannel right;

        Opening(TcpChannel left, TcpChannel right) {
            this.left = left;
            this.right = right;
            left.addReference();
            right.addReference();
        }

        TcpPair pair() {
            return new TcpPair(left, right);
        }

        @Override
        protected void onCompletion() {
            left.open(connection -> left.handler);
            right.open(connection -> right.handler);
        }

        @Override
        protected void free() {
            left.dropReference();
            right.dropReference();
            super.free();
        }
    }
}
