package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ServerStopTest {
    private static final byte[] LARGE = new byte[3_000_000];
    /** A deadline that no test waits for: what ends before it has ended in order. */
    private static final Duration FAR_OFF = Duration.ofSeconds(60);

    @Test
    @DisplayName("close(deadline) says 1001 to all behind what was sent before; answers make closed() clean")
    void graceful() throws Exception {
        List<Recorder> recorders = new ArrayList<>();
        List<RawClient> clients = new ArrayList<>();
        try (TestServer server = TestServer.webSockets(() -> {
            recorders.add(new Recorder());
            return recorders.getLast();
        })) {
            List<WebSocket> sockets = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                clients.add(server.upgraded());
                sockets.add(recorders.get(i).socket());
                sockets.get(i).trySend(ByteBuffer.wrap(LARGE));
                sockets.get(i).trySend("last");
            }
            CompletableFuture<Void> stop = CompletableFuture.runAsync(() -> server.server.close(TestServer.DEADLINE));
            for (int i = 0; i < clients.size(); i++) {
                RawClient client = clients.get(i);
                assertEquals(LARGE.length, client.frame().payload().length);
                assertEquals("last", client.text());
                assertEquals(CloseCode.GOING_AWAY, client.frame().closeCode());
                assertFalse(stop.isDone(), "this client has not answered");
                client.close(CloseCode.GOING_AWAY);
                client.assertEnd();
                client.end();
                assertTrue(sockets.get(i).closed().get(5, TimeUnit.SECONDS).clean());
                assertEquals(CloseCode.GOING_AWAY, recorders.get(i).end().code());
            }
            stop.get(5, TimeUnit.SECONDS);
            assertTrue(server.server.closed().isDone());
            assertThrows(IOException.class, server::connect, "nobody is accepted any more");
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    @DisplayName("a client that never answers is cut at the deadline")
    void cutAtTheDeadline() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            long before = System.nanoTime();
            server.server.close(Duration.ofMillis(200));
            long millis = Duration.ofNanos(System.nanoTime() - before).toMillis();
            assertTrue(millis >= 200 && millis < TestServer.DEADLINE.toMillis(), millis + " ms");
            assertFalse(socket.closed().get(5, TimeUnit.SECONDS).clean());
            client.assertClose(CloseCode.GOING_AWAY);
        }
    }

    @Test
    @Shows("C58")
    @DisplayName("close() without a deadline stops accepting only; what is open lives on, and closed() waits "
            + "for it")
    void closeLetsLive() throws Exception {
        try (TestServer server = TestServer.with(o -> o, request -> new TestServer.Echo(),
                exchange -> exchange.respond(HttpResponse.text(200, "page")));
                RawClient socket = server.upgraded();
                RawClient page = server.connect()) {
            page.send(get("/"));
            assertEquals("page", page.response().body());
            server.server.close();
            assertThrows(IOException.class, server::connect);
            socket.text("alive");
            assertEquals("alive", socket.text());
            page.send(get("/"));
            assertEquals("page", page.response().body());
            assertFalse(server.server.closed().isDone());
            socket.close(1000);
            socket.assertClose(1000);
            socket.end();
            page.end();
            page.assertEnd();
            server.server.closed().get(5, TimeUnit.SECONDS);
        }
    }

    @Test
    @DisplayName("close(deadline) ends idle and half-read connections, aborts a body, and drops an answer that "
            + "comes too late")
    void otherConnections() throws Exception {
        CompletableFuture<String> aborted = new CompletableFuture<>();
        CompletableFuture<HttpExchange> waiting = new CompletableFuture<>();
        HttpHandler handler = exchange -> {
            if (exchange.request().path().equals("/wait")) {
                waiting.complete(exchange);
                return;
            }
            exchange.body(new BodyListener() {
                @Override
                public void onBody(ByteBuffer data) {
                }

                @Override
                public void onBodyEnd() {
                }

                @Override
                public void onBodyAborted(String why) {
                    aborted.complete(why);
                }
            });
        };
        try (TestServer server = TestServer.pages(handler);
                RawClient idle = server.connect();
                RawClient half = server.connect();
                RawClient body = server.connect();
                RawClient answer = server.connect()) {
            half.send("GET / HT");
            body.send(get("/", "Content-Length: 10", "Expect: 100-continue"));
            assertEquals(100, body.response().status());
            answer.send(get("/wait"));
            HttpExchange exchange = waiting.get(5, TimeUnit.SECONDS);
            CompletableFuture<Void> stop = CompletableFuture.runAsync(() -> server.server.close(FAR_OFF));
            for (RawClient client : new RawClient[] {idle, half, body, answer}) {
                client.assertEnd();
                client.end();
            }
            stop.get(10, TimeUnit.SECONDS);
            assertTrue(aborted.isDone());
            exchange.respond(HttpResponse.text(200, "too late"));
        }
    }

    @Test
    @DisplayName("when the port of a server is closed, every WebSocket hears onClose once, and nothing is left")
    void portCloses() throws Exception {
        Recorder recorder = new Recorder();
        CompletionPort port = CompletionPort.open();
        WebSocketServer server = WebSocketServer.listen(port, ServerOptions.defaults().tcp(TestServer.LOOPBACK),
                request -> recorder, exchange -> exchange.respond(HttpResponse.text(200, "page")));
        try (RawClient client = new RawClient(server.address()).upgrade();
                RawClient idle = new RawClient(server.address())) {
            WebSocket socket = recorder.socket();
            idle.send(get("/"));
            assertEquals("page", idle.response().body());
            port.close();
            assertEquals(CloseCode.ABNORMAL, recorder.end().code());
            assertTrue(server.closed().isDone());
            assertFalse(socket.trySend("gone"));
            socket.close();
            idle.assertEnd();
            client.assertEnd();
        } finally {
            port.close();
        }
        assertTrue(recorder.ends.isEmpty());
    }

    @Test
    @DisplayName("a connection that is accepted while close(deadline) runs does not outlive it")
    void acceptedMeanwhile() throws Exception {
        for (int round = 0; round < 30; round++) {
            List<RawClient> clients = new ArrayList<>();
            try (TestServer server = TestServer.echo()) {
                for (int i = 0; i < 8; i++) {
                    clients.add(server.connect());
                }
                CompletableFuture<Void> stop = CompletableFuture.runAsync(() ->
                        server.server.close(FAR_OFF));
                for (RawClient client : clients) {
                    // ended in order, or with a reset where it was never accepted
                    try {
                        client.assertEnd();
                        client.end();
                    } catch (SocketException reset) {
                        assertTrue(reset.getMessage().contains("reset") || reset.getMessage().contains("Broken"),
                                reset.getMessage());
                    }
                }
                stop.get(10, TimeUnit.SECONDS);
            } finally {
                for (RawClient client : clients) {
                    client.close();
                }
            }
        }
    }
}
