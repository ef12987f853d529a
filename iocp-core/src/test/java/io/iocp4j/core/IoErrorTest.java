package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.InterruptedByTimeoutException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Errors")
class IoErrorTest {
    static Stream<Arguments> byType() {
        return Stream.of(
                Arguments.of(new AsynchronousCloseException(), IoError.OPERATION_ABORTED),
                Arguments.of(new ClosedByInterruptException(), IoError.OPERATION_ABORTED),
                Arguments.of(new ClosedChannelException(), IoError.BAD_DESCRIPTOR),
                Arguments.of(new InterruptedByTimeoutException(), IoError.TIMED_OUT),
                Arguments.of(new UnresolvedAddressException(), IoError.HOST_NOT_FOUND),
                Arguments.of(new UnknownHostException("nowhere"), IoError.HOST_NOT_FOUND),
                Arguments.of(new NotYetConnectedException(), IoError.NOT_CONNECTED),
                Arguments.of(new NoRouteToHostException("No route to host"), IoError.HOST_UNREACHABLE),
                Arguments.of(new ConnectException(), IoError.CONNECTION_REFUSED),
                Arguments.of(new ConnectException("Connection timed out"), IoError.TIMED_OUT),
                Arguments.of(new ConnectException("Transport endpoint is not connected"), IoError.NOT_CONNECTED),
                Arguments.of(new BindException(), IoError.ADDRESS_IN_USE),
                Arguments.of(new BindException("Permission denied"), IoError.ACCESS_DENIED),
                Arguments.of(new SocketTimeoutException("Read timed out"), IoError.TIMED_OUT),
                Arguments.of(new SocketException("Broken pipe"), IoError.BROKEN_PIPE),
                Arguments.of(new IoException(IoError.SHUT_DOWN, "write", null, null, null), IoError.SHUT_DOWN),
                Arguments.of(new IOException(), IoError.OTHER),
                Arguments.of(new IOException(""), IoError.OTHER),
                Arguments.of(new IOException("the dog ate it"), IoError.OTHER),
                Arguments.of(new IllegalStateException("anything"), IoError.OTHER),
                Arguments.of(new OutOfMemoryError("Java heap space"), IoError.NO_BUFFERS));
    }

    @ParameterizedTest(name = "{0} is {1}")
    @MethodSource("byType")
    @Shows("E4")
    @DisplayName("an exception of the JDK becomes the error that it stands for")
    void types(Throwable failure, IoError expected) {
        assertEquals(expected, IoError.of(failure));
    }

    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource(delimiter = '|', value = {
            // Linux
            "Connection reset by peer|CONNECTION_RESET", "Connection reset|CONNECTION_RESET", "Broken pipe|BROKEN_PIPE",
            "Connection refused|CONNECTION_REFUSED", "Connection timed out|TIMED_OUT",
            "Too many open files|NO_DESCRIPTORS",
            "Too many open files in system|NO_DESCRIPTORS", "Address already in use|ADDRESS_IN_USE",
            "Cannot assign requested address|ADDRESS_NOT_AVAILABLE", "Permission denied|ACCESS_DENIED",
            "Network is unreachable|NETWORK_UNREACHABLE", "No route to host|HOST_UNREACHABLE",
            "Software caused connection abort|CONNECTION_ABORTED", "No buffer space available|NO_BUFFERS",
            "Transport endpoint is not connected|NOT_CONNECTED", "Invalid argument|INVALID_ARGUMENT",
            // macOS
            "Can't assign requested address|ADDRESS_NOT_AVAILABLE", "Operation timed out|TIMED_OUT",
            "Socket is not connected|NOT_CONNECTED",
            // Windows
            "The specified network name is no longer available|CONNECTION_RESET",
                    "An unexpected network error occurred|CONNECTION_RESET",
            "An existing connection was forcibly closed by the remote host|CONNECTION_RESET",
            "An established connection was aborted by the software in your host machine|CONNECTION_ABORTED",
            "The remote computer refused the network connection|CONNECTION_REFUSED",
            "No connection could be made because the target machine actively refused it|CONNECTION_REFUSED",
            "The semaphore timeout period has expired|TIMED_OUT",
            "Only one usage of each socket address (protocol/network address/port) is normally "
            + "permitted|ADDRESS_IN_USE",
            "The requested address is not valid in its context|ADDRESS_NOT_AVAILABLE",
            "An attempt was made to access a socket in a way forbidden by its access permissions|ACCESS_DENIED",
            "The I/O operation has been aborted because of either a thread exit or an application "
            + "request|OPERATION_ABORTED",
            "Insufficient system resources exist to complete the requested service|NO_BUFFERS",
            "An operation on a socket could not be performed because the system lacked sufficient buffer "
            + "space|NO_BUFFERS"})
    @Shows({"B16", "E5"})
    @DisplayName("the text of the operating system decides, in any case of its letters and any locale")
    void texts(String text, IoError expected) {
        assertEquals(expected, IoError.of(new IOException(text)));
        assertEquals(expected, IoError.of(new IOException("fd 7: " + text.toUpperCase(Locale.ROOT) + " (really)")));
        Locale before = Locale.getDefault();
        try {
            // where an upper-case I becomes a dotless i
            Locale.setDefault(Locale.forLanguageTag("tr"));
            assertEquals(expected, IoError.of(new IOException(text.toUpperCase(Locale.ROOT))));
        } finally {
            Locale.setDefault(before);
        }
    }

