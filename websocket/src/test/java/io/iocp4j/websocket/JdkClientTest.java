package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.HttpException;
import java.net.http.HttpClient;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against an implementation of RFC 6455 by other people: the client of the JDK. */
class JdkClientTest {
    private static final long SEED = 20260102;
    private static final int CLIENTS = 50;

    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach
    void closeClient() throws InterruptedException {
        http.shutdownNow();
        assertTrue(http.awaitTermination(TestServer.DEADLINE), "the client did not end");
    }

    /** Joins what the JDK hands on in parts. */
    private static final class Client implements java.net.http.WebSocket.Listener {
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final BlockingQueue<ByteBuffer> binaries = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private ByteBuffer binary = ByteBuffer.allocate(0);

        @Override
        public CompletionStage<?> onText(java.net.http.WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                events.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onBinary(java.net.http.WebSocket socket, ByteBuffer data, boolean last) {
            binary = ByteBuffer.allocate(binary.remaining() + data.remaining()).put(binary).put(data).flip();
            if (last) {
                binaries.add(binary);
                binary = ByteBuffer.allocate(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(java.net.http.WebSocket socket, ByteBuffer message) {
            events.add("pong " + message.remaining());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(java.net.http.WebSocket socket, int code, String reason) {
            events.add("close " + code + " " + reason);
            return null;
        }

        @Override
        public void onError(java.net.http.WebSocket socket, Throwable error) {
            events.add("error " + error);
        }

        String next() throws InterruptedException {
            return TestServer.take(events);
        }
    }

    private java.net.http.WebSocket connect(TestServer server, Client client, String... protocols) {
        var builder = http.newWebSocketBuilder();
        if (protocols.length > 0) {
            builder.subprotocols(protocols[0], List.of(protocols).subList(1, protocols.length).toArray(String[]::new));
        }
        return builder.buildAsync(server.uri(), client).orTimeout(5, TimeUnit.SECONDS).join();
    }

    private static void close(java.net.http.WebSocket socket) {
        socket.sendClose(1000, "done").orTimeout(5, TimeUnit.SECONDS).join();
    }

    @Test
    @DisplayName("text comes back as it was sent: empty, beyond the basic plane, in fragments")
    void text() throws Exception {
        Client client = new Client();
        try (TestServer server = TestServer.echo()) {
            var socket = connect(server, client);
            for (String message : new String[] {"", "a", "κόσμε 😀", "x".repeat(125), "x".repeat(126),
                    "x".repeat(70_000)}) {
                socket.sendText(message, true).join();
                assertEquals(message, client.next());
            }
            socket.sendText("one ", false).join();
            socket.sendText("", false).join();
            socket.sendText("two", true).join();
            assertEquals("one two", client.next());
            close(socket);
            assertEquals("close 1000 done", client.next());
        }
    }

    @ParameterizedTest
    @Shows("B25")
    @DisplayName("binary messages up to the limit come back byte by byte")
    @ValueSource(ints = {0, 1, 125, 126, 65535, 65536, 1_000_000, 1 << 20})
    void binary(int length) throws Exception {
        byte[] content = new byte[length];
        new SplittableRandom(SEED).nextBytes(content);
        Client client = new Client();
        try (TestServer server = TestServer.echo()) {
            var socket = connect(server, client);
            socket.sendBinary(ByteBuffer.wrap(content), true).join();
            assertEquals(ByteBuffer.wrap(content), TestServer.take(client.binaries));
            close(socket);
        }
    }

    @Test
    @DisplayName("one byte above the limit of a message ends the WebSocket with 1009")
    void aboveTheLimit() throws Exception {
        Client client = new Client();
        try (TestServer server = TestServer.echo()) {
            var socket = connect(server, client);
            socket.sendBinary(ByteBuffer.allocate((1 << 20) + 1), true).join();
            assertTrue(client.next().startsWith("close 1009 "));
        }
    }

    @Test
    @DisplayName("the server closes with a code and a reason, and the client's answer makes it clean")
    void serverCloses() throws Exception {
        Recorder recorder = new Recorder();
        Client client = new Client();
        try (TestServer server = TestServer.webSockets(() -> recorder)) {
            connect(server, client);
            WebSocket socket = recorder.socket();
            socket.close(4001, "größer");
            assertEquals("close 4001 größer", client.next());
            assertEquals(new CloseStatus(4001, "größer", Initiator.LOCAL, true),
                    socket.closed().get(5, TimeUnit.SECONDS));
        }
    }

    @Test
    @DisplayName("the client closes with a code and a reason, the server tells both and is clean")
    void clientCloses() throws Exception {
        Recorder recorder = new Recorder();
        Client client = new Client();
        try (TestServer server = TestServer.webSockets(() -> recorder)) {
            connect(server, client).sendClose(4002, "enough").join();
            assertEquals(new CloseStatus(4002, "enough", Initiator.REMOTE, true), recorder.end());
            assertEquals("close 4002 enough", client.next());
        }
    }

    @Test
    @DisplayName("the client aborts: onClose 1006 once")
    void clientAborts() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.webSockets(() -> recorder)) {
            connect(server, new Client()).abort();
            assertEquals(CloseCode.ABNORMAL, recorder.end().code());
        }
        assertTrue(recorder.ends.isEmpty());
    }

    @Test
    @DisplayName("pings work in both directions")
    void pings() throws Exception {
        Recorder recorder = new Recorder();
        Client client = new Client();
        try (TestServer server = TestServer.webSockets(() -> recorder)) {
            var socket = connect(server, client);
            socket.sendPing(ByteBuffer.allocate(125)).join();
            assertEquals("pong 125", client.next());
            recorder.socket().ping(ByteBuffer.wrap("are you there?".getBytes()));
            assertEquals("pong are you there?", TestServer.take(recorder.events));
            close(socket);
        }
    }

    @Test
    @DisplayName("the server's preferred subprotocol among the offered ones is agreed on, or none; a refusal "
            + "reaches the client")
    void subprotocols() throws Exception {
        BlockingQueue<WebSocket> opened = new LinkedBlockingQueue<>();
        UpgradeHandler handler = exchange -> {
            if (exchange.request().headers().first("Sec-WebSocket-Protocol") == null) {
                throw new HttpException(403, "a subprotocol is needed");
            }
            return new Echo() {
                @Override
                public void onOpen(WebSocket socket) {
                    opened.add(socket);
                }
            };
        };
        try (TestServer server = TestServer.with(o -> o.subprotocols("v2", "v1"), handler)) {
            var both = connect(server, new Client(), "v1", "v2");
            assertEquals("v2", both.getSubprotocol());
            assertEquals("v2", TestServer.take(opened).handshake().subprotocol());
            var none = connect(server, new Client(), "v3");
            assertEquals("", none.getSubprotocol());
            assertEquals(null, TestServer.take(opened).handshake().subprotocol());
            close(both);
            close(none);
            CompletionException refused = Assertions.assertThrows(CompletionException.class, () ->
                    connect(server, new Client()));
            assertEquals(403, ((WebSocketHandshakeException) refused.getCause()).getResponse().statusCode());
        }
    }

    @Test
    @DisplayName("50 clients at once talk in order, and a shared message reaches all of them from one memory")
    void manyClients() throws Exception {
        BlockingQueue<WebSocket> opened = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.webSockets(() -> new Echo() {
            @Override
            public void onOpen(WebSocket socket) {
                opened.add(socket);
            }
        })) {
            List<Client> clients = new ArrayList<>();
            List<CompletableFuture<java.net.http.WebSocket>> sockets = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new Client());
                sockets.add(http.newWebSocketBuilder().buildAsync(server.uri(), clients.get(i)));
            }
            for (int message = 0; message < 20; message++) {
                for (var socket : sockets) {
                    socket.get(5, TimeUnit.SECONDS).sendText("m" + message, true).join();
                }
            }
            for (Client client : clients) {
                for (int message = 0; message < 20; message++) {
                    assertEquals("m" + message, client.next());
                }
            }
            byte[] content = new byte[300_000];
            new SplittableRandom(SEED).nextBytes(content);
            SharedMessage shared = Message.shared(server.port.buffers(), ByteBuffer.wrap(content, 0, 7),
                    ByteBuffer.wrap(content, 7, 299_993));
            SharedMessage text = Message.shared(server.port.buffers(), "price 42");
            assertEquals(300_000, shared.payloadLength());
            for (int i = 0; i < CLIENTS; i++) {
                WebSocket socket = TestServer.take(opened);
                socket.trySend(shared);
                socket.trySend(text);
            }
            shared.release();
            text.release();
            for (Client client : clients) {
                assertEquals(ByteBuffer.wrap(content), TestServer.take(client.binaries));
                assertEquals("price 42", client.next());
            }
            assertEquals(CLIENTS, server.server.webSockets());
            sockets.forEach(socket -> close(socket.join()));
        }
    }
}
