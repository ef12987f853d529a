package io.iocp4j.websocket;

import io.iocp4j.core.TcpOptions;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

@Tag("e2e")
@DisplayName("Autobahn's cases against our server")
@Timeout(value = 25, unit = TimeUnit.MINUTES)
class AutobahnServerTest {
    @TestFactory
    @DisplayName("all pass, and the three of which the RFC says nothing are informational")
    List<DynamicTest> cases() throws IOException {
        TcpOptions options = TestServer.LOOPBACK.maxSendQueue(Autobahn.SEND_QUEUE);
        try (TestServer server = new TestServer(options,
                Autobahn::options, request -> new TestServer.Echo());
                Autobahn autobahn = Autobahn.testServer(server.uri())) {
            return autobahn.verdicts();
        }
    }
}
