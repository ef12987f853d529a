package io.iocp4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@DisplayName("The example of an own engine")
class OwnEngineTest {
    @TempDir
    Path classPath;

    @FunctionalInterface
    private interface Body {
        void run() throws Exception;
    }

    @Test
    @ResourceLock(Resources.SYSTEM_PROPERTIES)
    @DisplayName("opens the port that a server makes for itself, and TCP works on it")
    void best() throws Exception {
        registered(this::serve);
    }

    private void serve() throws Exception {
        int opened = OwnEngine.opened();
        try (TcpServer server = TcpServer.listenBlocking(TcpOptions.defaults().loopback(0),
                connection -> connection.write(connection.readLine() + "!\n"))) {
            CompletionPort port = server.completionPort();
            assertTrue(port.counters().workers() <= 2);
            try (TcpConnection client = TcpClient.connect(port, TcpOptions.defaults(), "localhost", server.tcpPort())) {
                client.write("hello\n");
                assertEquals("hello!", client.readLine(Duration.ofSeconds(20)));
            }
        }
        assertEquals(opened + 1, OwnEngine.opened());
    }

    @Test
    @ResourceLock(Resources.SYSTEM_PROPERTIES)
    @DisplayName("limits the workers where it is asked by its name, and is left alone where another engine is named")
    void workers() throws Exception {
        registered(this::openByName);
    }

    private void openByName() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().engine("own").workers(5))) {
            assertEquals(2, port.counters().workers());
        }
        int opened = OwnEngine.opened();
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().engine("aio").workers(5))) {
            assertEquals(5, port.counters().workers());
        }
        assertEquals(opened, OwnEngine.opened());
    }

    /**
     * A class path with a registration, for this thread alone: in all tests the engine would be the best. Without the
     * system property that may force another on these tests.
     */
    private void registered(Body body) throws Exception {
        Path services = Files.createDirectories(classPath.resolve("META-INF/services"));
        Files.writeString(services.resolve(CompletionPortProvider.class.getName()), OwnEngine.class.getName() + "\n");
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        String forced = System.clearProperty(PortOptions.ENGINE_PROPERTY);
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classPath.toUri().toURL()}, before)) {
            thread.setContextClassLoader(loader);
            body.run();
        } finally {
            thread.setContextClassLoader(before);
            if (forced != null) {
                System.setProperty(PortOptions.ENGINE_PROPERTY, forced);
            }
        }
    }
}
