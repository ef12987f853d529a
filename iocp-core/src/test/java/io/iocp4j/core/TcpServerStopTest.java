package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A server that stops while connections come")
class TcpServerStopTest {
    @Test
    @DisplayName("close(zero): every connection is aborted, those too that are just being accepted, and the call "
            + "returns")
    void closeWhileAccepting() throws Exception {
        try (CompletionPort port = CompletionPort.open()) {
            for (int round = 0; round < 300; round++) {
                TcpServer server = TcpServer.listen(port, TcpOptions.defaults().loopback(0), c -> new TcpHandler() { });
                Socket[] clients = new Socket[6];
                for (int i = 0; i < clients.length; i++) {
                    clients[i] = new Socket(server.address().getAddress(), server.address().getPort());
                }
                try {
                    CompletableFuture.runAsync(() -> server.close(Duration.ZERO)).get(10, TimeUnit.SECONDS);
                    assertEquals(0, server.connections());
                } finally {
                    for (Socket client : clients) {
                        client.close();
                    }
                }
            }
        }
    }
}
