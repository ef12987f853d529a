package io.iocp4j.core;

import java.nio.ByteBuffer;

/**
 * The inner side of a port, for its handles. It has the methods by which a socket that is not the operating system's
 * ({@link TlsSocket}, {@link MemorySocket}) keeps the contract of {@link CompletionPort}. It is a class, since the
 * methods of an interface would be visible to applications.
 */
abstract class PortInternals implements CompletionPort {
    /** Returns the inner side of the same port. */
    static PortInternals of(CompletionPort port) {
        if (port instanceof PortInternals inside) {
            return inside;
        }
        throw new IllegalArgumentException(
                "TLS and connections in memory need a port of this library, not " + port.getClass());
    }

    /**
     * Begins an operation: from here on the port owes its completion. Throws {@link IllegalStateException} on misuse.
     */
    abstract void begin(IoContext context, Operation operation, ByteBuffer buffer);

    /** Ends an operation, with an error or without. The completion is never delivered on the calling stack. */
    abstract void finish(IoContext context, long bytes, IoError error, Throwable cause);

    /** Runs a long task on another thread than a worker. The port does not end meanwhile. */
    abstract void offload(Runnable task);

    /**
     * Registers a new handle, which {@link #close()} will close. Throws {@link IllegalStateException} if the port is
     * closing.
     */
    abstract void add(PortHandle handle);

    /**
     * Begins to close the port as {@link #close()} does, but never waits. Any thread. A second call does nothing.
     */
    abstract void beginClose();

    /**
     * Begins to close a port whose owner has ended. The owner may end on any thread, so this must not wait for the
     * port.
     */
    static void beginClose(CompletionPort port) {
        if (port instanceof PortInternals inside) {
            inside.beginClose();
        } else {
            port.close();
        }
    }

    /** Forgets a handle that is being closed. */
    abstract void remove(PortHandle handle);
}
