package io.iocp4j.core;

import java.net.InetSocketAddress;

/** A listening TCP socket associated with a port. */
public interface PortAcceptor {
    /**
     * Takes one connection; {@link IoContext#accepted()} is its socket, associated with the same port. One accept may
     * be pending.
     *
     * @param context a fresh context, whose reference goes to the port
     * @throws IllegalStateException if an accept is pending, or the context is not fresh, or the port was closed
     */
    void accept(IoContext context);

    /**
     * The address it is bound to.
     *
     * @return with the real port number where 0 was asked
     */
    InetSocketAddress local();

    /**
     * Closes the handle. A pending accept completes with {@link IoError#OPERATION_ABORTED}. A second call does nothing.
     * The address is free when this returns, unless it is called by a thread of a port, or a thread of this port is
     * busy: an engine may wait for that for up to a second.
     */
    void close();
}
