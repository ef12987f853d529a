package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A message that is sent while it is written")
class StreamedSendTest {
    private static final int LARGE = 64 << 20;
    private static final Duration STALL = Duration.ofMillis(300);

    private final CountDownLatch drained = new CountDownLatch(1);
    private final CountDownLatch pinged = new CountDownLatch(1);
    private final Recorder recorder = new Recorder() {
        @Override
        public void onPing(WebSocket socket, ByteBuffer payload) {
            pinged.countDown();
        }

        @Override
        public void onDrain(WebSocket socket) {
            drained.countDown();
        }
    };
    private TestServer server;
    private RawClient client;
    private WebSocket socket;

    @BeforeEach
    void open() throws Exception {
        server = TestServer.webSockets(() -> recorder);
        client = server.upgraded();
        socket = recorder.socket();
    }

    @AfterEach
    void close() throws Exception {
        socket.abort();
        client.close();
        server.close();
    }

    private record Whole(int opcode, int frames, byte[] payload) {
    }

    private Whole message() throws IOException {
        RawClient.Frame frame = client.frame();
        int opcode = frame.firstOctet() & 0x0F;
        int frames = 1;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(frame.payload());
        while ((frame.firstOctet() & 0x80) == 0) {
            frame = client.frame();
            assertEquals(0, frame.firstOctet() & 0x0F, "a continuation");
            all.writeBytes(frame.payload());
            frames++;
        }
        return new Whole(opcode, frames, all.toByteArray());
    }

    @Test
    @DisplayName("ask 14: bytes and characters go in frames of at most 16 KiB; an empty one is one empty frame")
    void frames() throws Exception {
        byte[] data = new byte[100_000];
        new Random(5).nextBytes(data);
        try (OutputStream out = socket.outputStream()) {
            out.write(data[0]);
            out.write(data, 1, 99_998);
            out.write(data[99_999]);
        }
        Whole binary = message();
        assertEquals(2, binary.opcode());
        assertEquals(7, binary.frames());
        assertArrayEquals(data, binary.payload());
        String text = "κόσμε 😀".repeat(20_000);
        try (Writer out = socket.writer()) {
            out.write(text);
        }
        Whole written = message();
        assertEquals(1, written.opcode());
        assertEquals(text, new String(written.payload(), StandardCharsets.UTF_8));
        socket.outputStream().close();
        Whole empty = message();
        assertEquals(0, empty.payload().length);
        assertEquals(1, empty.frames());
    }

    @Test
    @DisplayName("flush() sends what is there; pings and pongs go between the frames, messages of others "
            + "behind the last")
    void between() throws Exception {
        OutputStream out = socket.outputStream();
        out.write('a');
        out.flush();
        out.flush();
        assertEquals(0x02, client.frame().firstOctet());
        assertFalse(socket.trySend("behind"), "has to wait");
        SharedMessage shared = Message.shared(server.port.buffers(), "shared");
        assertFalse(socket.trySend(shared));
        CompletableFuture<Void> sent = socket.sendAsync(Message.text("last"));
        assertTrue(socket.bufferedAmount() >= "behind".length());
        socket.ping(ByteBuffer.allocate(0));
        assertEquals(0x89, client.frame().firstOctet());
        client.send(WireBytes.masked(0x89, "p"));
        assertEquals(0x8A, client.frame().firstOctet());
        assertFalse(sent.isDone());
        assertEquals(1, drained.getCount());
        out.close();
        out.close();
        assertThrows(IOException.class, () -> out.write(1));
        RawClient.Frame end = client.frame();
        assertEquals(0x80, end.firstOctet());
        assertEquals("behind", client.text());
        assertEquals("shared", client.text());
        assertEquals("last", client.text());
        sent.get(10, TimeUnit.SECONDS);
        assertTrue(drained.await(10, TimeUnit.SECONDS), "who was told to wait is told to go on");
        assertTrue(shared.release(), "nobody keeps a reference");
    }

