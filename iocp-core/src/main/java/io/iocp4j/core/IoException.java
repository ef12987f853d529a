package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Objects;

/**
 * A failed operation, thrown by calls that do not complete a context. It tells the operation, its addresses, and the
 * reason.
 *
 * <p>The operation is one of these words: <b>open</b> a port or a socket, <b>option</b> followed by the name of the
 * socket option, <b>bind</b>, <b>accept</b>, <b>lookup</b> of a host, <b>connect</b>, <b>read</b>, <b>write</b>,
 * <b>shutdown</b> of a direction, <b>handshake</b> of TLS or of a layer above. Layers with messages add <b>send</b>,
 * <b>receive</b> and <b>flush</b>.
 */
public final class IoException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Every word for an operation; the description of this class says the same. */
    static final List<String> OPERATIONS = List.of("open", "option", "bind", "accept", "lookup", "connect", "read",
            "write", "shutdown", "handshake", "send", "receive", "flush");

    /** The reason. */
    private final IoError error;
    /** A word, see above. */
    private final String operation;
    /** A description in words; null if there is none. */
    private final String detail;
    /** Addresses are not Serializable in general. */
    private final transient SocketAddress local;
    private final transient SocketAddress remote;

    /**
     * Makes the exception. The message contains all of its facts, including an interrupt of the thread.
     *
     * @param error the reason
     * @param operation one of the words above
     * @param local our address, or null
     * @param remote the peer's address, or null
     * @param cause the exception of the JDK, such as an {@link InterruptedException}, or null
     */
    public IoException(IoError error, String operation, SocketAddress local, SocketAddress remote, Throwable cause) {
        this(error, operation, local, remote,
                cause instanceof InterruptedException ? "the thread was interrupted" : null, cause);
    }

    /**
     * Makes the exception as above, with a detail in words, such as the limit that was reached; null if there is none.
     */
    IoException(IoError error, String operation, SocketAddress local, SocketAddress remote, String detail,
            Throwable cause) {
        super(message(error, operation, local, remote, detail, cause), cause);
        this.error = error;
        this.operation = operation;
        this.detail = detail;
        this.local = local;
        this.remote = remote;
    }

    /**
     * The reason.
     *
     * @return never null
     */
    public IoError error() {
        return error;
    }

    /**
     * The operation that was tried.
     *
     * @return one of the words above
     */
    public String operation() {
        return operation;
    }

    /**
     * Our address.
     *
     * @return null if not known
     */
    public SocketAddress local() {
        return local;
    }

    /**
     * The peer's address.
     *
     * @return null if not known
     */
    public SocketAddress remote() {
        return remote;
    }

    /** Tells whether this failure belongs to the given connection, which is or was open. */
    boolean isOf(TcpCallbacks connection) {
        return remote != null && remote.equals(connection.peer()) && Objects.equals(local, connection.local());
    }

    /**
     * Copies this failure, which happened on a worker, for the thread of a blocking call. For the layers above TCP.
     *
     * @return the same failure, words and suppressed exceptions included, with the stack of the calling thread
     */
    public IoException here() {
        IoException again = new IoException(error, operation, local, remote, detail, getCause());
        for (Throwable earlier : getSuppressed()) {
            again.addSuppressed(earlier);
        }
        return again;
    }

    private static String message(IoError error, String operation, SocketAddress local, SocketAddress remote,
            String detail, Throwable cause) {
        StringBuilder text = new StringBuilder(operation).append(": ");
        text.append(detail == null ? error.description() : detail + " (" + error + ")");
        if (remote != null) {
            text.append(", peer ").append(text(remote));
        }
        if (local != null) {
            text.append(", local ").append(text(local));
        }
        if (cause != null && cause.getMessage() != null) {
            text.append(": ").append(cause.getMessage());
        }
        return text.toString();
    }

    /** Returns an address as text; for an unresolved address, only its name. */
    private static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.isUnresolved()
                ? inet.getHostString() + ":" + inet.getPort() : address.toString();
    }
}
