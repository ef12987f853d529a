package io.iocp4j.websocket;

import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.FrameEncoder;
import io.iocp4j.websocket.frame.WireBytes;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebSocketCloseTest {
    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(300);

    private final Recorder recorder = new Recorder();
    private TestServer server;
    private RawClient client;
    private WebSocket socket;

    @BeforeEach
    void open() throws Exception {
        server = new TestServer(TestServer.LOOPBACK.socketBuffers(8 << 10, 0).lingerTimeout(Duration.ofMillis(100)),
                o -> o.closeTimeout(CLOSE_TIMEOUT), request -> recorder);
        client = server.upgraded();
        socket = recorder.socket();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        server.close();
        assertTrue(recorder.ends.isEmpty(), "a second onClose: " + recorder.ends);
    }

    private CloseStatus closed() throws Exception {
        return socket.closed().get(5, TimeUnit.SECONDS);
    }

    @Test
    @Shows("B20")
    @DisplayName("an empty Close is echoed empty and reported as 1005")
    void emptyClose() throws Exception {
        client.send(masked(0x88, ""));
        RawClient.Frame echo = client.frame();
        assertEquals(0x88, echo.firstOctet());
        assertEquals(0, echo.payload().length);
        client.assertEnd();
        client.end();
        assertEquals(new CloseStatus(CloseCode.NO_STATUS, "", Initiator.REMOTE, true), recorder.end());
        assertEquals(new CloseStatus(CloseCode.NO_STATUS, "", Initiator.REMOTE, true), closed());
    }

    @ParameterizedTest(name = "{0} {1}")
    @Shows({"B19", "A8"})
    @DisplayName("the peer's Close is echoed with its code, then FIN; onClose says code, reason and REMOTE")
    @CsvSource({"1000, ''", "1000, bye", "1001, leaving", "1011, broken", "3000, registered", "4999, größer als ß"})
    void peerCloses(int code, String reason) throws Exception {
        client.send(masked(0x88, WireBytes.remaining(FrameEncoder.closePayload(code, reason))));
        RawClient.Frame echo = client.frame();
        assertEquals(code, echo.closeCode());
        client.assertEnd();
        client.end();
        assertEquals(new CloseStatus(code, reason, Initiator.REMOTE, true), recorder.end());
        assertTrue(closed().clean());
    }

    @Test
    @Shows({"CVE-2024-23672", "A1", "A2"})
    @DisplayName("close() against a peer that never answers: onClose at once, "
            + "closed() not clean after the close timeout")
    void silentPeer() throws Exception {
        long before = System.nanoTime();
        socket.close(CloseCode.GOING_AWAY, "bye");
        CloseStatus status = recorder.end();
        long millis = Duration.ofNanos(System.nanoTime() - before).toMillis();
        assertTrue(millis < CLOSE_TIMEOUT.toMillis(), "onClose took " + millis + " ms");
        assertFalse(socket.closed().isDone(), "onClose does not wait for the peer");
        assertEquals(new CloseStatus(CloseCode.GOING_AWAY, "bye", Initiator.LOCAL, false), status);

        assertEquals(CloseCode.GOING_AWAY, client.frame().closeCode());
        client.assertEnd();
        assertEquals(status, closed());
        assertTrue(System.nanoTime() - before >= CLOSE_TIMEOUT.toNanos(), "the peer was given its time");
    }

    @Test
    @Shows("A1")
    @DisplayName("onClose comes within 50 ms of close() while the peer stays silent")
    void closeIsFast() throws Exception {
        // a machine under load may lose the processor once, hardly five times
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 5 && best >= 50; i++) {
            Recorder mine = new Recorder();
            try (TestServer other = TestServer.webSockets(() -> mine); RawClient silent = other.upgraded()) {
                WebSocket opened = mine.socket();
                long before = System.nanoTime();
                opened.close();
                mine.end();
                best = Math.min(best, Duration.ofNanos(System.nanoTime() - before).toMillis());
                silent.end();
            }
        }
        assertTrue(best < 50, best + " ms");
        socket.abort();
        recorder.end();
    }

    @Test
    @Shows({"A3", "A13"})
    @DisplayName("the peer answers with Close only: closed() is clean and keeps our code and reason")
    void peerAnswers() throws Exception {
        socket.close(4000, "enough");
        assertEquals(new CloseStatus(4000, "enough", Initiator.LOCAL, false), recorder.end());
        assertEquals(4000, client.frame().closeCode());
        client.close(4000);
        client.assertEnd();
        client.end();
        assertEquals(new CloseStatus(4000, "enough", Initiator.LOCAL, true), closed());
    }

    @Test
    @DisplayName("what the peer sends between our Close and its own is dropped, pings are not answered")
    void dataAfterOurClose() throws Exception {
        socket.close();
        recorder.end();
        assertEquals(1000, client.frame().closeCode());
        client.send(join(masked(0x81, "late"), masked(0x89, "ping"), masked(0x01, "open"), masked(0x88, hex("03e8"))));
        client.assertEnd();
        client.end();
        assertTrue(closed().clean());
        assertTrue(recorder.events.isEmpty(), recorder.events.toString());
    }

    @Test
    @DisplayName("a violation after our Close ends the connection without a second Close frame")
    void violationAfterOurClose() throws Exception {
        socket.close();
        recorder.end();
        assertEquals(1000, client.frame().closeCode());
        client.send(hex("FF"));
        client.assertEnd();
        client.end();
        assertEquals(new CloseStatus(1000, "", Initiator.LOCAL, false), closed());
    }

    @Test
    @DisplayName("send, ping and a second close() after close() do nothing: the Close frame is the last on the wire")
    void nothingAfterClose() throws Exception {
        assertTrue(socket.trySend("last"));
        socket.close(4001, "first");
        assertFalse(socket.trySend("no"));
        assertFalse(socket.trySend(ByteBuffer.allocate(1)));
        assertFalse(socket.ping(ByteBuffer.allocate(1)));
        socket.close(4002, "second");
        assertNotEquals(WebSocket.State.OPEN, socket.state());
        assertEquals("last", client.text());
        client.assertClose(4001);
        assertEquals(4001, recorder.end().code());
    }

    @Test
    @Shows({"A4", "A15", "A20"})
    @DisplayName("what was sent before close() goes before the Close frame, byte for byte, and nothing behind it")
    void lastWords() throws Exception {
        socket.trySend("1");
        socket.close(1000, "");
        socket.trySend("2");
        assertArrayEquals(hex("81 01 31 88 02 03 E8"), client.in().readNBytes(7));
        client.close(1000);
        client.assertEnd();
        assertEquals(1000, recorder.end().code());
    }

    @Test
    @DisplayName("a close whose echo was lost behind what the peer did not read is not clean, though its Close "
            + "frame came")
    void echoLost() throws Exception {
        for (int i = 0; i < 100; i++) {
            socket.trySend(ByteBuffer.allocate(100_000));
        }
        client.close(1000);
        assertEquals(new CloseStatus(1000, "", Initiator.REMOTE, true), recorder.end());
        client.reset();
        assertEquals(new CloseStatus(1000, "", Initiator.REMOTE, false), closed());
    }

    @Test
    @DisplayName("the peer resets the connection: onClose 1006 once, REMOTE")
    void reset() throws Exception {
        client.reset();
        CloseStatus status = recorder.end();
        assertEquals(CloseCode.ABNORMAL, status.code());
        assertEquals(Initiator.REMOTE, status.initiator());
        assertFalse(closed().clean());
        assertFalse(socket.trySend("gone"));
    }

    @Test
    @DisplayName("the peer ends its side without a Close frame: onClose 1006 once, REMOTE, and our FIN follows")
    void endWithoutClose() throws Exception {
        client.text("before");
        client.end();
        assertEquals("before", TestServer.take(recorder.events));
        CloseStatus status = recorder.end();
        assertEquals(CloseCode.ABNORMAL, status.code());
        assertEquals(Initiator.REMOTE, status.initiator());
        assertFalse(closed().clean());
        client.assertEnd();
    }

    @Test
    @DisplayName("abort() drops the connection without a Close frame: onClose 1006, LOCAL")
    void abort() throws Exception {
        socket.abort();
        socket.abort();
        socket.close();
        client.assertEnd();
        CloseStatus status = recorder.end();
        assertEquals(CloseCode.ABNORMAL, status.code());
        assertEquals(Initiator.LOCAL, status.initiator());
        assertFalse(closed().clean());
    }

    @Test
    @DisplayName("after a reset following our close() onClose stays the one of close(), and closed() is not clean")
    void resetAfterClose() throws Exception {
        socket.close();
        recorder.end();
        client.reset();
        assertEquals(new CloseStatus(1000, "", Initiator.LOCAL, false), closed());
    }

    @Test
    @DisplayName("pings are answered in order with their payload; pongs, asked for or not, come to the listener")
    void pingAndPong() throws Exception {
        client.send(join(masked(0x89, ""), masked(0x89, "b"), masked(0x8A, "unasked")));
        RawClient.Frame empty = client.frame();
        assertEquals(0x8A, empty.firstOctet());
        assertArrayEquals(new byte[0], empty.payload());
        assertEquals("b", client.frame().text());
        assertEquals("pong unasked", TestServer.take(recorder.events));

        assertTrue(socket.ping(ByteBuffer.wrap(new byte[125])));
        RawClient.Frame ping = client.frame();
        assertEquals(0x89, ping.firstOctet());
        assertEquals(125, ping.payload().length);
        socket.abort();
        recorder.end();
    }

    @ParameterizedTest
    @DisplayName("close() refuses a code that must not stand in a frame, and the WebSocket stays open")
    @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65536})
    void badCode(int code) throws Exception {
        assertThrows(IllegalArgumentException.class, () -> socket.close(code, ""));
        assertThrows(IllegalArgumentException.class, () -> socket.close(1000, "r".repeat(124)));
        assertTrue(socket.trySend("still open"));
        assertEquals("still open", client.text());
        socket.abort();
        recorder.end();
    }

    @Test
    @Shows("A18")
    @DisplayName("every call on a closed WebSocket is harmless")
    void harmlessAfterTheEnd() throws Exception {
        socket.abort();
        recorder.end();
        closed();
        server.close();
        assertEquals(WebSocket.State.CLOSED, socket.state());
        assertFalse(socket.trySend("x"));
        assertFalse(socket.ping(ByteBuffer.allocate(0)));
        assertEquals(0, socket.bufferedAmount());
        socket.close();
        socket.abort();
        socket.waterMarks(0, 1);
        socket.attachment("mine");
        assertEquals("mine", socket.attachment());
        assertEquals("/", socket.handshake().request().path());
        assertEquals(client.socket().getLocalPort(), socket.remote().getPort());
        CompletableFuture<Void> dropped = new CompletableFuture<>();
        socket.execute(() -> dropped.complete(null));
        assertFalse(dropped.isDone());
        assertTrue(socket.toString().contains("CLOSED"));
        assertTrue(socket.closed().isDone());
    }
}
