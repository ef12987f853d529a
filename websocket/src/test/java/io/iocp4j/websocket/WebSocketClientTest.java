package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.http.HttpRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The client")
class WebSocketClientTest extends ClientFixture {
    private static URI uri(InetSocketAddress address) {
        return URI.create("ws://localhost:" + address.getPort() + "/");
    }

    @Test
    @DisplayName("talks to our server: text, binary, subprotocol, an orderly end")
    void ourServer() throws Exception {
        Recorder serverSide = new Recorder() {
            @Override
            public void onText(WebSocket socket, String text) {
                socket.trySend(text);
            }
        };
        try (TestServer server = TestServer.with(o -> o.subprotocols("v2", "v1"), request -> serverSide)) {
            client = client.subprotocols("v1", "v2").header("X-Test", "a").header("Cookie", "b=c");
            WebSocket socket = open(server.uri());
            assertEquals("v2", socket.handshake().subprotocol());
            HttpRequest seen = serverSide.socket().handshake().request();
            assertEquals("a", seen.headers().first("x-test"));
            assertEquals("b=c", seen.headers().first("cookie"));
            assertEquals("localhost:" + server.server.address().getPort(), seen.authority());
            assertEquals(seen.headers().first("Sec-WebSocket-Key"),
                    socket.handshake().request().headers().first("Sec-WebSocket-Key"));
            for (String message : List.of("", "a", "κόσμε 😀", "x".repeat(70_000))) {
                assertTrue(socket.trySend(message) || message.length() > 60_000);
                assertEquals(message, TestServer.take(recorder.events));
            }
            socket.close(4001, "enough");
            assertEquals(new CloseStatus(4001, "enough", Initiator.LOCAL, false), recorder.end());
            assertEquals(new CloseStatus(4001, "enough", Initiator.REMOTE, true), serverSide.end());
            assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
        }
    }

