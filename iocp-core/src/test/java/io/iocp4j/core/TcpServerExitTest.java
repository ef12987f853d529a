package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A server in a process that is asked to end")
class TcpServerExitTest {
    private Process process;

    /** An echo that closes on exit; the argument is the deadline in milliseconds. */
    public static void main(String[] args) throws Exception {
        TcpServer server = TcpServer.listenBlocking(TcpOptions.defaults().loopback(0), connection -> {
            for (ByteBuffer data = connection.read(); data != null; data = connection.read()) {
                connection.write(data);
            }
        });
        server.closeOnExit(Duration.ofMillis(1));
        server.closeOnExit(Duration.ofMillis(Long.parseLong(args[0])));
        System.out.println(server.address().getPort());
    }

    /** Its standard output is its port number. */
    private int start(long deadlineMillis) throws IOException {
        assumeTrue(File.separator.equals("/"), "signals of a child process need a POSIX system");
        // a shell that runs its jobs in the background lets them ignore SIGINT, and children inherit that
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT,TERM"));
        command.addAll(JavaProgram.command("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
                TcpServerExitTest.class.getName(), String.valueOf(deadlineMillis)));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        return Integer.parseInt(process.inputReader().readLine());
    }

    @AfterEach
    void end() throws Exception {
        if (process != null) {
            process.destroyForcibly();
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
            process.inputReader().close();
        }
    }

    private void signal(String name) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).inheritIO().start()
                .waitFor());
    }

    private static Socket client(int port) throws IOException {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
        try {
            client.setSoTimeout(20_000);
            ping(client);
            return client;
        } catch (IOException e) {
            client.close();
            throw e;
        }
    }

    private static void ping(Socket client) throws IOException {
        client.getOutputStream().write(7);
        int echo = client.getInputStream().read();
        if (echo < 0) {
            // what becomes of one who comes while the server stops
            throw new EOFException("no echo, the server has ended the connection");
        }
        assertEquals(7, echo);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    @Shows("C61")
    @DisplayName("stops accepting, serves who is there, and lets the process go when the last client went")
    void graceful(String signal) throws Exception {
        int port = start(60_000);
        try (Socket client = client(port)) {
            signal(signal);
            // closed to newcomers: only then is it certain that the signal has come
            awaitRefusal(port);
            assertTrue(process.isAlive());
            ping(client);
        }
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the process did not end with its last client");
    }

    @Test
    @Shows("C61")
    @DisplayName("does not wait for a client that stays beyond the deadline")
    void deadline() throws Exception {
        int port = start(100);
        try (Socket client = client(port)) {
            signal("TERM");
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the process did not end at its deadline");
            assertEquals(-1, client.getInputStream().read());
        }
    }

    /** Tries until it fails, since a signal takes its time; each try has to wait for the process. */
    private static void awaitRefusal(int port) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        boolean refused = false;
        while (!refused) {
            assertTrue(System.nanoTime() < deadline, "still accepts after the signal");
            try (Socket late = client(port)) {
                assertTrue(late.isConnected());
            } catch (IOException e) {
                refused = true;
            }
        }
    }

    @Test
    @DisplayName("does not keep a closed server in memory: the hook goes with it, and one for a closed server is not "
            + "made")
    void hookGoes() throws Exception {
        TcpServer server = TcpServer.listen(TcpOptions.defaults().loopback(0), connection -> new Recorder());
        server.closeOnExit(Duration.ofSeconds(1));
        Thread hook = server.exitHook();
        server.close(Duration.ZERO);
        assertFalse(Runtime.getRuntime().removeShutdownHook(hook), "the hook was still there");
        server.closeOnExit(Duration.ofSeconds(1));
        assertEquals(null, server.exitHook());
        assertThrows(NullPointerException.class, () -> server.closeOnExit(null));
    }
}
