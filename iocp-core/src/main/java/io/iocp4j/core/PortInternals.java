package io.iocp4j.core;

import java.nio.ByteBuffer;

/**
 * A port as its handles see it: what a socket needs that is not the operating system's own ({@link TlsSocket},
 * {@link MemorySocket}) to keep the contract of {@link CompletionPort}. A class, since the methods of an interface
 * would be shown to applications.
 */
abstract class PortInternals implements CompletionPort {
    /** The same port, seen from inside. */
    static PortInternals of(CompletionPort port) {
        if (port instanceof PortInternals inside) {
            return inside;
        }
        throw new IllegalArgumentException(
                "TLS and connections in memory need a port of this library, not " + port.getClass());
    }

    /**
     * Begins an operation: from here on the port owes its completion; throws {@link IllegalStateException} on misuse.
     */
    abstract void begin(IoContext context, Operation operation, ByteBuffer buffer);

    /** Ends an operation, with an error or without; delivered never on the calling stack. */
    abstract void finish(IoContext context, long bytes, IoError error, Throwable cause);

    /** Runs a task that may take long off the workers; the port does not end meanwhile. */
    abstract void offload(Runnable task);

    /**
     * Takes a new handle in, which {@link #close()} will close; throws {@link IllegalStateException} if the port is
     * closing.
     */
    abstract void add(PortHandle handle);

    /**
     * Begins what {@link #close()} does, and waits for nothing, whatever thread this is. A second call does nothing.
     */
    abstract void beginClose();

    /**
     * Begins to close a port that belongs to what ends here: on whatever thread it ends, which must not wait for the
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
