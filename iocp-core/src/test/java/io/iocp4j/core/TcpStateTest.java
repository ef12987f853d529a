package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The states of RFC 9293 by the numbers of Linux, as /proc/net shows them to anybody. */
@DisplayName("In the kernel's eyes")
@EnabledOnOs(value = OS.LINUX, disabledReason = "the states are read from Linux's /proc/net/tcp")
class TcpStateTest extends TcpFixture {
    private static final String ESTABLISHED = "01";
    private static final String SYN_SENT = "02";
    private static final String FIN_WAIT2 = "05";
    private static final String TIME_WAIT = "06";
    private static final String CLOSE_WAIT = "08";
    private static final String NONE = "none";

    /** A socket by the port numbers of its two ends; "none" if there is none, or more of them joined. */
    private static String state(int localPort, int remotePort) throws IOException {
        List<String> found = new ArrayList<>();
        for (String family : new String[] {"tcp", "tcp6"}) {
            Path table = Path.of("/proc/net", family);
            try (Stream<String> lines = Files.exists(table) ? Files.lines(table) : Stream.<String>empty()) {
                lines.skip(1).map(line -> line.strip().split("\\s+"))
                        .filter(words -> port(words[1]) == localPort && port(words[2]) == remotePort)
                        .forEach(words -> found.add(words[3]));
            }
        }
        return found.isEmpty() ? NONE : String.join(" ", found);
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
    }

    private static String ours(Pair pair) throws IOException {
        return state(pair.peer().getPort(), pair.peer().getLocalPort());
    }

    @Test
    @Shows("E8")
    @DisplayName("EOF is CLOSE_WAIT, where we may still send; after our end it is gone")
    void closeWait() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.allowHalfOpen(true), recorder);
        assertEquals(ESTABLISHED, ours(pair));
        pair.peer().shutdownOutput();
        recorder.await("end");
        assertEquals(CLOSE_WAIT, ours(pair));
        assertTrue(pair.connection().send(text("still")));
        assertEquals("still", pair.peerReads(5));
        pair.connection().end();
        assertTrue(awaitClosed(pair.connection()).clean());
        assertEquals(-1, pair.peer().getInputStream().read());
        assertEquals(NONE, ours(pair));
    }

    @Test
    @Shows({"E8", "E12"})
    @DisplayName("a send after our own end is FIN_WAIT2: refused as SHUT_DOWN, and receiving goes on; later it is "
            + "TIME_WAIT")
    void finWait() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.connection().end();
        assertEquals(-1, pair.peer().getInputStream().read());
        assertEquals(FIN_WAIT2, ours(pair));
        assertFalse(pair.connection().send(text("late")));
        assertEquals(IoError.SHUT_DOWN, assertThrows(IoException.class, () -> pair.connection().write("late")).error());
        pair.peerSends("hello");
        recorder.awaitBytes(5);
        pair.peer().close();
        assertTrue(awaitClosed(pair.connection()).clean());
        assertEquals(TIME_WAIT, ours(pair));
    }

    @Test
    @Shows("E8")
    @DisplayName("NOT_CONNECTED is SYN_SENT; given up it is gone at once")
    void synSent() throws Exception {
        InetSocketAddress silent = silentAddress();
        int local;
        try (ServerSocket probe = new ServerSocket(0, 1, LOOPBACK)) {
            local = probe.getLocalPort();
        }
        Recorder recorder = new Recorder();
        TcpConnection connection = TcpClient.connect(port,
                options.connectBuffering(false).localAddress(new InetSocketAddress(LOOPBACK, local)), silent, recorder);
        assertEquals(SYN_SENT, state(local, silent.getPort()));
        assertEquals(IoError.NOT_CONNECTED, assertThrows(IoException.class, () -> connection.write("early")).error());
        connection.abort();
        awaitClosed(connection);
        assertEquals(NONE, state(local, silent.getPort()));
    }

    @Test
    @Shows("E8")
    @DisplayName("CONNECTION_RESET leaves no socket")
    void reset() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.peerResets();
        assertEquals(IoError.CONNECTION_RESET, recorder.awaitClose().error());
        awaitClosed(pair.connection());
        assertEquals(NONE, ours(pair));
    }

    @Test
    @Shows("E15")
    @DisplayName("close() ends our side first and keeps the socket until the peer has ended its own")
    void finBeforeClose() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.lingerTimeout(Duration.ofMinutes(1)), recorder);
        pair.connection().close();
        assertNull(recorder.awaitClose().error());
        assertEquals(-1, pair.peer().getInputStream().read());
        // it brings the acknowledgement of our FIN, which by itself may come later than the read above
        pair.peerSends("x");
        assertEquals(FIN_WAIT2, ours(pair));
        pair.peer().close();
        assertTrue(awaitClosed(pair.connection()).clean());
        assertEquals(TIME_WAIT, ours(pair));
    }
}
