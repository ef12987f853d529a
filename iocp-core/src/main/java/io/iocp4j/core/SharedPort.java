package io.iocp4j.core;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The port that all clients share if they were given none: the clients of {@link TcpClient#connect(String, int)} and of
 * layers above this library. The first user opens it, with {@link PortOptions#defaults()} and daemon threads. The last
 * user closes it, and the next one opens another. So a thousand clients need no more threads than one, and a process
 * without clients has no such threads.
 *
 * <p>Its threads do not keep the process running. If a callback of one client blocks, the other clients may wait.
 * Blocking calls throw in a callback, even for another client. A client that needs more can be given a port of its own.
 *
 * <p>An object of this class is one use of the port. Its user closes it once; a second close does nothing. Any thread
 * may call all methods.
 */
public final class SharedPort implements AutoCloseable {
    private static final Object LOCK = new Object();
    /** Guarded by LOCK. Null while it has no user. */
    private static Shared current;

    /** A port and the number of its users, which is guarded by LOCK. */
    private static final class Shared {
        private final CompletionPort port;
        private int uses;

        Shared(CompletionPort port) {
            this.port = port;
        }

        /**
         * Returns false if an application has closed the port through the connection of one client. Later clients get
         * another port.
         */
        boolean isOpen() {
            return !(port instanceof PortEngine engine) || engine.isOpen();
        }
    }

    private final Shared shared;
    private final AtomicBoolean closed = new AtomicBoolean();

    private SharedPort(Shared shared) {
        this.shared = shared;
    }

    /**
     * Begins to use the port.
     *
     * @return a use, the caller's to close
     * @throws IoException if the operating system gives no port
     */
    public static SharedPort use() throws IoException {
        synchronized (LOCK) {
            if (current == null || !current.isOpen()) {
                current = new Shared(CompletionPort.open(PortOptions.defaults().name("iocp4j-client").daemon(true)));
            }
            SharedPort use = new SharedPort(current);
            current.uses++;
            return use;
        }
    }

    /**
     * The port.
     *
     * @return open until this use is closed
     */
    public CompletionPort completionPort() {
        return shared.port;
    }

    /** Gives the port back. Never waits, on any thread. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            boolean last;
            synchronized (LOCK) {
                shared.uses--;
                last = shared.uses == 0;
                if (last && current == shared) {
                    current = null;
                }
            }
            if (last) {
                PortInternals.beginClose(shared.port);
            }
        }
    }
}
