package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Shows;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A peer that reads slowly")
class SlowConsumerTest {
    private static final int PIECE = 100_000;

    /** The kernel takes little for a peer that does not read, and never more: its own buffers grow under way. */
    private static final TcpOptions SMALL = TestServer.LOOPBACK.socketBuffers(8 << 10, 0);

    private final Recorder recorder = new Recorder();

    private TestServer server(SlowConsumer policy) throws IOException {
        return new TestServer(SMALL, o -> o.slowConsumer(policy), request -> recorder);
    }

    /** More than the kernels take for a peer that does not read. */
    private static void fill(WebSocket socket) {
        while (socket.trySend(ByteBuffer.allocate(PIECE))) {
            assertEquals(WebSocket.State.OPEN, socket.state());
        }
        for (int i = 0; i < 40; i++) {
            socket.trySend(ByteBuffer.allocate(PIECE));
        }
        assertTrue(socket.bufferedAmount() > PIECE);
    }

    /** Reads until a text comes, and says how many messages were before it. */
    private static int readUntil(RawClient client, String text) throws IOException {
        int before = 0;
        for (RawClient.Frame frame = client.frame(); frame.firstOctet() != 0x81 || !frame.text().equals(text);
                frame = client.frame()) {
            before++;
        }
        return before;
    }

    @Test
    @DisplayName("BLOCK: send() waits for onDrain, on a virtual thread, and nothing is lost")
    void block() throws Exception {
        try (TestServer server = server(SlowConsumer.BLOCK); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            fill(socket);
            CompletableFuture<Void> sent = new CompletableFuture<>();
            CountDownLatch sending = new CountDownLatch(1);
            Thread.ofVirtual().start(() -> {
                try {
                    sending.countDown();
                    socket.send("waited");
                    sent.complete(null);
                } catch (IOException e) {
                    sent.completeExceptionally(e);
                }
            });
            assertTrue(sending.await(10, TimeUnit.SECONDS));
            assertFalse(sent.isDone());
            readUntil(client, "waited");
            sent.get(10, TimeUnit.SECONDS);
            assertEquals(0, socket.messagesDropped());
            socket.abort();
        }
    }

