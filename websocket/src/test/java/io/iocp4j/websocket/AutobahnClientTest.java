package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpOptions;
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
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class AutobahnClientTest {
    private static final String AGENT = "agent=iocp4j";

    @TestFactory
    @DisplayName("all pass, and the three of which the RFC says nothing are informational")
    List<DynamicTest> cases() throws Exception {
        try (CompletionPort port = CompletionPort.open(); Autobahn autobahn = Autobahn.testClient()) {
            URI address = autobahn.address();
            int count = count(port, address);
            AtomicInteger last = new AtomicInteger();
            List<Future<?>> runs = new ArrayList<>();
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < Autobahn.PARALLEL; i++) {
                    runs.add(executor.submit(() -> {
                        for (int id; (id = last.incrementAndGet()) <= count; ) {
                            run(port, address.resolve("/runCase?case=" + id + "&" + AGENT), new TestServer.Echo());
                        }
                    }));
                }
            }
            for (Future<?> run : runs) {
                run.get();
            }
            run(port, address.resolve("/updateReports?" + AGENT), new TestServer.Echo());
            return autobahn.verdicts();
        }
    }

    private static int count(CompletionPort port, URI address) {
        CompletableFuture<String> count = new CompletableFuture<>();
        run(port, address.resolve("/getCaseCount"), new WebSocketListener() {
            @Override
            public void onText(WebSocket socket, String text) throws IOException {
                count.complete(text);
            }
        });
        return Integer.parseInt(count.join());
    }

    /** Opens a WebSocket and waits until it is gone. */
    private static void run(CompletionPort port, URI address, WebSocketListener listener) {
        WebSocketClient.builder().tcp(TcpOptions.defaults().sendQueueMax(64 << 20)).limits(Autobahn.LIMITS)
                .connectAsync(port, address, listener).join().closed().join();
    }
}