    @ParameterizedTest(name = "{0}: {1}, {2}, {3}, {4}")
    @CsvSource({"EOF,2,'',38,CLOSED", "BAD_DESCRIPTOR,10009,EBADF,6,CLOSED",
            "CONNECTION_ABORTED,10053,ECONNABORTED,1236,LOST",
            "CONNECTION_RESET,10054,ECONNRESET,64,LOST", "NO_BUFFERS,10055,ENOBUFS,1450,LIMIT",
            "NOT_CONNECTED,10057,ENOTCONN,0,LOCAL",
            "SHUT_DOWN,10058,ESHUTDOWN,0,LOCAL", "TIMED_OUT,10060,ETIMEDOUT,121,LOST",
            "CONNECTION_REFUSED,10061,ECONNREFUSED,1225,REFUSED",
            "ADDRESS_IN_USE,10048,EADDRINUSE,0,REFUSED", "NO_DESCRIPTORS,10024,EMFILE,4,LIMIT",
            "HOST_NOT_FOUND,11001,ENOTFOUND,0,REFUSED",
            "OPERATION_ABORTED,995,ECANCELED,995,CLOSED", "BROKEN_PIPE,0,EPIPE,109,LOST",
            "HANDLER_FAILED,0,'',0,LOCAL"})
    @Shows("E17")
    @DisplayName("have the numbers under which the field knows them, and a merged kind")
    void numbers(IoError error, int winsock, String errno, int systemCode, IoError.Group group) {
        assertEquals(winsock, error.winsock());
        assertEquals(errno, error.errno());
        assertEquals(systemCode, error.systemCode());
        assertEquals(group, error.group());
    }

    @Test
    @Shows("E17")
    @DisplayName("what users merge stays apart: reset and aborted, end of file and bad descriptor")
    void keptApart() {
        assertNotEquals(IoError.of(new IOException("Connection reset")),
                IoError.of(new IOException("Software caused connection abort")));
        assertEquals(IoError.CONNECTION_RESET.group(), IoError.CONNECTION_ABORTED.group());
        assertEquals(IoError.EOF.group(), IoError.BAD_DESCRIPTOR.group());
        for (IoError error : IoError.values()) {
            assertTrue(error.winsock() >= 0 && error.systemCode() >= 0 && error.group() != null);
        }
    }

    @Test
    @Shows("C13")
    @DisplayName("the message of an exception names operation, reason, number, both ends and the cause")
    void message() {
        InetSocketAddress local = new InetSocketAddress("127.0.0.1", 1001);
        InetSocketAddress remote = new InetSocketAddress("127.0.0.1", 2002);
        IOException cause = new IOException("because");
        IoException all = new IoException(IoError.CONNECTION_REFUSED, "connect", local, remote, cause);
        for (String part : new String[] {"connect", "CONNECTION_REFUSED", IoError.CONNECTION_REFUSED.description(),
            "1001", "2002", "because"}) {
            assertTrue(all.getMessage().contains(part), () -> part + " is missing in " + all.getMessage());
        }
        assertEquals(local, all.local());
        assertEquals(remote, all.remote());
        assertEquals(cause, all.getCause());
        IoException bare = new IoException(IoError.OTHER, "read", null, null, new IOException());
        assertEquals("read: OTHER", bare.getMessage());
        assertNull(bare.remote());
        assertFalse(bare.getMessage().contains("null"));
    }
}
