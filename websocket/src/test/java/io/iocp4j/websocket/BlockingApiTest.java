package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The blocking API")
class BlockingApiTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(WebSocketSession.class, WebSocketListener.class);

    private static final Duration SOON = Duration.ofSeconds(10);

    private final Recorder peer = new Recorder();

    private Duplex open() throws Exception {
        return Duplex.of(peer, new BlockingReceiver(null));
    }

    @Test
    @DisplayName("a server of one line echoes text and binary to a client that waits, and both ends are clean")
    void echo() throws Exception {
        byte[] binary = new byte[200_000];
        new Random(3).nextBytes(binary);
        try (WebSocketServer server = WebSocketServer.listen(0, ws -> { for (Message m : ws) ws.send(m); })) {
            URI uri = URI.create("ws://localhost:" + server.address().getPort() + "/any/path");
            WebSocket ws = WebSocketClient.connectAsync(uri, new BlockingReceiver(null)).get(10, TimeUnit.SECONDS);
            try (ws) {
                ws.send("hello");
                ws.send(binary);
                ws.send("");
                assertEquals("hello", ws.receive().text());
                Message echoed = ws.receive(SOON);
                assertFalse(echoed.isText());
                assertArrayEquals(binary, WireBytes.remaining(echoed.data()));
                assertTrue(echoed.data().isReadOnly());
                assertEquals("", ws.receive().text());
            }
            assertTrue(ws.closed().get(10, TimeUnit.SECONDS).clean());
            assertNull(ws.receive(), "this side has closed");
            server.close(SOON);
        }
    }

    @Test
    @DisplayName("receive(Duration) throws TIMED_OUT when nothing comes, and the WebSocket goes on")
    void timeOut() throws Exception {
        try (Duplex pair = open()) {
            IoException late = assertThrows(IoException.class, () -> pair.atClient.receive(Duration.ofMillis(20)));
            assertEquals(IoError.TIMED_OUT, late.error());
            pair.atServer.trySend("late");
            assertEquals("late", pair.atClient.receive(SOON).text());
            assertThrows(IllegalArgumentException.class, () -> pair.atClient.receive(Duration.ZERO));
        }
    }

    @Test
    @DisplayName("messages before the peer's Close are received, then null again and again")
    void peerCloses() throws Exception {
        try (Duplex pair = open()) {
            pair.atServer.trySend("one");
            pair.atServer.trySend("two");
            pair.atServer.close(1001, "enough");
            Iterator<Message> messages = pair.atClient.iterator();
            assertEquals("one", messages.next().text());
            assertEquals("two", messages.next().text());
            assertFalse(messages.hasNext());
            assertThrows(NoSuchElementException.class, messages::next);
            assertNull(pair.atClient.receive());
            assertEquals(1001, pair.atClient.closeStatus().code());
            assertEquals(1001, pair.atClient.closed().get(10, TimeUnit.SECONDS).code());
            WebSocketException over = assertThrows(WebSocketException.class, () -> pair.atClient.send("late"));
            assertEquals(1001, over.status().code());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1008, 1009, 1011, 4000})
    @DisplayName("a Close of the peer with another code than 1000 and 1001 throws WebSocketException with it, "
            + "behind the messages")
    void peerClosesWithFailure(int code) throws Exception {
        try (Duplex pair = open()) {
            assertNull(pair.atClient.closeStatus());
            pair.atServer.trySend("one");
            pair.atServer.close(code, "enough");
            assertEquals("one", pair.atClient.receive().text());
            for (int i = 0; i < 2; i++) {
                WebSocketException failed = assertThrows(WebSocketException.class, pair.atClient::receive);
                assertEquals(code, failed.status().code());
            }
            UncheckedIOException inLoop =
                    assertThrows(UncheckedIOException.class, () -> pair.atClient.iterator().hasNext());
            assertEquals(code, assertInstanceOf(WebSocketException.class, inLoop.getCause()).status().code());
            assertEquals(code, pair.atClient.closeStatus().code());
            assertTrue(pair.atClient.closed().get(10, TimeUnit.SECONDS).clean());
        }
    }

    @Test
    @DisplayName("a connection that is lost throws WebSocketException with 1006, in the iterator wrapped")
    void lost() throws Exception {
        try (Duplex pair = open()) {
            pair.atServer.trySend("before");
            pair.atServer.flush();
            pair.atServer.abort();
            assertEquals("before", pair.atClient.receive(SOON).text());
            WebSocketException lost = assertThrows(WebSocketException.class, () -> pair.atClient.receive(SOON));
            assertEquals(CloseCode.ABNORMAL, lost.status().code());
            assertEquals(Initiator.REMOTE, lost.status().initiator());
            UncheckedIOException wrapped =
                    assertThrows(UncheckedIOException.class, () -> pair.atClient.iterator().hasNext());
            assertInstanceOf(WebSocketException.class, wrapped.getCause());
        }
    }

    @Test
    @DisplayName("a violation of the peer throws with the code that it was told")
    void violation() throws Exception {
        CompletableFuture<Throwable> seen = new CompletableFuture<>();
        WebSocketSession session = ws -> {
            try {
                ws.receive();
            } catch (IOException e) {
                seen.complete(e);
                throw e;
            }
        };
        try (TestServer server = TestServer.with(UpgradeHandler.all(session)); RawClient client = server.upgraded()) {
            client.send(WireBytes.masked(0x83, "reserved opcode"));
            client.assertClose(CloseCode.PROTOCOL_ERROR);
            WebSocketException thrown = assertInstanceOf(WebSocketException.class, seen.get(10, TimeUnit.SECONDS));
            assertEquals(CloseCode.PROTOCOL_ERROR, thrown.status().code());
        }
    }

    @Test
    @DisplayName("a session that returns closes with 1000, one that throws with 1011, and the next is not harmed")
    void sessionEnds() throws Exception {
        WebSocketSession session = ws -> {
            String text = ws.receive().text();
            if (text.equals("throw")) {
                throw new IllegalArgumentException("thrown on purpose");
            }
            ws.send(text);
        };
        try (TestServer server = TestServer.with(UpgradeHandler.all(session))) {
            for (String text : new String[] {"throw", "return", "throw", "return"}) {
                try (RawClient client = server.upgraded()) {
                    client.text(text);
                    if (text.equals("return")) {
                        assertEquals("return", client.text());
                    }
                    int code = client.frame().closeCode();
                    assertEquals(text.equals("return") ? CloseCode.NORMAL : CloseCode.INTERNAL_ERROR, code);
                    client.close(code);
                    client.assertEnd();
                }
            }
        }
    }

    @Test
    @Shows("C19")
    @DisplayName("who does not receive stops the peer: memory stays bounded, and every message comes in order later")
    void boundedQueue() throws Exception {
        try (Duplex pair = open()) {
            ByteBuffer message = ByteBuffer.allocate(1000);
            int sent = 0;
            // more than the two kernels and the queues on the way take
            while (pair.atServer.trySend(message.putInt(0, sent).clear())) {
                sent++;
                assertTrue(sent < 100_000, "the peer was never slowed down");
            }
            sent++;
            for (int i = 0; i < sent; i++) {
                assertEquals(i, pair.atClient.receive(SOON).data().getInt(0));
            }
            pair.atServer.trySend("behind");
            assertEquals("behind", pair.atClient.receive(SOON).text());
        }
    }

    @Test
    @Shows({"CVE-2026-48779", "CVE-2026-33151"})
    @DisplayName("tiny messages in one packet: not more are kept than the queue holds, "
            + "and none is lost")
    void tinyMessages() throws Exception {
        int count = 5000;
        CompletableFuture<WebSocket> opened = new CompletableFuture<>();
        CompletableFuture<Void> go = new CompletableFuture<>();
        CompletableFuture<Integer> received = new CompletableFuture<>();
        WebSocketSession session = ws -> {
            opened.complete(ws);
            go.join();
            int n = 0;
            for (Message m : ws) {
                assertEquals(Integer.toString(n), m.text());
                n++;
            }
            received.complete(n);
        };
        try (TestServer server = TestServer.with(UpgradeHandler.all(session)); RawClient client = server.upgraded()) {
            byte[][] all = new byte[count + 1][];
            for (int i = 0; i < count; i++) {
                all[i] = WireBytes.masked(0x81, Integer.toString(i));
            }
            all[count] = WireBytes.masked(0x88, "");
            client.send(WireBytes.join(all));
            WebSocketConnection end = (WebSocketConnection) opened.get(10, TimeUnit.SECONDS);
            long deadline = System.nanoTime() + TestServer.DEADLINE.toNanos();
            while (!end.isPaused() && end.isOpen() && System.nanoTime() < deadline) {
                CompletableFuture<Void> behind = new CompletableFuture<>();
                end.execute(() -> behind.complete(null));
                behind.get(10, TimeUnit.SECONDS);
            }
            assertEquals(WebSocket.State.OPEN, end.state(), "the Close frame waits behind the messages");
            go.complete(null);
            assertEquals(count, received.get(10, TimeUnit.SECONDS));
            client.assertClose(CloseCode.NO_STATUS);
        }
    }

    @Test
    @DisplayName("misuse throws: two receivers, a worker that waits, a listener's WebSocket")
    void misuse() throws Exception {
        try (Duplex pair = open()) {
            assertThrows(IllegalStateException.class, pair.atServer::receive);
            assertThrows(IllegalStateException.class, pair.atServer::iterator);
            CompletableFuture<Throwable> onWorker = new CompletableFuture<>();
            pair.atClient.execute(() -> {
                onWorker.complete(assertThrows(IllegalStateException.class, pair.atClient::receive));
                assertThrows(IllegalStateException.class, pair.atClient::flush);
            });
            assertTrue(onWorker.get(10, TimeUnit.SECONDS).getMessage().contains("worker"));
            BlockingQueue<Object> results = new LinkedBlockingQueue<>();
            for (int i = 0; i < 2; i++) {
                Thread.ofVirtual().start(() -> {
                    try {
                        results.add(pair.atClient.receive().text());
                    } catch (IOException | IllegalStateException e) {
                        results.add(e);
                    }
                });
            }
            assertInstanceOf(IllegalStateException.class, TestServer.take(results));
            pair.atServer.trySend("for the other");
            assertEquals("for the other", TestServer.take(results));
        }
    }

    @Test
    @DisplayName("an interrupt ends the waiting, not the WebSocket")
    void interrupted() throws Exception {
        try (Duplex pair = open()) {
            CompletableFuture<IoException> thrown = new CompletableFuture<>();
            Thread waiting = Thread.ofVirtual().start(() -> {
                Thread.currentThread().interrupt();
                thrown.complete(assertThrows(IoException.class, pair.atClient::receive));
                assertTrue(Thread.interrupted());
            });
            IoException told = thrown.get(10, TimeUnit.SECONDS);
            assertEquals(IoError.OPERATION_ABORTED, told.error());
            assertTrue(told.getMessage().startsWith("receive: the thread was interrupted"), told.getMessage());
            waiting.join();
            pair.atServer.trySend("still there");
            assertEquals("still there", pair.atClient.receive(SOON).text());
        }
    }

    @Test
    @DisplayName("close() waits for the peer's answer, for the close timeout at the most, and not with a listener")
    void closeWaits() throws Exception {
        try (Duplex pair = open()) {
            pair.atClient.close();
            assertTrue(pair.atClient.closed().isDone(), "the peer has answered");
            assertEquals(CloseCode.NORMAL, peer.end().code());
        }
        try (TestServer server = TestServer.with(o -> o.closeTimeout(Duration.ofMillis(200)), UpgradeHandler.all(ws -> {
            ws.receive();
            long before = System.nanoTime();
            ws.close();
            peer.events.add("waited " + (System.nanoTime() - before >= 150_000_000L));
        })); RawClient silent = server.upgraded()) {
            silent.text("go");
            assertEquals("waited true", TestServer.take(peer.events));
        }
        try (Duplex pair = Duplex.of(new BlockingReceiver(ws -> ws.receive()), peer)) {
            pair.atClient.pause();
            long before = System.nanoTime();
            pair.atClient.close();
            assertTrue(System.nanoTime() - before < 900_000_000L, "a listener hears of the end by itself");
        }
    }

    @Test
    @DisplayName("ask 11: flush() waits until nothing is buffered, and fails when the connection ends before")
    void flush() throws Exception {
        try (Duplex pair = open()) {
            pair.atClient.flush();
            pair.atClient.trySend(ByteBuffer.allocate(900_000));
            pair.atClient.flush();
            assertEquals(0, pair.atClient.bufferedAmount());
            // the peer is stopped, so that the next flush has to wait
            pair.atServer.pause();
            while (pair.atClient.trySend(ByteBuffer.allocate(900_000))) {
                assertEquals(WebSocket.State.OPEN, pair.atClient.state());
            }
            pair.atClient.trySend(ByteBuffer.allocate(12_000_000));
            CompletableFuture<Throwable> failed = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> failed.complete(assertThrows(IOException.class, pair.atClient::flush)));
            pair.atClient.abort();
            assertInstanceOf(WebSocketException.class, failed.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    @DisplayName("receiveStream reads a message as a stream, whole or in parts as they arrive; the rest can be skipped")
    void streams() throws Exception {
        for (boolean parts : new boolean[] {false, true}) {
            Recorder server = new Recorder();
            try (Duplex pair = new Duplex(o -> o, server, o -> o.parts(parts), new BlockingReceiver(null))) {
                String text = "größer als ß, κόσμε, ".repeat(10_000);
                pair.atServer.trySend(text);
                pair.atServer.trySend(new byte[300_000]);
                pair.atServer.trySend("");
                pair.atServer.trySend(text);
                try (MessageInput input = pair.atClient.receiveStream()) {
                    assertTrue(input.isText());
                    assertThrows(IllegalStateException.class, pair.atClient::receive);
                    StringBuilder read = new StringBuilder();
                    new InputStreamReader(input, StandardCharsets.UTF_8).transferTo(new java.io.StringWriter() {
                        @Override
                        public void write(char[] chars, int offset, int length) {
                            read.append(chars, offset, length);
                        }
                    });
                    assertEquals(text, read.toString());
                    assertEquals(-1, input.read());
                }
                try (MessageInput input = pair.atClient.receiveStream()) {
                    assertFalse(input.isText());
                    assertEquals(0, input.read());
                    assertEquals(0, input.read(new byte[1], 0, 0));
                }
                assertEquals("", pair.atClient.receive(SOON).text());
                assertEquals(text, pair.atClient.receive(SOON).text());
                pair.atServer.close(1000, "");
                assertNull(pair.atClient.receiveStream());
            }
        }
    }

    @Test
    @DisplayName("a WebSocket that ends inside a message throws from the stream of it")
    void cutStream() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        WebSocketSession session = ws -> {
            MessageInput input = ws.receiveStream();
            assertEquals('a', input.read());
            thrown.complete(assertThrows(WebSocketException.class, input::read));
        };
        try (TestServer server = TestServer.with(o -> o.parts(true), UpgradeHandler.all(session));
                RawClient client = server.upgraded()) {
            client.send(WireBytes.masked(0x01, "a"));
            client.send(WireBytes.masked(0x88, ""));
            assertInstanceOf(WebSocketException.class, thrown.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    @DisplayName("a message that is cut by an abort of this side is never whole: the stream throws, and so "
            + "does every call behind it")
    void cutByAbort() throws Exception {
        BlockingReceiver inbox = new BlockingReceiver(null);
        try (Duplex pair = new Duplex(o -> o, peer, o -> o.parts(true), inbox)) {
            inbox.onPart(pair.atClient, true, ByteBuffer.wrap(new byte[] {'a', 'b'}), false);
            MessageInput input = pair.atClient.receiveStream();
            assertEquals('a', input.read());
            pair.atClient.abort();
            assertEquals('b', input.read());
            assertThrows(WebSocketException.class, input::read);
            assertThrows(WebSocketException.class, input::close);
            assertThrows(WebSocketException.class, input::read);
            WebSocketException thrown = assertThrows(WebSocketException.class, pair.atClient::receive);
            assertEquals(CloseCode.ABNORMAL, thrown.status().code());
            assertThrows(WebSocketException.class, pair.atClient::receiveStream);
            assertThrows(UncheckedIOException.class, () -> pair.atClient.iterator().hasNext());
        }
        BlockingReceiver gathering = new BlockingReceiver(null);
        try (Duplex pair = new Duplex(o -> o, peer, o -> o.parts(true), gathering)) {
            gathering.onPart(pair.atClient, true, ByteBuffer.wrap(new byte[] {'a', 'b'}), false);
            pair.atClient.abort();
            assertThrows(WebSocketException.class, pair.atClient::receive);
            assertThrows(WebSocketException.class, pair.atClient::receive);
        }
    }

    @Test
    @DisplayName("a message in parts whose receiver is interrupted in between comes whole the next time")
    void interruptedInside() throws Exception {
        BlockingReceiver inbox = new BlockingReceiver(null);
        try (Duplex pair = new Duplex(o -> o, peer, o -> o.parts(true), inbox)) {
            for (byte[] part : new byte[][] {{'a'}, {'b'}}) {
                inbox.onPart(pair.atClient, true, ByteBuffer.wrap(part), false);
                Thread.currentThread().interrupt();
                assertEquals(IoError.OPERATION_ABORTED,
                        assertThrows(IoException.class, pair.atClient::receive).error());
                assertTrue(Thread.interrupted());
            }
            inbox.onPart(pair.atClient, true, ByteBuffer.wrap(new byte[] {'c'}), true);
            assertEquals("abc", pair.atClient.receive(SOON).text());
        }
    }

    @Test
    @DisplayName("what a future of this WebSocket is completed with by the application is nobody else's")
    void futures() throws Exception {
        try (Duplex pair = open()) {
            CompletableFuture<Duration> mine = pair.atClient.ping();
            mine.completeExceptionally(new IOException("mine"));
            assertFalse(pair.atClient.ping().get(10, TimeUnit.SECONDS).isNegative());
            OutputStream stream = pair.atClient.outputStream();
            CompletableFuture<Void> first = pair.atClient.sendAsync(Message.text("behind the stream"));
            first.complete(null);
            pair.atClient.sendAsync(Message.text("second")).cancel(true);
            pair.server.port.schedule(Duration.ofMillis(50), () -> {
                try {
                    stream.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            // the message waits behind the stream, and so does a thread that flushes
            pair.atClient.flush();
            assertEquals("behind the stream", TestServer.take(peer.events));
            assertEquals("second", TestServer.take(peer.events));
            CompletableFuture<CloseStatus> closed = pair.atClient.closed();
            closed.cancel(true);
            pair.atClient.close();
            assertTrue(pair.atClient.closed().get(10, TimeUnit.SECONDS).clean());
        }
    }
}
