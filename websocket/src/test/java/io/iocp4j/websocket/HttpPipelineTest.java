package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Thousands of requests in one write")
class HttpPipelineTest {
    private static final int REQUESTS = 4000;
    private static final HttpResponse OK = HttpResponse.text(200, "ok");

    private static String requests(int count) {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < count; i++) {
            all.append(get("/" + i));
        }
        return all.toString();
    }

    /** A server with one worker, which shows what a connection costs the others. */
    private static WebSocketServer listen(CompletionPort port, HttpHandler handler) throws IOException {
        return WebSocketServer.listen(port, ServerOptions.defaults().tcp(TestServer.LOOPBACK), UpgradeHandler.none(),
                handler);
    }

    private static CompletionPort oneWorker() throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(1));
    }

    private static CompletableFuture<Void> send(RawClient client, String requests) {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        Thread.ofPlatform().name("pipelining").start(() -> {
            try {
                client.send(requests);
                sent.complete(null);
            } catch (IOException e) {
                sent.completeExceptionally(e);
            }
        });
        return sent;
    }

    private static int numberOf(HttpExchange exchange) {
        return Integer.parseInt(exchange.request().path().substring(1));
    }

    @Test
    @DisplayName("are answered in order at the same depth of the stack, and cost no copy of what waits behind each")
    void garbage() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int from = REQUESTS / 4;
        AtomicLong allocated = new AtomicLong();
        AtomicInteger depthMax = new AtomicInteger();
        AtomicInteger depthFirst = new AtomicInteger();
        HttpHandler handler = exchange -> {
            int number = numberOf(exchange);
            if (number == from) {
                allocated.set(-threads.getCurrentThreadAllocatedBytes());
            } else if (number == REQUESTS - 1) {
                allocated.addAndGet(threads.getCurrentThreadAllocatedBytes());
            } else if (number < from) {
                int depth = Thread.currentThread().getStackTrace().length;
                depthFirst.compareAndSet(0, depth);
                depthMax.accumulateAndGet(depth, Math::max);
            }
            exchange.respond(HttpResponse.text(200, exchange.request().path()));
        };
        try (CompletionPort port = oneWorker(); WebSocketServer server = listen(port, handler);
                RawClient client = new RawClient(server.address())) {
            CompletableFuture<Void> sent = send(client, requests(REQUESTS));
            for (int i = 0; i < REQUESTS; i++) {
                assertEquals("/" + i, client.response().body());
            }
            sent.get(5, TimeUnit.SECONDS);
            server.close(TestServer.DEADLINE);
        }
        long perRequest = allocated.get() / (REQUESTS - from);
        assertTrue(perRequest < 6_000, perRequest + " bytes per request");
        assertTrue(depthMax.get() < depthFirst.get() + 10, "from " + depthFirst + " to " + depthMax);
    }

    @Test
    @DisplayName("that take 0.2 ms each leave the worker to another connection about every millisecond")
    void fairTurns() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        CompletableFuture<Integer> handledBefore = new CompletableFuture<>();
        CompletableFuture<RawClient> other = new CompletableFuture<>();
        HttpHandler handler = exchange -> {
            switch (exchange.request().path()) {
                case "/warm" -> { }
                case "/other" -> handledBefore.complete(handled.get());
                default -> {
                    if (handled.incrementAndGet() == 10) {
                        other.join().send(get("/other"));
                    }
                    work(200_000);
                }
            }
            exchange.respond(OK);
        };
        try (CompletionPort port = oneWorker(); WebSocketServer server = listen(port, handler);
                RawClient client = new RawClient(server.address()); RawClient second =
                        new RawClient(server.address())) {
            second.send(get("/warm"));
            second.response();
            other.complete(second);
            CompletableFuture<Void> sent = send(client, requests(2000));
            second.response();
            int before = handledBefore.get() - 10;
            assertTrue(before < 500, before + " requests of one connection came before one of another");
            for (int i = 0; i < 2000; i++) {
                client.response();
            }
            sent.get(5, TimeUnit.SECONDS);
            server.close(TestServer.DEADLINE);
        }
    }

    @Test
    @DisplayName("or of chunks of a byte that take 0.2 ms each do so too, and the body is whole")
    void fairTurnsOfChunks() throws Exception {
        int chunks = 5000;
        AtomicInteger handled = new AtomicInteger();
        CompletableFuture<Integer> handledBefore = new CompletableFuture<>();
        CompletableFuture<RawClient> other = new CompletableFuture<>();
        HttpHandler handler = exchange -> {
            switch (exchange.request().path()) {
                case "/warm" -> exchange.respond(OK);
                case "/other" -> {
                    handledBefore.complete(handled.get());
                    exchange.respond(OK);
                }
                default -> exchange.body(new BodyListener() {
                    @Override
                    public void onBody(ByteBuffer data) throws IOException {
                        if (handled.addAndGet(data.remaining()) == 10) {
                            other.join().send(get("/other"));
                        }
                        if (handled.get() < 1000) {
                            work(200_000);
                        }
                    }

                    @Override
                    public void onBodyEnd() {
                        exchange.respond(HttpResponse.text(200, handled.toString()));
                    }

                    @Override
                    public void onBodyAborted(String why) {
                    }
                });
            }
        };
        try (CompletionPort port = oneWorker(); WebSocketServer server = listen(port, handler);
                RawClient client = new RawClient(server.address()); RawClient second =
                        new RawClient(server.address())) {
            second.send(get("/warm"));
            second.response();
            other.complete(second);
            CompletableFuture<Void> sent =
                    send(client, get("/", "Transfer-Encoding: chunked") + "1\r\nx\r\n".repeat(chunks)
                    + "0\r\n\r\n" + get("/warm"));
            second.response();
            int before = handledBefore.get() - 10;
            assertTrue(before < 500, before + " chunks of one connection came before a request of another");
            assertEquals(Integer.toString(chunks), client.response().body());
            assertEquals("ok", client.response().body());
            sent.get(5, TimeUnit.SECONDS);
            server.close(TestServer.DEADLINE);
        }
    }

    /** Works for so long. */
    private static void work(long nanos) {
        long until = System.nanoTime() + nanos;
        long rounds = 0;
        while (System.nanoTime() < until) {
            rounds++;
        }
        assertTrue(rounds >= 0);
    }
}