    @Test
    @DisplayName("send() and a second stream wait for the end of the first, on a worker the second stream is refused")
    void waits() throws Exception {
        OutputStream first = socket.outputStream();
        CompletableFuture<Throwable> refused = new CompletableFuture<>();
        socket.execute(() -> refused.complete(assertThrows(IllegalStateException.class, socket::outputStream)));
        refused.get(10, TimeUnit.SECONDS);
        CountDownLatch begun = new CountDownLatch(2);
        CompletableFuture<Void> second = CompletableFuture.runAsync(() -> {
            begun.countDown();
            try (OutputStream out = socket.outputStream()) {
                out.write('2');
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }, task -> Thread.ofVirtual().start(task));
        CompletableFuture<Void> message = CompletableFuture.runAsync(() -> {
            begun.countDown();
            try {
                socket.send("m");
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }, task -> Thread.ofVirtual().start(task));
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        first.write('1');
        first.close();
        assertArrayEquals(new byte[] {'1'}, message().payload());
        Set<String> others = Set.of(new String(message().payload()), new String(message().payload()));
        assertEquals(Set.of("2", "m"), others);
        CompletableFuture.allOf(second, message).get(10, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("a peer that does not read makes write() wait")
    void backpressure() throws Exception {
        CompletableFuture<Void> written = writeLarge();
        assertEquals(LARGE, message().payload().length);
        written.get(10, TimeUnit.SECONDS);
    }

    private CompletableFuture<Void> writeLarge() {
        CompletableFuture<Void> written = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (OutputStream out = socket.outputStream()) {
                byte[] piece = new byte[1 << 20];
                for (int i = 0; i < LARGE / piece.length; i++) {
                    out.write(piece);
                    assertTrue(socket.bufferedAmount() < 200_000, "queued " + socket.bufferedAmount());
                }
                written.complete(null);
            } catch (IOException | AssertionError e) {
                written.completeExceptionally(e);
            }
        });
        return written;
    }

    @Test
    @Shows("Control frames cannot be starved")
    @DisplayName("Control frames cannot be starved by a message that fills the queue for long: a pong and a "
            + "ping are in its midst")
    void controlFramesInTheMidst() throws Exception {
        CompletableFuture<Void> written = writeLarge();
        CompletableFuture<Void> stalled = new CompletableFuture<>();
        server.port.schedule(STALL, () -> stalled.complete(null));
        stalled.join();
        assertFalse(written.isDone());
        client.send(WireBytes.masked(0x89, "p"));
        assertTrue(pinged.await(10, TimeUnit.SECONDS));
        socket.ping(ByteBuffer.allocate(0));
        long before = 0;
        Set<Integer> seen = new HashSet<>();
        RawClient.Frame frame = client.frame();
        for (; (frame.firstOctet() & 0x80) == 0 || (frame.firstOctet() & 0x08) != 0; frame = client.frame()) {
            if ((frame.firstOctet() & 0x08) != 0) {
                seen.add(frame.firstOctet());
            } else if (seen.size() < 2) {
                before += frame.payload().length;
            }
        }
        assertEquals(Set.of(0x89, 0x8A), seen);
        // what the kernels had taken before
        assertTrue(before < LARGE / 2, before + " bytes went first");
        written.get(10, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("close() cuts the stream and what waits behind it: the Close frame goes, the futures fail, "
            + "write() throws")
    void cut() throws Exception {
        OutputStream out = socket.outputStream();
        out.write(new byte[20_000]);
        CompletableFuture<Void> behind = socket.sendAsync(Message.text("behind"));
        SharedMessage shared = Message.shared(server.port.buffers(), "shared");
        socket.trySend(shared);
        socket.close(4000, "");
        assertEquals(4000, recorder.end().code());
        ExecutionException thrown = assertThrows(ExecutionException.class, () -> behind.get(10, TimeUnit.SECONDS));
        assertEquals(IoError.OPERATION_ABORTED, ((IoException) thrown.getCause()).error());
        assertEquals(0x02, client.frame().firstOctet());
        assertEquals(4000, client.frame().closeCode());
        assertThrows(WebSocketException.class, () -> out.write(new byte[20_000]));
        assertThrows(WebSocketException.class, out::close);
        assertTrue(shared.release());
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("is cut by each way to end the WebSocket: the peer gets no last frame, nor what waited behind it")
    void cutByAnyEnd(End end) throws Exception {
        OutputStream out = socket.outputStream();
        out.write('a');
        out.flush();
        assertEquals(0x02, client.frame().firstOctet());
        CompletableFuture<Void> behind = socket.sendAsync(Message.text("behind"));
        switch (end) {
            case CLOSE -> socket.close(CloseCode.NORMAL, "");
            case CLOSE_OF_PEER -> client.close(CloseCode.NORMAL);
            case ABORT -> socket.abort();
            case END_OF_TCP -> client.end();
        }
        recorder.end();
        assertThrows(WebSocketException.class, out::close);
        assertThrows(ExecutionException.class, () -> behind.get(10, TimeUnit.SECONDS));
        if (end == End.CLOSE || end == End.CLOSE_OF_PEER) {
            assertEquals(CloseCode.NORMAL, client.frame().closeCode());
        }
        if (end == End.CLOSE) {
            client.close(CloseCode.NORMAL);
        }
        client.assertEnd();
    }

    private enum End { CLOSE, CLOSE_OF_PEER, ABORT, END_OF_TCP }

    @Test
    @DisplayName("closing the stream ends the message as a whole one, also after an exception; an end before it does "
            + "not")
    void givenUp() throws Exception {
        assertThrows(ArithmeticException.class, () -> {
            try (OutputStream out = socket.outputStream()) {
                out.write('a');
                throw new ArithmeticException("on purpose");
            }
        });
        assertArrayEquals(new byte[] {'a'}, message().payload());
        assertThrows(ArithmeticException.class, () -> {
            try (OutputStream out = socket.outputStream()) {
                out.write('b');
                socket.close(CloseCode.INTERNAL_ERROR, "");
                throw new ArithmeticException("on purpose");
            }
        });
        assertEquals(CloseCode.INTERNAL_ERROR, client.frame().closeCode());
    }

    @Test
    @DisplayName("more than 1 MiB behind a stream ends the connection with 1006, and nothing is kept")
    void tooMuchBehind() throws Exception {
        OutputStream out = socket.outputStream();
        out.write(1);
        out.flush();
        int taken = 0;
        while (socket.state() == WebSocket.State.OPEN && taken < 1000) {
            socket.trySend(new byte[10_000]);
            taken++;
            if (taken * 10_064L > StreamBacklog.BYTES_MAX) {
                break;
            }
        }
        assertEquals(CloseCode.ABNORMAL, recorder.end().code());
        assertTrue(taken * 10_064L > StreamBacklog.BYTES_MAX, "ended after " + taken);
        assertThrows(WebSocketException.class, out::close);
    }
}