    @Test
    @DisplayName("takes frames in the same packet as the 101, in one piece and byte by byte, whatever it says "
            + "about a body")
    void framesBehindTheHead() throws Exception {
        for (int piece : new int[] {10_000, 1}) {
            try (RawServer server = new RawServer(peer -> {
                byte[] bytes = WireBytes.join(peer.request().switching("Content-Length: 3\r\n").getBytes(),
                        WireBytes.unmasked(0x81,
                        "one".getBytes()), WireBytes.unmasked(0x81, "two".getBytes()));
                for (int i = 0; i < bytes.length; i += piece) {
                    peer.send(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + piece)));
                }
                peer.close();
            })) {
                WebSocket socket = open(server.uri("/a?b"));
                assertEquals("one", TestServer.take(recorder.events));
                assertEquals("two", TestServer.take(recorder.events));
                socket.close();
                assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
                recorder.end();
            }
        }
    }

    @Test
    @DisplayName("drops what comes behind a violation, until the server has ended")
    void behindViolation() throws Exception {
        try (RawServer server = new RawServer(peer -> {
            peer.request().send(peer.switching()).send(WireBytes.hex("83 00 81 01 61"));
            assertEquals(CloseCode.PROTOCOL_ERROR, peer.closeCode());
            peer.send(WireBytes.unmasked(0x81, "too late".getBytes())).socket.shutdownOutput();
            assertTrue(peer.awaitEnd());
        })) {
            WebSocket socket = open(server.uri("/"));
            assertEquals(CloseCode.PROTOCOL_ERROR, socket.closed().get(5, TimeUnit.SECONDS).code());
            assertTrue(recorder.events.isEmpty());
        }
    }

    @Test
    @DisplayName("takes a 101 with Connection: keep-alive, Upgrade and with interim responses before it")
    void unusual101() throws Exception {
        try (RawServer server = new RawServer(peer -> {
            peer.request().send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n");
            peer.send(peer.switching().replace("Connection: Upgrade", "Connection: keep-alive, Upgrade"));
            peer.close();
        })) {
            WebSocket socket = open(server.uri("/"));
            assertNull(socket.handshake().subprotocol());
            socket.close();
            assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
        }
    }

    @Test
    @DisplayName("sends a fresh key of 16 random bytes each time")
    void keys() throws Exception {
        Set<String> keys = new HashSet<>();
        RawServer.Script refuse = peer -> {
            keys.add(peer.request().field("Sec-WebSocket-Key"));
            peer.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        };
        try (RawServer server = new RawServer(refuse, refuse, refuse)) {
            for (int i = 0; i < 3; i++) {
                assertEquals(503, refused(HandshakeException.class, server.uri("/")).status());
            }
        }
        assertEquals(3, keys.size());
        keys.forEach(key -> assertEquals(16, Base64.getDecoder().decode(key).length));
    }

    @Test
    @DisplayName("tells of a refused connection: CONNECTION_REFUSED in the result, 1006 to the listener")
    void connectionRefused() throws Exception {
        InetSocketAddress nobody;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = (InetSocketAddress) closed.getLocalSocketAddress();
        }
        IoException refused = refused(IoException.class, URI.create("ws://127.0.0.1:" + nobody.getPort() + "/"));
        assertEquals(IoError.CONNECTION_REFUSED, refused.error());
    }

    @Test
    @DisplayName("does not wait longer than its time limit for TCP, whatever the limit of TCP is")
    void silentAddress() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket first = new Socket(silent.getInetAddress(), silent.getLocalPort());
                Socket second = new Socket(silent.getInetAddress(), silent.getLocalPort())) {
            assertTrue(first.isConnected() && second.isConnected(), "nobody accepts, and nobody else fits in");
            client = client.connectTimeout(Duration.ofMillis(300));
            IoException failed =
                    refused(IoException.class, URI.create("ws://127.0.0.1:" + silent.getLocalPort() + "/"));
            assertEquals(IoError.TIMED_OUT, failed.error());
            assertEquals("connect", failed.operation());
        }
    }

    @Test
    @Shows({"A9", "A10"})
    @DisplayName("cancelled before the answer: the result is cancelled, onClose comes once with 1006, no onOpen")
    void cancelled() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (RawServer server = new RawServer(peer -> {
            peer.request();
            asked.countDown();
            peer.awaitEnd();
        })) {
            CompletableFuture<WebSocket> opening = begin(server.uri("/"));
            assertTrue(asked.await(5, TimeUnit.SECONDS));
            assertTrue(opening.cancel(true));
            CloseStatus end = recorder.end();
            assertEquals(CloseCode.ABNORMAL, end.code());
            assertEquals(Initiator.LOCAL, end.initiator());
            assertTrue(end.reason().endsWith("the opening was cancelled"), end.reason());
            assertTrue(opening.isCancelled());
            assertTrue(opening.cancel(true), "as every cancelled future says");
        }
        assertTrue(recorder.opened.isEmpty());
    }

    @Test
    @Shows("A14")
    @DisplayName("cancelled before TCP is there: onClose once with 1006, and the connection goes")
    void cancelledAtOnce() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 50; i++) {
                CompletableFuture<WebSocket> opening = begin(URI.create("ws://127.0.0.1:" + silent.getLocalPort()
                        + "/"));
                assertTrue(opening.cancel(false));
                assertNotOpened();
            }
        }
    }

    @Test
    @Shows("A10")
    @DisplayName("takes back no WebSocket that is open when the result is cancelled too late")
    void cancelledTooLate() throws Exception {
        try (TestServer server = TestServer.echo()) {
            CompletableFuture<WebSocket> opening = begin(server.uri());
            WebSocket socket = opening.get(5, TimeUnit.SECONDS);
            assertFalse(opening.cancel(true));
            assertFalse(opening.isCancelled());
            socket.trySend("still there");
            assertEquals("still there", TestServer.take(recorder.events));
        }
    }

    @Test
    @Shows("A10")
    @DisplayName("cancelled while the 101 is on its way, 300 times: one outcome each")
    void cancelRace() throws Exception {
        BlockingQueue<CountDownLatch> answering = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.webSockets(() -> {
            answering.remove().countDown();
            return new Echo();
        })) {
            int cancelled = 0;
            for (int i = 0; i < 300; i++) {
                Recorder one = new Recorder();
                CountDownLatch now = new CountDownLatch(1);
                answering.add(now);
                CompletableFuture<WebSocket> opening = WebSocketClient.connectAsync(port, client, server.uri(), one);
                assertTrue(now.await(5, TimeUnit.SECONDS));
                if (opening.cancel(true)) {
                    cancelled++;
                    assertEquals(CloseCode.ABNORMAL, one.end().code());
                    assertTrue(one.opened.isEmpty());
                } else {
                    WebSocket socket = opening.get(5, TimeUnit.SECONDS);
                    assertEquals(socket, one.socket());
                    socket.abort();
                    socket.closed().get(5, TimeUnit.SECONDS);
                    one.end();
                }
                assertTrue(one.ends.isEmpty());
            }
            assertTrue(cancelled > 0, "never in time");
        }
    }

    @Test
    @DisplayName("aborts a WebSocket that comes when the result was completed by somebody else")
    void completedByOthers() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        try (RawServer server = new RawServer(peer -> {
            peer.request();
            assertTrue(answer.await(5, TimeUnit.SECONDS));
            peer.send(peer.switching());
            peer.awaitEnd();
        })) {
            CompletableFuture<WebSocket> opening = begin(server.uri("/"));
            opening.completeExceptionally(new IOException("too late for me"));
            answer.countDown();
            recorder.socket();
            assertEquals(CloseCode.ABNORMAL, recorder.end().code());
        }
    }

    @Test
    @DisplayName("fails at once when its port closes, and refuses a closed one")
    void portCloses() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (RawServer server = new RawServer(peer -> {
            peer.request();
            asked.countDown();
            peer.awaitEnd();
        })) {
            CompletableFuture<WebSocket> opening = begin(server.uri("/"));
            assertTrue(asked.await(5, TimeUnit.SECONDS));
            port.close();
            IoException failed = assertInstanceOf(IoException.class,
                    assertThrows(ExecutionException.class, () -> opening.get(5, TimeUnit.SECONDS)).getCause());
            assertEquals(IoError.OPERATION_ABORTED, failed.error());
            assertNotOpened();
            assertThrows(IllegalStateException.class,
                    () -> WebSocketClient.connectAsync(port, client, server.uri("/"), new Echo()));
        }
    }

    @Test
    @DisplayName("on a port of its own closes it after the WebSocket, and after a failure")
    void ownPort() throws Exception {
        // the check for leaks behind this class finds the workers of a port that was not closed
        try (TestServer server = TestServer.echo()) {
            WebSocket socket = WebSocketClient.connectAsync(server.uri(), recorder).get(5, TimeUnit.SECONDS);
            socket.trySend(ByteBuffer.wrap(new byte[3]));
            socket.close();
            assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
        }
        try (RawServer server = new RawServer(peer ->
                peer.request().send("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))) {
            CompletableFuture<WebSocket> opening = WebSocketClient.connectAsync(client, server.uri("/"), new Echo());
            assertThrows(ExecutionException.class, () -> opening.get(5, TimeUnit.SECONDS));
        }
        CompletableFuture<WebSocket> opening =
                WebSocketClient.connectAsync(client, URI.create("ws://192.0.2.1/"), new Echo());
        assertTrue(opening.cancel(true));
    }

    @Test
    @DisplayName("has no thread for each client where none is given a port, and a callback of one must not "
            + "wait for another")
    void sharedPort() throws Exception {
        try (TestServer server = TestServer.echo()) {
            List<WebSocket> sockets = new ArrayList<>();
            sockets.add(WebSocketClient.connect(client, server.uri()));
            long ofOne = ourThreads();
            for (int i = 1; i < 100; i++) {
                sockets.add(WebSocketClient.connect(client, server.uri()));
            }
            assertTrue(ourThreads() <= ofOne + 1, () -> ourThreads() + " threads, " + ofOne + " with one client");
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            WebSocket asking = WebSocketClient.connectAsync(client, server.uri(), new Recorder() {
                @Override
                public void onOpen(WebSocket socket) throws IOException {
                    super.onOpen(socket);
                    thrown.complete(assertThrows(IllegalStateException.class,
                            () -> WebSocketClient.connect(client, server.uri())));
                }
            }).get(5, TimeUnit.SECONDS);
            assertInstanceOf(IllegalStateException.class, thrown.get(5, TimeUnit.SECONDS));
            sockets.add(asking);
            for (WebSocket socket : sockets) {
                socket.abort();
                socket.closed().get(5, TimeUnit.SECONDS);
            }
        }
    }

    private static long ourThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("iocp4j"))
                .count();
    }

    @Test
    @DisplayName("opens 50 at once on one port")
    void many() throws Exception {
        try (TestServer server = TestServer.echo()) {
            List<Recorder> recorders = new ArrayList<>();
            List<CompletableFuture<WebSocket>> openings = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                recorders.add(new Recorder());
                openings.add(WebSocketClient.connectAsync(port, client, server.uri(), recorders.get(i)));
            }
            for (int i = 0; i < 50; i++) {
                WebSocket socket = openings.get(i).get(5, TimeUnit.SECONDS);
                socket.trySend("m" + i);
                assertEquals("m" + i, TestServer.take(recorders.get(i).events));
                socket.close();
                assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
            }
        }
    }

    @Test
    @DisplayName("takes a listener that throws in onOpen for an end with 1011, not for a failed opening")
    void listenerThrows() throws Exception {
        try (TestServer server = TestServer.echo()) {
            Recorder throwing = new Recorder() {
                @Override
                public void onOpen(WebSocket socket) throws IOException {
                    throw new IOException("no");
                }
            };
            WebSocket socket = WebSocketClient.connectAsync(port, client, server.uri(), throwing)
                    .get(5, TimeUnit.SECONDS);
            assertEquals(CloseCode.INTERNAL_ERROR, throwing.end().code());
            socket.closed().get(5, TimeUnit.SECONDS);
            assertTrue(throwing.ends.isEmpty());
        }
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @Shows("CR/LF in header or reason")
    @DisplayName("CR/LF in header or reason: refuses values of fields that could become a second line")
    @ValueSource(strings = {"a\r\nX: y", "a\nX: y", "a\rX: y", "a\u0000", "\u010d\u010a", "\u007f"})
    void injection(String value) {
        assertThrows(IllegalArgumentException.class, () -> client.header("Origin", value));
        assertThrows(IllegalArgumentException.class, () -> client.header("X-" + value, "a"));
    }

    @Test
    @DisplayName("refuses settings out of range, and URIs that are none")
    void refusedSettings() {
        assertThrows(IllegalArgumentException.class, () -> client.maxRedirects(-1));
        assertThrows(IllegalArgumentException.class, () -> client.maxRedirects(ClientOptions.REDIRECTS_MAX + 1));
        assertThrows(IllegalArgumentException.class, () -> client.connectTimeout(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> client.header("Sec-WebSocket-Key", "x"));
        assertThrows(IllegalArgumentException.class, () -> client.subprotocols("a b"));
        assertThrows(IllegalArgumentException.class, () -> client.proxy(uriless(), "a:b", "c"));
        assertThrows(IllegalArgumentException.class,
                () -> WebSocketClient.connectAsync(client, URI.create("http://h/"), recorder));
        assertThrows(NullPointerException.class,
                () -> WebSocketClient.connectAsync(client, URI.create("ws://127.0.0.1:1/"), null));
    }

    private static InetSocketAddress uriless() {
        return InetSocketAddress.createUnresolved("proxy", 3128);
    }
}
