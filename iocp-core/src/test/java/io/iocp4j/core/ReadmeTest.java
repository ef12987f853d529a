package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The TCP servers and clients that README shows")
class ReadmeTest {
    @Test
    @Shows("C62")
    @DisplayName("with a virtual thread for each connection")
    void blocking() throws Exception {
        try (TcpServer server = TcpServer.listen(0, connection -> {
            for (ByteBuffer data; (data = connection.read()) != null; ) connection.write(data);
        })) {
            assertEcho(server);
        }
    }

    @Test
    @Shows("C62")
    @DisplayName("with callbacks")
    void callbacks() throws Exception {
        TcpServer server = TcpServer.listen(TcpOptions.defaults().tcpPort(0), connection -> new TcpHandler() {
            @Override public void onData(TcpConnection c, ByteBuffer data) { if (!c.send(data)) c.pause(); }
            @Override public void onDrain(TcpConnection c) { c.resume(); }
        });
        assertEcho(server);
        server.close();
        server.awaitClosed();
    }

    @Test
    @Shows("C62")
    @DisplayName("clients, with the blocking API and with callbacks")
    void clients() throws Exception {
        try (CompletionPort port = CompletionPort.open();
                TcpServer server = TcpServer.listen(TcpOptions.defaults(), connection -> new TcpHandler() {
                    @Override public void onData(TcpConnection c, ByteBuffer data) { c.send(data); }
                })) {
            int tcpPort = server.address().getPort();
            TcpConnection waiting = TcpClient.connect("localhost", tcpPort);
            try (waiting) {
                waiting.write("hello\n");
                assertEquals("hello", waiting.readLine());
            }
            CompletableFuture<String> echo = new CompletableFuture<>();
            TcpConnection connection =
                    TcpClient.connect(port, TcpOptions.defaults(), "localhost", tcpPort, new TcpHandler() {
                @Override public void onOpen(TcpConnection c) { c.send(StandardCharsets.UTF_8.encode("hello\n")); }
                @Override public void onData(TcpConnection c, ByteBuffer data) {
                    echo.complete(StandardCharsets.UTF_8.decode(data).toString());
                    c.end();
                }
            });
            assertEquals("hello\n", TcpFixture.await(echo));
            assertTrue(TcpFixture.awaitClosed(connection).clean());
            assertTrue(TcpFixture.awaitClosed(waiting).clean());
            server.close(Duration.ofSeconds(20));
        }
    }

    @Test
    @Shows("C62")
    @DisplayName("the loop of a worker written by hand")
    void pull() throws Exception {
        CompletableFuture<Thread> deliveredBy = new CompletableFuture<>();
        try (CompletionPort port = CompletionPort.open(PortOptions.pull())) {
            Runnable whenDone = port::close;
            IoContext context = new IoContext(null) {
                @Override protected void onCompletion() {
                    deliveredBy.complete(Thread.currentThread());
                    whenDone.run();
                }
            };
            port.post(context);
            for (IoContext completed; (completed = port.take()) != null;) {
                completed.deliver();
            }
        }
        assertEquals(Thread.currentThread(), deliveredBy.getNow(null));
    }

    private static void assertEcho(TcpServer server) throws Exception {
        byte[] text = "hello, port".getBytes(StandardCharsets.US_ASCII);
        try (Socket client = new Socket("127.0.0.1", server.address().getPort())) {
            client.getOutputStream().write(text);
            client.shutdownOutput();
            assertEquals("hello, port", new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }
}
