package io.iocp4j.core;

import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.InterruptedByTimeoutException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLException;

/**
 * The reasons why an operation or a connection ended, with their standard numbers and names.
 *
 * <p>The Winsock numbers are those of the page "Windows Sockets Error Codes"; the system codes those of "System Error
 * Codes".
 */
public enum IoError {
    /** The peer ended its sending side; ours may still send. */
    EOF(2, "", 38, Group.CLOSED),
    /**
     * We closed the handle before the operation was submitted. Reported by sockets and acceptors, not by connections.
     */
    BAD_DESCRIPTOR(10009, "EBADF", 6, Group.CLOSED),
    /** The operating system refuses the operation, for example a port below 1024. */
    ACCESS_DENIED(10013, "EACCES", 5, Group.REFUSED),
    /** A parameter that the operating system refuses. */
    INVALID_ARGUMENT(10022, "EINVAL", 87, Group.LOCAL),
    /** The process or the system has no descriptor left. */
    NO_DESCRIPTORS(10024, "EMFILE", 4, Group.LIMIT),
    /** The engine or the operating system has no such option. */
    NOT_SUPPORTED(10045, "EOPNOTSUPP", 50, Group.LOCAL),
    /** Another socket uses the address. */
    ADDRESS_IN_USE(10048, "EADDRINUSE", 0, Group.REFUSED),
    /** The address is not one of this machine. */
    ADDRESS_NOT_AVAILABLE(10049, "EADDRNOTAVAIL", 0, Group.REFUSED),
    /** No route to the peer's network. */
    NETWORK_UNREACHABLE(10051, "ENETUNREACH", 1231, Group.REFUSED),
    /** This machine gave the connection up. */
    CONNECTION_ABORTED(10053, "ECONNABORTED", 1236, Group.LOST),
    /**
     * The peer gave the connection up (RST); also ERROR_NETNAME_DELETED, by which the Windows port names it, and
     * ERROR_UNEXP_NET_ERR (59), which Windows reports to the JDK for an accept whose peer is gone.
     */
    CONNECTION_RESET(10054, "ECONNRESET", 64, Group.LOST),
    /** A limit on memory was reached: of the system, of the Java heap, or of the connection's send queue. */
    NO_BUFFERS(10055, "ENOBUFS", 1450, Group.LIMIT),
    /** The socket is not connected (yet). */
    NOT_CONNECTED(10057, "ENOTCONN", 0, Group.LOCAL),
    /** A send after our own side was ended. */
    SHUT_DOWN(10058, "ESHUTDOWN", 0, Group.LOCAL),
    /** A send to a peer that closed; Windows reports CONNECTION_RESET or CONNECTION_ABORTED instead. */
    BROKEN_PIPE(0, "EPIPE", 109, Group.LOST),
    /** A time limit has passed. */
    TIMED_OUT(10060, "ETIMEDOUT", 121, Group.LOST),
    /** No socket listens at the address. */
    CONNECTION_REFUSED(10061, "ECONNREFUSED", 1225, Group.REFUSED),
    /** No route to the peer. */
    HOST_UNREACHABLE(10065, "EHOSTUNREACH", 1232, Group.REFUSED),
    /** The name has no address. */
    HOST_NOT_FOUND(11001, "ENOTFOUND", 0, Group.REFUSED),
    /**
     * The operation was pending when we closed its handle. On a connection, also an operation that began after the
     * close.
     */
    OPERATION_ABORTED(995, "ECANCELED", 995, Group.CLOSED),
    /** The TLS handshake failed, or the received bytes are no TLS; the cause is an SSLException. */
    TLS_FAILURE(0, "EPROTO", 0, Group.REFUSED),
    /** A callback of the application threw. */
    HANDLER_FAILED(0, "", 0, Group.LOCAL),
    /** Any other error; see the cause. */
    OTHER(0, "EIO", 0, Group.LOST);

    /** The few kinds of errors, for an application that only distinguishes closed from lost. */
    public enum Group {
        /** Closed on purpose, by the peer or by us. */
        CLOSED,
        /** Lost without the intention of either side. */
        LOST,
        /** Never established. */
        REFUSED,
        /** A mistake on this side. */
        LOCAL,
        /** A limit was reached. */
        LIMIT
    }

