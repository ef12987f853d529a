package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A pause, and messages in parts")
class PauseTest {
    /** Pauses behind each message. */
    private static final class OneByOne extends Recorder {
        @Override
        public void onText(WebSocket socket, String text) {
            events.add(text);
            socket.pause();
        }

        @Override
        public void onPing(WebSocket socket, ByteBuffer payload) {
            events.add("ping");
        }
    }

    /** Waits until everything that the socket was given to do is done. */
    private static void settle(WebSocket socket) throws Exception {
        CompletableFuture<Void> behind = new CompletableFuture<>();
        socket.execute(() -> behind.complete(null));
        behind.get(10, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("pause() in a callback stops behind this message, also where the next ones are in the same packet")
    void oneByOne() throws Exception {
        OneByOne recorder = new OneByOne();
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            client.send(WireBytes.join(WireBytes.masked(0x81, "1"), WireBytes.masked(0x89, ""),
                    WireBytes.masked(0x81, "2"),
                    WireBytes.fragmentedText(new byte[] {'3'}, new byte[] {'+'}, new byte[0]),
                    WireBytes.masked(0x88, "")));
            assertEquals("1", TestServer.take(recorder.events));
            settle(socket);
            assertNull(recorder.events.poll(), "the ping waits behind the pause");
            socket.resume();
            assertEquals("ping", TestServer.take(recorder.events));
            assertEquals("2", TestServer.take(recorder.events));
            settle(socket);
            assertNull(recorder.events.poll());
            socket.resume();
            assertEquals("3+", TestServer.take(recorder.events));
            settle(socket);
            assertEquals(WebSocket.State.OPEN, socket.state(), "the Close frame waits behind the pause");
            socket.resume();
            assertEquals(CloseCode.NO_STATUS, recorder.end().code());
            assertEquals(0x8A, client.frame().firstOctet());
            client.assertClose(CloseCode.NO_STATUS);
        }
    }

    @Test
    @DisplayName("a pause before data, resumed twice and by another thread, loses nothing")
    void fromOutside() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            for (int i = 0; i < 200; i++) {
                socket.pause();
                client.text("m" + i);
                socket.resume();
                socket.resume();
                assertEquals("m" + i, TestServer.take(recorder.events));
            }
            socket.abort();
        }
    }

    @Test
    @DisplayName("close() of this side ends the pause: the peer's answer is seen, its messages are dropped")
    void closeEndsThePause() throws Exception {
        OneByOne recorder = new OneByOne();
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            client.send(WireBytes.join(WireBytes.masked(0x81, "1"), WireBytes.masked(0x81, "2")));
            assertEquals("1", TestServer.take(recorder.events));
            socket.close(4000, "enough");
            assertEquals(new CloseStatus(4000, "enough", Initiator.LOCAL, false), recorder.end());
            assertEquals(4000, client.frame().closeCode());
            client.close(4000);
            client.assertEnd();
            client.end();
            assertTrue(socket.closed().get(10, TimeUnit.SECONDS).clean());
            assertNull(recorder.events.poll());
        }
    }

    @Test
    @DisplayName("pause() in onOpen holds what came with the handshake")
    void inOnOpen() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onOpen(WebSocket socket) throws java.io.IOException {
                socket.pause();
                super.onOpen(socket);
            }
        };
        try (TestServer server = TestServer.with(o -> o, request -> recorder,
                exchange -> exchange.respond(HttpResponse.text(200, "page"))); RawClient client = server.connect()) {
            // the request before it makes the handshake come from what was kept
            client.send(WireBytes.join(WireBytes.utf8(HttpFixture.get("/")), WireBytes.utf8(RawClient.upgradeHead("/")),
                    WireBytes.masked(0x81, "early")));
            assertEquals(200, client.response().status());
            assertEquals(101, client.response().status());
            client.text("late");
            WebSocket socket = recorder.socket();
            settle(socket);
            assertNull(recorder.events.poll());
            socket.resume();
            assertEquals("early", TestServer.take(recorder.events));
            assertEquals("late", TestServer.take(recorder.events));
            socket.abort();
        }
    }

    @Test
    @DisplayName("parts come as the bytes do, before the frame is complete, and only onPart is called; limits hold")
    void parts() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onPart(WebSocket socket, boolean text, ByteBuffer part, boolean last) {
                events.add((text ? "t" : "b")
                        + new String(WireBytes.remaining(part), java.nio.charset.StandardCharsets.ISO_8859_1)
                        + (last ? "." : ""));
            }
        };
        try (TestServer server = TestServer.with(o -> o.parts(true).limits(Limits.defaults().maxMessage(100)),
                request -> recorder); RawClient client = server.upgraded()) {
            byte[] frame = WireBytes.masked(0x82, "0123456789");
            client.send(java.util.Arrays.copyOf(frame, 10));
            assertEquals("b0123", TestServer.take(recorder.events));
            client.send(java.util.Arrays.copyOfRange(frame, 10, frame.length));
            assertEquals("b456789.", TestServer.take(recorder.events));
            client.send(WireBytes.masked(0x01, "ab"));
            assertEquals("tab", TestServer.take(recorder.events));
            client.send(WireBytes.masked(0x80, ""));
            assertEquals("t.", TestServer.take(recorder.events));
            client.send(WireBytes.masked(0x02, new byte[60]));
            TestServer.take(recorder.events);
            client.send(WireBytes.masked(0x80, new byte[41]));
            client.assertClose(CloseCode.MESSAGE_TOO_BIG);
        }
    }

    @Test
    @DisplayName("a part of text that is not UTF-8 fails the connection with 1007 before it is handed on")
    void partsAreChecked() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.with(o -> o.parts(true), request -> recorder);
                RawClient client = server.upgraded()) {
            client.send(WireBytes.masked(0x01, new byte[] {'a', (byte) 0xC3}));
            client.send(WireBytes.masked(0x80, new byte[] {'b'}));
            client.assertClose(CloseCode.INVALID_PAYLOAD);
        }
    }
}
