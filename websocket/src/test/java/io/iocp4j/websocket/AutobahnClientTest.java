package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

@Tag("e2e")
@DisplayName("Autobahn's cases against our client")
@Timeout(value = 25, unit = TimeUnit.MINUTES)
class AutobahnClientTest {
    private static final String AGENT = "agent=iocp4j";

    @TestFactory
    @DisplayName("all pass, and the three of which the RFC says nothing are informational")
    List<DynamicTest> cases() throws Exception {
        try (CompletionPort port = CompletionPort.open(); Autobahn autobahn = Autobahn.testClient()) {
            URI address = autobahn.address();
            List<String> ids = autobahn.ids();
            assertEquals(ids.size(), count(port, address));
            AtomicInteger next = new AtomicInteger();
            List<Future<?>> runs = new ArrayList<>();
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                while (runs.size() < Autobahn.PARALLEL) {
                    runs.add(executor.submit(() -> {
                        for (int i; (i = next.getAndIncrement()) < ids.size(); ) {
                            URI uri = address.resolve("/runCase?case=" + (i + 1) + "&" + AGENT);
                            run(port, uri, deflate(ids.get(i)), new TestServer.Echo());
                        }
                    }));
                }
            }
            for (Future<?> run : runs) {
                run.get();
            }
            run(port, address.resolve("/updateReports?" + AGENT), Deflate.off(), new TestServer.Echo());
            return autobahn.verdicts();
        }
    }

    /**
     * What is offered: Autobahn asks a client to forget between messages only if the client has said that it may be
     * asked.
     */
    private static Deflate deflate(String id) {
        return id.matches("13\\.[256]\\..*") ? Autobahn.DEFLATE.noContextTakeover(false, true) : Autobahn.DEFLATE;
    }

    private static int count(CompletionPort port, URI address) {
        CompletableFuture<String> count = new CompletableFuture<>();
        run(port, address.resolve("/getCaseCount"), Deflate.off(), new WebSocketListener() {
            @Override
            public void onText(WebSocket socket, String text) throws IOException {
                count.complete(text);
            }
        });
        return Integer.parseInt(count.join());
    }

    /** Opens a WebSocket and waits until it is gone. */
    private static void run(CompletionPort port, URI address, Deflate deflate, WebSocketListener listener) {
        ClientOptions options = Autobahn.options(ClientOptions.defaults())
                .tcp(TcpOptions.defaults().maxSendQueue(Autobahn.SEND_QUEUE)).deflate(deflate);
        WebSocketClient.connectAsync(port, options, address, listener).join().closed().join();
    }
}
