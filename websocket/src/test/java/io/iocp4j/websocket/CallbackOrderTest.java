package io.iocp4j.websocket;

import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Calls from inside callbacks, and what comes after what. */
class CallbackOrderTest {
    @Test
    @Shows("A5")
    @DisplayName("close() in onOpen: 101, Close, onClose after onOpen; what came with the handshake is dropped")
    void closeInOnOpen() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onOpen(WebSocket socket) {
                socket.close(4000, "full");
                events.add("onOpen returns");
            }

            @Override
            public void onClose(WebSocket socket, CloseStatus why) {
                events.add("onClose " + why.code());
            }
        };
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.connect()) {
            client.send(join(WireBytes.utf8(RawClient.upgradeHead("/")), masked(0x81, "dropped")));
            assertEquals(101, client.response().status());
            assertEquals(4000, client.frame().closeCode());
            client.close(4000);
            client.assertEnd();
        }
        assertEquals("[onOpen returns, onClose 4000]", recorder.events.toString());
    }

    @Test
    @DisplayName("abort() in onText: the messages behind it in the same packet are not delivered, onClose comes once")
    void abortInOnText() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onText(WebSocket socket, String text) {
                events.add(text);
                socket.abort();
            }
        };
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            client.send(join(masked(0x81, "1"), masked(0x81, "2"), masked(0x88, "")));
            assertEquals(new CloseStatus(CloseCode.ABNORMAL, "aborted", Initiator.LOCAL, false), recorder.end());
            client.assertEnd();
        }
        assertEquals("[1]", recorder.events.toString());
        assertTrue(recorder.ends.isEmpty());
    }

    @Test
    @Shows("A19")
    @DisplayName("callbacks of one WebSocket and its tasks never overlap, and what a task sends keeps its order")
    void oneAtATime() throws Exception {
        int tasks = 2000;
        Object[] inside = new Object[1];
        BlockingQueue<String> overlaps = new LinkedBlockingQueue<>();
        Recorder recorder = new Recorder() {
            @Override
            public void onText(WebSocket socket, String text) {
                enter("onText");
            }

            private void enter(String who) {
                if (inside[0] != null) {
                    overlaps.add(who + " in " + inside[0]);
                }
                inside[0] = who;
                inside[0] = null;
            }

            @Override
            public void onOpen(WebSocket socket) throws IOException {
                super.onOpen(socket);
                CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < tasks; i++) {
                        String number = Integer.toString(i);
                        socket.execute(() -> {
                            enter("task");
                            socket.trySend(number);
                        });
                    }
                });
            }
        };
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            for (int i = 0; i < tasks; i++) {
                client.text("x");
                assertEquals(Integer.toString(i), client.text());
            }
            client.close(1000);
            client.assertClose(1000);
        }
        assertTrue(overlaps.isEmpty(), overlaps.toString());
    }

    @Test
    @DisplayName("schedule() runs among the callbacks after its delay, and is dropped when the WebSocket is gone")
    void scheduled() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            socket.schedule(Duration.ofMillis(20), () -> socket.trySend("later"));
            assertEquals("later", client.text());
            CompletableFuture<Void> dropped = new CompletableFuture<>();
            socket.abort();
            recorder.end();
            socket.schedule(Duration.ZERO, () -> dropped.complete(null));
            socket.closed().get(5, TimeUnit.SECONDS);
            CompletableFuture<Void> behind = new CompletableFuture<>();
            server.port.schedule(Duration.ofMillis(20), () -> behind.complete(null));
            behind.get(5, TimeUnit.SECONDS);
            assertFalse(dropped.isDone());
        }
    }

    @Test
    @Shows("B24")
    @DisplayName("an application that ignores send() == false loses that connection at maxSendQueue, with "
            + "1006, and no other")
    void queueOverflow() throws Exception {
        Recorder recorder = new Recorder();
        Iterator<WebSocketListener> listeners = List.<WebSocketListener>of(recorder, new Echo()).iterator();
        try (TestServer server = new TestServer(TestServer.LOOPBACK.maxSendQueue(1 << 20),
                o -> o, request -> listeners.next());
                RawClient slow = server.upgraded();
                RawClient other = server.upgraded()) {
            WebSocket socket = recorder.socket();
            ByteBuffer piece = ByteBuffer.allocate(100_000);
            // far more than the two kernels take for a peer that does not read
            for (int i = 0; i < 400; i++) {
                socket.trySend(piece.clear());
                assertTrue(socket.bufferedAmount() <= 1 << 20, "queued " + socket.bufferedAmount());
            }
            assertEquals(CloseCode.ABNORMAL, recorder.end().code());
            assertFalse(socket.closed().get(5, TimeUnit.SECONDS).clean());
            other.text("unaffected");
            assertEquals("unaffected", other.text());
            slow.reset();
        }
    }
}
