package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.core.JavaProgram;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A server of WebSockets in a process that is asked to end")
class ServerExitTest {
    private Process process;

    /** An echo that closes on exit; the argument is the deadline in milliseconds. */
    public static void main(String[] args) throws Exception {
        WebSocketServer server = WebSocketServer.listen(ServerOptions.defaults().tcp(TestServer.LOOPBACK),
                request -> new TestServer.Echo(), exchange -> exchange.respond(HttpResponse.text(200, "page")));
        server.closeOnExit(Duration.ofMillis(1));
        server.closeOnExit(Duration.ofMillis(Long.parseLong(args[0])));
        System.out.println(server.address().getPort());
    }

    /** Its standard output is its port number. */
    private InetSocketAddress start(long deadlineMillis) throws IOException {
        assumeTrue(File.separator.equals("/"), "signals of a child process need a POSIX system");
        // a shell that runs its jobs in the background lets them ignore SIGINT, and children inherit that
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT,TERM"));
        command.addAll(JavaProgram.command("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
                ServerExitTest.class.getName(), String.valueOf(deadlineMillis)));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        return new InetSocketAddress(InetAddress.getLoopbackAddress(),
                Integer.parseInt(process.inputReader().readLine()));
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

    @ParameterizedTest
    @DisplayName("says 1001 to every WebSocket, ends the other connections, and lets the process go when the "
            + "last has answered")
    @ValueSource(strings = {"INT", "TERM"})
    void goingAway(String signal) throws Exception {
        InetSocketAddress server = start(60_000);
        try (RawClient first = new RawClient(server).upgrade(); RawClient second = new RawClient(server).upgrade();
                RawClient page = new RawClient(server)) {
            page.send(HttpFixture.get("/"));
            assertEquals("page", page.response().body());
            signal(signal);
            for (RawClient client : new RawClient[] {first, second}) {
                assertEquals(CloseCode.GOING_AWAY, client.frame().closeCode());
                assertTrue(process.isAlive(), "this client has not answered");
                client.close(CloseCode.GOING_AWAY);
                client.assertEnd();
                client.end();
            }
            page.assertEnd();
        }
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the process did not end with its last client");
    }

    @Test
    @DisplayName("does not wait beyond the deadline for a client that does not answer")
    void deadline() throws Exception {
        InetSocketAddress server = start(100);
        try (RawClient client = new RawClient(server).upgrade()) {
            signal("TERM");
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the process did not end at its deadline");
            assertEquals(CloseCode.GOING_AWAY, client.frame().closeCode());
        }
    }

    @Test
    @DisplayName("does not keep a closed server in memory: the hook goes with it, and one for a closed server "
            + "is not made")
    void hookGoes() throws Exception {
        WebSocketServer server = WebSocketServer.listen(ServerOptions.defaults().tcp(TestServer.LOOPBACK),
                UpgradeHandler.none());
        server.closeOnExit(Duration.ofSeconds(1));
        server.closeOnExit(Duration.ofSeconds(2));
        Thread hook = server.exitHook();
        server.close(Duration.ZERO);
        assertFalse(Runtime.getRuntime().removeShutdownHook(hook), "the hook was still there");
        server.closeOnExit(Duration.ofSeconds(1));
        assertNull(server.exitHook());
        assertThrows(NullPointerException.class, () -> server.closeOnExit(null));
    }

    @Test
    @DisplayName("awaitClosed(deadline) waits for those who are there, and cuts who stays beyond the deadline")
    void awaitClosed() throws Exception {
        try (TestServer server = TestServer.echo(); RawClient client = server.upgraded()) {
            assertEquals(1, server.server.connections());
            assertEquals(1, server.server.accepted());
            assertEquals(0, server.server.dropped());
            server.server.close();
            server.server.awaitClosed(Duration.ofMillis(50));
            assertTrue(server.server.closed().isDone());
            assertEquals(0, server.server.connections());
            assertTrue(client.socket().isConnected());
        }
    }
}
