package io.iocp4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.WebSocketSession;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The example of a JSON-RPC client")
class JsonRpcClientTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final Pattern REQUEST =
            Pattern.compile("\\{\"jsonrpc\":\"2.0\",\"method\":\"(\\w+)\",\"params\":\\[(.*)\\],\"id\":(\\d+)\\}");

    @Test
    @DisplayName("gives each of 20 threads its own answer, though all are answered in the reverse order")
    void correlates() throws Exception {
        try (WebSocketServer server = serve(socket -> {
            List<MatchResult> requests = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                requests.add(request(socket));
            }
            for (MatchResult asked : requests.reversed()) {
                // the id of another call inside the result deceives nobody
                socket.send("{\"jsonrpc\": \"2.0\", \"result\": {\"is\":" + asked.group(2) + ",\"id\":1}, \"id\": "
                        + asked.group(3) + "}");
            }
            socket.receive();
        }); JsonRpcClient client = connect(server)) {
            List<FutureTask<String>> calls = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String number = Integer.toString(i);
                calls.add(start(() -> client.call("echo", "[" + number + "]", DEADLINE)));
            }
            for (int i = 0; i < 20; i++) {
                assertEquals("{\"is\":" + i + ",\"id\":1}", calls.get(i).get(20, TimeUnit.SECONDS));
            }
        }
    }

    @Test
    @DisplayName("ends a call at its limit, drops the answer that comes later, and goes on")
    void limit() throws Exception {
        try (WebSocketServer server = serve(socket -> {
            String late = request(socket).group(3);
            String next = request(socket).group(3);
            socket.send("{\"jsonrpc\":\"2.0\",\"method\":\"notice\",\"params\":[]}");
            socket.send("{\"jsonrpc\":\"2.0\",\"id\":" + late + ",\"result\":\"late\"}");
            socket.send("{\"jsonrpc\":\"2.0\",\"id\":" + next + ",\"result\":\"in time\"}");
            String wrong = request(socket).group(3);
            socket.send("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":\"unknown\"},"
                    + "\"id\":" + wrong + "}");
            socket.receive();
        }); JsonRpcClient client = connect(server)) {
            IOException late = assertThrows(IOException.class, () -> client.call("slow", "[]", Duration.ofMillis(20)));
            assertEquals(TimeoutException.class, late.getCause().getClass());
            assertEquals("\"in time\"", client.call("fast", "[]", DEADLINE));
            String error = assertThrows(IOException.class, () -> client.call("wrong", "[]", DEADLINE)).getMessage();
            assertEquals("wrong: {\"code\":-32601,\"message\":\"unknown\"}", error);
        }
    }

    @Test
    @DisplayName("fails the call that waits when the server closes, and at once each call after that")
    void end() throws Exception {
        try (WebSocketServer server = serve(socket -> {
            request(socket);
            socket.close(4000, "enough");
        }); JsonRpcClient client = connect(server)) {
            for (int i = 0; i < 2; i++) {
                IOException end = assertThrows(IOException.class, () -> client.call("ask", "[]", DEADLINE));
                String words = end.getCause() == null ? end.getMessage() : end.getCause().getMessage();
                assertTrue(words.contains("4000") && words.contains("enough"), words);
            }
        }
    }

    private static WebSocketServer serve(WebSocketSession session) throws IOException {
        return WebSocketServer.listenBlocking(ServerOptions.defaults().loopback(0), session);
    }

    private static JsonRpcClient connect(WebSocketServer server) throws IOException {
        return new JsonRpcClient("ws://localhost:" + server.tcpPort());
    }

    private static MatchResult request(WebSocket socket) throws IOException {
        String text = socket.receive(DEADLINE).text();
        return REQUEST.matcher(text).results().findFirst().orElseThrow(() -> new AssertionError(text));
    }

    private static FutureTask<String> start(Callable<String> call) {
        FutureTask<String> task = new FutureTask<>(call);
        Thread.startVirtualThread(task);
        return task;
    }
}
