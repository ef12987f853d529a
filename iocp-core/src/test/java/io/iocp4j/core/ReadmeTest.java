package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The TCP servers that README shows")
class ReadmeTest {
    @Test
    @DisplayName("C62 with a virtual thread for each connection")
    void blocking() throws Exception {
        try (TcpServer server = TcpServer.listen(0, connection -> {
            for (ByteBuffer data; (data = connection.read()) != null; ) connection.write(data);
        })) {
            assertEcho(server);
        }
    }

    @Test
    @DisplayName("C62 with callbacks")
    void callbacks() throws Exception {
        TcpServer server = TcpServer.listen(TcpOptions.defaults().port(0), connection -> new TcpHandler() {
            @Override public void onData(TcpConnection c, ByteBuffer data) { if (!c.send(data)) c.pause(); }
            @Override public void onDrain(TcpConnection c) { c.resume(); }
        });
        assertEcho(server);
        server.close();
        server.awaitClosed();
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