    @Test
    @DisplayName("BLOCK: who waits is woken by the end, with WebSocketException, and by an interrupt")
    void blockEnds() throws Exception {
        try (TestServer server = server(SlowConsumer.BLOCK); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            fill(socket);
            CompletableFuture<Throwable> woken = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> woken.complete(assertThrows(IOException.class, () -> socket.send("never"))));
            CompletableFuture<Throwable> interrupted = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                Thread.currentThread().interrupt();
                interrupted.complete(assertThrows(IoException.class, () -> socket.send("never")));
            });
            assertEquals(IoError.OPERATION_ABORTED, ((IoException) interrupted.get(10, TimeUnit.SECONDS)).error());
            client.reset();
            socket.abort();
            assertInstanceOf(WebSocketException.class, woken.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    @DisplayName("BLOCK on a worker, where nothing may wait: send() queues, and throws at the message that is too "
            + "much for maxSendQueue, "
            + "which it names; the WebSocket is over then")
    void blockOnWorker() throws Exception {
        overflows("maxSendQueue, 1048576", socket -> socket.send(ByteBuffer.allocate(PIECE)));
        overflows("maxSendQueue, 1048576", socket -> socket.send(Message.binary(ByteBuffer.allocate(PIECE))));
        overflows("16384", socket -> {
            SharedMessage shared = Message.shared(new BufferPool(0), "x");
            try {
                socket.send(shared);
            } finally {
                shared.release();
            }
        });
    }

    @Test
    @DisplayName("one message that is too much by itself throws as well, and so does the part of a stream; what "
            + "waits behind one "
            + "is bounded")
    void tooMuchAtOnce() throws Exception {
        overflows("maxSendQueue, 1048576", socket -> socket.send(ByteBuffer.allocate(2 << 20)));
        overflows("maxSendQueue, 1048576", socket -> {
            OutputStream stream = socket.outputStream();
            for (int i = 0; i < 1000; i++) {
                stream.write(new byte[PIECE]);
            }
        });
        overflows(StreamBacklog.BYTES_MAX + " bytes wait behind a streamed message", socket -> {
            socket.outputStream();
            for (int i = 0; i < 1000; i++) {
                socket.send(ByteBuffer.allocate(PIECE));
            }
        });
    }

    @Test
    @DisplayName("sendAsync() of a message that is too much fails, although nothing else was lost")
    void asyncTooMuch() throws Exception {
        overflows("maxSendQueue, 1048576", socket -> {
            try {
                socket.sendAsync(Message.binary(ByteBuffer.allocate(2 << 20))).join();
            } catch (CompletionException e) {
                throw (IOException) e.getCause();
            }
        });
    }

    private interface Sends {
        void send(WebSocket socket) throws IOException;
    }

    /** Sends on a worker to a peer that does not read until that throws. */
    private void overflows(String limit, Sends sends) throws Exception {
        try (TestServer server = new TestServer(SMALL.maxSendQueue(1 << 20), o -> o, request -> recorder);
                RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            CompletableFuture<IOException> thrown = new CompletableFuture<>();
            CompletableFuture<WebSocket.State> then = new CompletableFuture<>();
            socket.execute(() -> {
                try {
                    for (int i = 0; i < 100_000; i++) {
                        sends.send(socket);
                    }
                    thrown.completeExceptionally(new AssertionError("nothing was thrown, and the WebSocket is "
                            + socket.state()));
                } catch (IOException e) {
                    thrown.complete(e);
                } catch (RuntimeException e) {
                    thrown.completeExceptionally(e);
                } finally {
                    then.complete(socket.state());
                }
            });
            String message = thrown.get(10, TimeUnit.SECONDS).getMessage();
            assertTrue(message.contains(limit), message);
            assertEquals(WebSocket.State.CLOSED, then.get(10, TimeUnit.SECONDS));
            CloseStatus end = recorder.end();
            assertEquals(CloseCode.ABNORMAL, end.code());
            assertEquals(Initiator.LOCAL, end.initiator());
            assertTrue(end.reason().contains(limit), end.reason());
            client.reset();
            socket.closed().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    @DisplayName("a callback that takes long: what it has sent above the high-water mark goes meanwhile, all of it")
    void longCallback() throws Exception {
        int pieces = 20;
        // little data, which the system always has room for: on selectors nobody else waits for room in this loop
        int piece = 1000;
        TcpOptions lowMarks = TestServer.LOOPBACK.waterMarks(1000, 2000);
        try (TestServer server = new TestServer(lowMarks, o -> o, request -> recorder);
                RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            CountDownLatch read = new CountDownLatch(1);
            CompletableFuture<Boolean> wasRead = new CompletableFuture<>();
            socket.execute(() -> {
                for (int i = 0; i < pieces; i++) {
                    socket.trySend(ByteBuffer.allocate(piece));
                }
                try {
                    wasRead.complete(read.await(10, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    wasRead.completeExceptionally(e);
                }
            });
            for (int i = 0; i < pieces; i++) {
                assertEquals(piece, client.frame().payload().length);
            }
            read.countDown();
            assertTrue(wasRead.get(20, TimeUnit.SECONDS), "nothing came before the callback was over");
            socket.abort();
        }
    }

    @Test
    @DisplayName("DROP: send() drops and counts from the high-water mark until onDrain, then goes on")
    void drop() throws Exception {
        AtomicReference<CountDownLatch> drained = new AtomicReference<>(new CountDownLatch(1));
        Recorder mine = new Recorder() {
            @Override
            public void onDrain(WebSocket socket) {
                drained.get().countDown();
            }
        };
        try (TestServer server = new TestServer(SMALL, o -> o.slowConsumer(SlowConsumer.DROP), request -> mine);
                RawClient client = server.upgraded()) {
            WebSocket socket = mine.socket();
            fill(socket);
            // while it was filled, the kernel may have let it drain in between
            drained.set(new CountDownLatch(1));
            long queued = socket.bufferedAmount();
            for (int i = 0; i < 10; i++) {
                socket.send("dropped");
                socket.send(Message.text("dropped"));
            }
            assertTrue(socket.bufferedAmount() <= queued);
            assertEquals(20, socket.messagesDropped());
            socket.trySend("marker");
            readUntil(client, "marker");
            assertTrue(drained.get().await(10, TimeUnit.SECONDS));
            socket.send("after");
            assertEquals("after", client.text());
            assertEquals(20, socket.messagesDropped());
            socket.abort();
        }
    }

    @Test
    @DisplayName("DROP: an onDrain that is told late, when the queue is full again, makes no room")
    void lateDrain() throws Exception {
        try (TestServer server = server(SlowConsumer.DROP); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            fill(socket);
            ((WebSocketConnection) socket).queueDrained();
            socket.send("dropped");
            assertEquals(1, socket.messagesDropped());
            socket.trySend("marker");
            readUntil(client, "marker");
            socket.abort();
        }
    }

    @Test
    @SuppressWarnings("try") // the client is there and never reads
    @DisplayName("CLOSE: send() closes with 1008, throws, and onClose comes at once; a peer that never reads is cut")
    void close() throws Exception {
        try (TestServer server = new TestServer(SMALL, o -> o.slowConsumer(SlowConsumer.CLOSE)
                .closeTimeout(java.time.Duration.ofMillis(200)), request -> recorder);
                RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            fill(socket);
            WebSocketException thrown = assertThrows(WebSocketException.class, () -> socket.send("too much"));
            assertEquals(CloseCode.POLICY_VIOLATION, thrown.status().code());
            assertEquals(CloseCode.POLICY_VIOLATION, recorder.end().code());
            assertFalse(socket.closed().get(10, TimeUnit.SECONDS).clean());
        }
    }

    @Test
    @DisplayName("send() on a closed WebSocket throws under every policy, trySend() is false and sendAsync() fails")
    void closed() throws Exception {
        for (SlowConsumer policy : SlowConsumer.values()) {
            try (TestServer server = server(policy); RawClient client = server.upgraded()) {
                WebSocket socket = recorder.socket();
                socket.close(4000, "");
                assertEquals(4000, assertThrows(WebSocketException.class, () -> socket.send("x")).status().code());
                assertThrows(WebSocketException.class, () -> socket.send(ByteBuffer.allocate(1)));
                assertThrows(WebSocketException.class, socket::outputStream);
                assertThrows(WebSocketException.class, socket::writer);
                assertFalse(socket.trySend(new byte[1]));
                assertTrue(socket.sendAsync(Message.text("x")).isCompletedExceptionally());
                assertTrue(socket.ping().isCompletedExceptionally() || client.frame().closeCode() == 4000);
                socket.abort();
            }
        }
    }

    @Test
    @Shows("A7")
    @DisplayName("sendAsync() completes when the system has taken the message; abort() fails all that wait with "
            + "OPERATION_ABORTED")
    void async() throws Exception {
        try (TestServer server = server(SlowConsumer.BLOCK); RawClient client = server.upgraded()) {
            WebSocket socket = recorder.socket();
            CompletableFuture<Boolean> onWorker = socket.sendAsync(Message.text("gone"))
                    .thenApply(nothing -> socket.bufferedAmount() == 0);
            assertTrue(onWorker.get(10, TimeUnit.SECONDS));
            assertEquals("gone", client.text());
            fill(socket);
            List<CompletableFuture<Void>> waiting = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                waiting.add(socket.sendAsync(Message.text("never " + i)));
            }
            socket.abort();
            for (CompletableFuture<Void> never : waiting) {
                ExecutionException thrown =
                        assertThrows(ExecutionException.class, () -> never.get(10, TimeUnit.SECONDS));
                assertEquals(IoError.OPERATION_ABORTED, ((IoException) thrown.getCause()).error());
            }
        }
    }
}
