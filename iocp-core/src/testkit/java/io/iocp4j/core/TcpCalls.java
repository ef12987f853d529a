package io.iocp4j.core;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** What an application may call of TCP at any time. */
public final class TcpCalls {
    private TcpCalls() {
    }

    /**
     * Every method of a connection, except those that need the right moment: TLS is not begun at any
     * time, and another handler would take the callbacks away from the caller.
     *
     * @param futures told of those that the methods return, which complete at last
     * @return for connections with callbacks
     */
    public static AnyCall onConnection(Consumer<CompletableFuture<?>> futures) {
        return new AnyCall(TcpConnection.class, Set.of("startTls", "acceptTls", "startTlsAsync",
                "acceptTlsAsync", "handler"), Set.of("close", "abort", "reset", "end"), 4)
                .with(TcpOptions.class, call -> TcpOptions.defaults())
                // outside of onData; without the blocking API; on a worker; with any numbers
                .refusing(Set.of("retainReceived", "read", "readFully", "readLine", "inputStream", "write",
                        "waterMarks", "keepAlive"))
                .results((result, call) -> take(result, futures));
    }

    private static void take(Object result, Consumer<CompletableFuture<?>> futures) {
        switch (result) {
            case CompletableFuture<?> future -> futures.accept(future);
            case PooledBuffer ours -> ours.release();
            case null, default -> { }
        }
    }

    /**
     * Every public method of a server, except for the hook of the process.
     *
     * @param futures told of those that the methods return, which complete at last
     * @return for servers
     */
    public static AnyCall onServer(Consumer<CompletableFuture<?>> futures) {
        return new AnyCall(TcpServer.class, Set.of("closeOnExit"), Set.of("close", "awaitClosed"), 6)
                // by a worker
                .refusing(Set.of("close", "awaitClosed")).results((result, call) -> take(result, futures));
    }
}
