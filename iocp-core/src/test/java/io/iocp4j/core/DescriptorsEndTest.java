package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A server of a process that has just begun, and runs out of descriptors")
class DescriptorsEndTest {
    private static final Path BASH = Path.of("/bin/bash");
    private static final int DESCRIPTORS = 100;
    private static final int CLIENTS = 200;
    private static final int TIMEOUT_MILLIS = 20_000;

    /** An echo with a virtual thread for each connection. Says its port, and what its filter is told. */
    static final class Server {
        private Server() {
        }

        /** Called by the test. */
        public static void main(String[] args) throws IOException {
            TcpOptions options = TcpOptions.defaults().loopback(0).filter(new ConnectionFilter() {
                @Override
                public void onAcceptFailed(IoException failure) {
                    System.out.println(failure.error());
                }
            });
            TcpServer server = TcpServer.listenBlocking(options, connection -> {
                for (ByteBuffer data; (data = connection.read()) != null;) {
                    connection.write(data);
                }
            });
            System.out.println(server.address().getPort());
        }
    }

    @Test
    @Shows("Accept storms")
    @DisplayName("Accept storms: accepts again when there are some, tells its filter, and logs: nothing is loaded "
            + "first when none is left")
    void acceptsAgain() throws Exception {
        assumeTrue(Files.isExecutable(BASH), "needs a shell that sets limits");
        Path log = Files.createTempFile("iocp4j-descriptors", ".log");
        List<String> command = new ArrayList<>(
                List.of(BASH.toString(), "-c", "ulimit -n " + DESCRIPTORS + " && exec \"$@\"", "bash"));
        command.addAll(JavaProgram.command("-XX:TieredStopAtLevel=1", "-XX:ActiveProcessorCount=2",
                "-cp", System.getProperty("java.class.path"), Server.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectError(log.toFile()).start();
        BufferedReader said = process.inputReader();
        try {
            int port = Integer.parseInt(next(said));
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(connect(port));
            }
            assertEquals("NO_DESCRIPTORS", next(said));
            // the second comes from the timer, behind the first log line
            assertEquals("NO_DESCRIPTORS", next(said));
            for (Socket client : clients) {
                client.close();
            }
            try (Socket after = connect(port)) {
                after.getOutputStream().write("still here".getBytes(StandardCharsets.US_ASCII));
                assertEquals("still here",
                        new String(after.getInputStream().readNBytes(10), StandardCharsets.US_ASCII));
            }
            String lines = Files.readString(log);
            assertTrue(lines.contains("an accept failed"), lines);
            assertFalse(lines.contains("NoClassDefFoundError") || lines.contains("ExceptionInInitializerError"), lines);
            assertTrue(lines.contains("io.iocp4j.core.AcceptLoop"), "the line says whose it is: " + lines);
        } finally {
            process.destroyForcibly();
            assertTrue(process.waitFor(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS));
            said.close();
            Files.delete(log);
        }
    }

    private static String next(BufferedReader said) throws Exception {
        CompletableFuture<String> line = new CompletableFuture<>();
        TlsFixture.inBackground(() -> line.complete(said.readLine()));
        return TcpFixture.await(line);
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(TcpFixture.LOOPBACK, port), TIMEOUT_MILLIS);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }
}
