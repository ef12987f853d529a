package io.iocp4j.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import io.iocp4j.core.TestKeys;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The examples")
class ExamplesTest {
    private static final int DEADLINE_MILLIS = 20_000;

    @Test
    @DisplayName("the proxy carries 4 MiB to a slow server and the answer back, and ends each side when the other has "
            + "ended")
    void proxy() throws Exception {
        byte[] request = new byte[4 << 20];
        new Random(1).nextBytes(request);
        try (ServerSocket behind = new ServerSocket(0); CompletionPort port =
                CompletionPort.open(PortOptions.defaults().workers(1));
                TcpServer proxy = TcpProxy.listen(port, TcpOptions.defaults().loopback(0).allowHalfOpen(true),
                        "localhost", behind.getLocalPort());
                Socket client = new Socket(proxy.address().getAddress(), proxy.address().getPort())) {
            client.setSoTimeout(DEADLINE_MILLIS);
            FutureTask<byte[]> server = new FutureTask<>(() -> {
                try (Socket accepted = behind.accept()) {
                    accepted.setSoTimeout(DEADLINE_MILLIS);
                    byte[] got = accepted.getInputStream().readAllBytes();
                    accepted.getOutputStream().write("thanks".getBytes());
                    return got;
                }
            });
            Thread thread = Thread.ofVirtual().start(server);
            client.getOutputStream().write(request);
            client.shutdownOutput();
            assertEquals("thanks", new String(client.getInputStream().readAllBytes()));
            assertArrayEquals(request, server.get(DEADLINE_MILLIS, TimeUnit.MILLISECONDS));
            thread.join();
            proxy.close(Duration.ofSeconds(1));
        }
    }

    @Test
    @DisplayName("the proxy never leaves one side paused, though several workers drain the other meanwhile")
    void proxyOnSeveralWorkers() throws Exception {
        // each send is above the high-water mark, so each of some thousand receives pauses a side that is drained at
        // once
        TcpOptions options = TcpOptions.defaults().loopback(0).allowHalfOpen(true).waterMarks(0, 1).receive(512, 512);
        byte[] request = new byte[4 << 20];
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(4));
                TcpServer behind = TcpServer.listenBlocking(port, TcpOptions.defaults().loopback(0).allowHalfOpen(true),
                        connection -> {
                            long received = connection.inputStream().transferTo(OutputStream.nullOutputStream());
                            connection.write(received + "\n");
                        });
                TcpServer proxy = TcpProxy.listen(port, options, "localhost", behind.tcpPort());
                TcpConnection client = TcpClient.connect("localhost", proxy.tcpPort())) {
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    client.write(request);
                    client.end();
                } catch (IOException e) {
                    // the read of the answer fails too
                }
            });
            assertEquals("" + request.length, client.readLine(Duration.ofMillis(DEADLINE_MILLIS)));
            writer.join();
        }
    }

    @Test
    @DisplayName("the proxy ends its client where nobody listens behind it")
    void proxyToNobody() throws Exception {
        int nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = free.getLocalPort();
        }
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1));
                TcpServer proxy = TcpProxy.listen(port, TcpOptions.defaults().loopback(0).allowHalfOpen(true),
                        "localhost", nobody);
                TcpConnection client = TcpClient.connect("localhost", proxy.address().getPort())) {
            assertNull(client.read(Duration.ofMillis(DEADLINE_MILLIS)));
        }
    }

    @Test
    @DisplayName("the mutual TLS server greets a client that has a certificate, and lets nobody else in")
    void mutualTls() throws Exception {
        try (TcpServer server = MutualTls.serve(TestKeys.LOCALHOST.context())) {
            int tcpPort = server.address().getPort();
            SSLContext known = TestKeys.CLIENT.context();
            assertEquals("hello CN=CLIENT", MutualTls.ask(known, tcpPort));
            assertThrows(IOException.class, () -> MutualTls.ask(TestKeys.trusting(), tcpPort));
        }
    }

    @Test
    @DisplayName("the line server answers in the open and after STARTTLS, and says so to a client that is too slow")
    void lines() throws Exception {
        TcpOptions tls = TcpOptions.defaults().tls(TestKeys.LOCALHOST.context());
        TcpOptions trusting = TcpOptions.defaults().tls(TestKeys.trusting());
        try (TcpServer server = LineServer.listen(TcpOptions.defaults().loopback(0), tls, Duration.ofSeconds(20))) {
            assertEquals("secret: who?", LineServer.ask(trusting, server.tcpPort(), "who?"));
            try (TcpConnection client = TcpClient.connect("localhost", server.tcpPort())) {
                client.write("hello\n");
                assertEquals("open: hello", client.readLine(Duration.ofSeconds(20)));
            }
        }
        try (TcpServer impatient = LineServer.listen(TcpOptions.defaults().loopback(0), tls, Duration.ofMillis(20));
                TcpConnection client = TcpClient.connect("localhost", impatient.tcpPort())) {
            assertEquals("too slow", client.readLine(Duration.ofSeconds(20)));
        }
    }

    @Test
    @DisplayName("the file server sends 16 MiB to a client that is slower, through a queue that may hold 256 KiB")
    void file(@TempDir Path directory) throws Exception {
        byte[] content = new byte[16 << 20];
        new Random(2).nextBytes(content);
        Path path = Files.write(directory.resolve("file"), content);
        TcpOptions options = TcpOptions.defaults().loopback(0).socketBuffers(64 << 10, 64 << 10)
                .waterMarks(16 << 10, 64 << 10).maxSendQueue(256 << 10);
        try (TcpServer server = FileServer.listen(options, path);
                TcpConnection client = TcpClient.connect("localhost", server.tcpPort())) {
            assertEquals(content.length, client.readFully(Long.BYTES, Duration.ofMillis(DEADLINE_MILLIS)).getLong());
            ByteBuffer got = ByteBuffer.allocate(content.length);
            for (ByteBuffer data; (data = client.read(Duration.ofMillis(DEADLINE_MILLIS))) != null; ) {
                got.put(data);
            }
            assertArrayEquals(content, got.array());
            assertEquals(0, got.remaining());
        }
    }

    @Test
    @DisplayName("the file server sends an empty file, and ends the client where the file is not there")
    void fileOfNothing(@TempDir Path directory) throws Exception {
        Path empty = Files.createFile(directory.resolve("empty"));
        try (TcpServer server = FileServer.listen(TcpOptions.defaults().loopback(0), empty)) {
            try (TcpConnection client = TcpClient.connect("localhost", server.tcpPort())) {
                assertEquals(0, client.readFully(Long.BYTES, Duration.ofMillis(DEADLINE_MILLIS)).getLong());
                assertNull(client.read(Duration.ofMillis(DEADLINE_MILLIS)));
            }
            Files.delete(empty);
            try (TcpConnection client = TcpClient.connect("localhost", server.tcpPort())) {
                assertNull(client.read(Duration.ofMillis(DEADLINE_MILLIS)));
            }
        }
    }
}