    /**
     * The texts of the operating systems. They are needed because an exception of the JDK carries neither errno nor
     * Winsock number. All are in lower case; the first text that the message contains decides. The strerror texts of
     * Linux and macOS come first, then those of FormatMessage of Windows (English).
     */
    private static final List<Text> TEXTS = List.of(
            new Text("connection reset", CONNECTION_RESET),
            new Text("broken pipe", BROKEN_PIPE),
            new Text("connection refused", CONNECTION_REFUSED),
            new Text("timed out", TIMED_OUT),
            new Text("too many open files", NO_DESCRIPTORS),
            new Text("address already in use", ADDRESS_IN_USE),
            new Text("cannot assign requested address", ADDRESS_NOT_AVAILABLE),
            new Text("can't assign requested address", ADDRESS_NOT_AVAILABLE),
            new Text("permission denied", ACCESS_DENIED),
            new Text("network is unreachable", NETWORK_UNREACHABLE),
            new Text("no route to host", HOST_UNREACHABLE),
            new Text("host is unreachable", HOST_UNREACHABLE),
            new Text("software caused connection abort", CONNECTION_ABORTED),
            new Text("no buffer space", NO_BUFFERS),
            new Text("not connected", NOT_CONNECTED),
            new Text("invalid argument", INVALID_ARGUMENT),
            new Text("specified network name is no longer available", CONNECTION_RESET),
            new Text("network name deleted", CONNECTION_RESET), // as Wine puts the line before
            new Text("unexpected network error", CONNECTION_RESET), // of an accept whose peer is gone
            new Text("forcibly closed by the remote host", CONNECTION_RESET),
            new Text("aborted by the software in your host machine", CONNECTION_ABORTED),
            new Text("remote computer refused the network connection", CONNECTION_REFUSED),
            new Text("target machine actively refused it", CONNECTION_REFUSED),
            new Text("semaphore timeout period has expired", TIMED_OUT),
            new Text("only one usage of each socket address", ADDRESS_IN_USE),
            new Text("requested address is not valid in its context", ADDRESS_NOT_AVAILABLE),
            new Text("forbidden by its access permissions", ACCESS_DENIED),
            new Text("thread exit or an application request", OPERATION_ABORTED),
            new Text("insufficient system resources", NO_BUFFERS),
            new Text("lacked sufficient buffer space", NO_BUFFERS));

    private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

    private final int winsock;
    private final String errno;
    private final int systemCode;
    private final Group group;

    IoError(int winsock, String errno, int systemCode, Group group) {
        this.winsock = winsock;
        this.errno = errno;
        this.systemCode = systemCode;
        this.group = group;
    }

    /**
     * The number in Winsock (for {@link #EOF} the number of asio, for {@link #OPERATION_ABORTED} that of the overlapped
     * call).
     *
     * @return the number, 0 if there is none
     */
    public int winsock() {
        return winsock;
    }

    /**
     * The name in errno.h.
     *
     * @return the name, empty if there is none
     */
    public String errno() {
        return errno;
    }

    /**
     * The Windows system error under which a completion port reports it.
     *
     * @return the code, 0 if there is none
     */
    public int systemCode() {
        return systemCode;
    }

    /**
     * The name of this error, followed by the name or number that the system of this process has for it, if it has one.
     */
    String description() {
        if (this == OTHER || this == TLS_FAILURE) {
            return name();
        }
        String system = !WINDOWS ? errno : winsock == 0 ? "" : String.valueOf(winsock);
        return system.isEmpty() ? name() : name() + " (" + system + ")";
    }

    /**
     * The kind of this error.
     *
     * @return the group, never null
     */
    public Group group() {
        return group;
    }

    /**
     * Finds the error of an exception of the JDK: by its type if the type is specific, else by the operating system's
     * text.
     *
     * @param failure what the JDK threw or completed with
     * @return the error, {@link #OTHER} if neither type nor text is known
     */
    public static IoError of(Throwable failure) {
        return switch (failure) {
            case IoException e -> e.error();
            case OutOfMemoryError e -> NO_BUFFERS;
            case AsynchronousCloseException e -> OPERATION_ABORTED;
            case ClosedChannelException e -> BAD_DESCRIPTOR;
            case InterruptedByTimeoutException e -> TIMED_OUT;
            case UnresolvedAddressException e -> HOST_NOT_FOUND;
            case UnsupportedAddressTypeException e -> INVALID_ARGUMENT;
            case UnknownHostException e -> HOST_NOT_FOUND;
            case NotYetConnectedException e -> NOT_CONNECTED;
            case SSLException e -> TLS_FAILURE;
            case NoRouteToHostException e -> HOST_UNREACHABLE;
            case ConnectException e -> byText(e, CONNECTION_REFUSED);
            case BindException e -> byText(e, ADDRESS_IN_USE);
            default -> byText(failure, OTHER);
        };
    }

    private static IoError byText(Throwable failure, IoError otherwise) {
        String message = failure.getMessage();
        if (message == null) {
            return otherwise;
        }
        String lower = message.toLowerCase(Locale.ROOT);
        for (Text text : TEXTS) {
            if (lower.contains(text.part)) {
                return text.error;
            }
        }
        return otherwise;
    }

    private record Text(String part, IoError error) {
    }
}
