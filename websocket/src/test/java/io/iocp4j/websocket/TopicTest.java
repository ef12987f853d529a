package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A topic")
class TopicTest {
    private final Recorder recorder = new Recorder();

    @Test
    @DisplayName("sends to all who are in, in order, and to nobody else; a shared message is copied for nobody")
    void publish() throws Exception {
        try (TestServer server = TestServer.webSockets(() -> recorder);
                RawClient a = server.upgraded(); RawClient b = server.upgraded(); RawClient c = server.upgraded()) {
            List<WebSocket> sockets = List.of(recorder.socket(), recorder.socket(), recorder.socket());
            Topic room = server.server.topic("room");
            room.publish("nobody hears this");
            assertTrue(room.add(sockets.get(0)));
            assertTrue(room.add(sockets.get(1)));
            assertTrue(room.add(sockets.get(1)), "twice is once");
            server.server.topic("other").add(sockets.get(2));
            assertEquals(2, room.size());
            room.publish("one");
            room.publish(ByteBuffer.wrap("two".getBytes()));
            SharedMessage three = Message.shared(server.port.buffers(), "three");
            room.publish(three);
            room.publish(Message.text("four"));
            List<String> heard = new ArrayList<>();
            for (RawClient client : List.of(a, b)) {
                for (int i = 0; i < 4; i++) {
                    heard.add(client.frame().text());
                }
            }
            assertEquals(List.of("one", "two", "three", "four", "one", "two", "three", "four"), heard);
            server.server.topic("other").publish("to c");
            assertEquals("to c", c.text());
            room.remove(sockets.get(0));
            room.remove(sockets.get(2));
            assertEquals(1, room.size());
            room.publish("to b");
            assertEquals("to b", b.text());
            sockets.get(0).trySend("only this");
            assertEquals("only this", a.text());
            assertTrue(three.release(), "nobody keeps a reference");
            sockets.forEach(WebSocket::abort);
        }
    }

    @Test
    @DisplayName("is left by a WebSocket that ends, at once, and vanishes when it is empty; the same name comes again")
    void leaves() throws Exception {
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.upgraded();
                RawClient other = server.upgraded()) {
            WebSocket socket = recorder.socket();
            WebSocket second = recorder.socket();
            Topic room = server.server.topic("room");
            room.add(socket);
            room.add(second);
            socket.close(4000, "");
            recorder.end();
            assertEquals(1, room.size(), "out before the peer has answered");
            assertFalse(room.add(socket), "who is over does not come in again");
            room.publish("x");
            client.close(4000);
            assertEquals(4000, client.frame().closeCode());
            other.reset();
            recorder.end();
            assertEquals(0, room.size());
            assertEquals(room, server.server.topic("room"));
            assertNotEquals(room, server.server.topic("another"));
            try (RawClient late = server.upgraded()) {
                WebSocket third = recorder.socket();
                assertTrue(room.add(third));
                assertEquals(1, server.server.topic("room").size(), "a way to it made before works as well");
                server.server.topic("room").publish("again");
                assertEquals("again", late.text());
                third.abort();
            }
        }
    }

    @Test
    @SuppressWarnings("try") // the peer is there and never reads
    @DisplayName("ask 12: a member that does not read is dealt with by its policy, and the others lose nothing")
    void slowMember() throws Exception {
        for (SlowConsumer policy : List.of(SlowConsumer.DROP, SlowConsumer.CLOSE)) {
            Recorder mine = new Recorder();
            try (TestServer server = TestServer.with(o -> o.slowConsumer(policy)
                    .closeTimeout(java.time.Duration.ofMillis(200)), request -> mine);
                    RawClient slow = server.upgraded()) {
                WebSocket slowSocket = mine.socket();
                RawClient quick = server.upgraded();
                WebSocket quickSocket = mine.socket();
                quickSocket.waterMarks(1 << 20, 16 << 20);
                Topic room = server.server.topic("room");
                room.add(slowSocket);
                room.add(quickSocket);
                int messages = 200;
                CompletableFuture<Integer> heard = CompletableFuture.supplyAsync(() -> {
                    int n = 0;
                    try {
                        for (; n < messages; n++) {
                            assertEquals(100_000, quick.frame().payload().length);
                        }
                    } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                    return n;
                });
                long most = 0;
                for (int i = 0; i < messages; i++) {
                    room.publish(ByteBuffer.allocate(100_000));
                    most = Math.max(most, slowSocket.bufferedAmount());
                    while (quickSocket.bufferedAmount() > 4 << 20) {
                        quickSocket.flush();
                    }
                }
                assertEquals(messages, heard.get(20, TimeUnit.SECONDS));
                assertTrue(most < 400_000, "kept for the slow one: " + most);
                if (policy == SlowConsumer.DROP) {
                    assertTrue(slowSocket.messagesDropped() > 0);
                    assertEquals(2, room.size());
                } else {
                    assertEquals(CloseCode.POLICY_VIOLATION, mine.end().code());
                    assertEquals(1, room.size());
                }
                quickSocket.abort();
                slowSocket.abort();
                quick.close();
            }
        }
    }

    @Test
    @SuppressWarnings("try") // the peer is there and never reads
    @DisplayName("joining, leaving, publishing and closing from 8 threads leaves no member and no message behind")
    void race() throws Exception {
        try (TestServer server = TestServer.webSockets(() -> recorder)) {
            Topic room = server.server.topic("room");
            for (int round = 0; round < 20; round++) {
                try (RawClient client = server.upgraded()) {
                    WebSocket socket = recorder.socket();
                    CountDownLatch start = new CountDownLatch(1);
                    List<CompletableFuture<Void>> threads = new ArrayList<>();
                    for (int i = 0; i < 8; i++) {
                        int number = i;
                        threads.add(CompletableFuture.runAsync(() -> {
                            start.countDown();
                            for (int n = 0; n < 50; n++) {
                                switch ((number + n) % 4) {
                                    case 0 -> room.remove(socket);
                                    case 1 -> room.publish("text " + n);
                                    default -> room.add(socket);
                                }
                            }
                            if (number == 0) {
                                socket.close(4000, "");
                            }
                        }));
                    }
                    start.await(5, TimeUnit.SECONDS);
                    CompletableFuture.allOf(threads.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
                    recorder.end();
                    assertEquals(0, room.size());
                    socket.abort();
                }
            }
        }
    }

    @Test
    @DisplayName("can be there before its server, and have members of several")
    void beforeTheServer() throws Exception {
        Topic news = Topic.create("news");
        WebSocketListener subscriber = new WebSocketListener() {
            @Override
            public void onOpen(WebSocket socket) {
                assertTrue(news.add(socket));
                socket.trySend("in");
            }
        };
        try (TestServer one = TestServer.with(exchange -> subscriber);
                TestServer two = TestServer.with(exchange -> subscriber);
                RawClient first = one.upgraded(); RawClient second = two.upgraded()) {
            for (RawClient client : List.of(first, second)) {
                assertEquals("in", client.text());
            }
            assertEquals(2, news.size());
            news.publish("now");
            for (RawClient client : List.of(first, second)) {
                assertEquals("now", client.text());
            }
            assertNotEquals(news, Topic.create("news"));
        }
        assertEquals(0, news.size());
    }
}
