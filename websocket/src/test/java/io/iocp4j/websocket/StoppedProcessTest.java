package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.ServerHandshake;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A process that was stopped and continued: its peers have sent meanwhile, and its time limits are over")
class StoppedProcessTest {
    /** Stops and continues; the action is the peer's, and its bytes come while the process stands. */
    private static void stop(VirtualPair pair, Duration length, Runnable meanwhile) {
        pair.world.later(length.toNanos(), meanwhile);
        pair.world.jump(length.toNanos() + Duration.ofMillis(400).toNanos());
        pair.run(Duration.ofSeconds(3));
    }

    private static void send(TcpConnection peer, byte[] bytes) {
        peer.send(ByteBuffer.wrap(bytes));
    }

    @Test
    @DisplayName("the heartbeat hears the peer, and cuts one that was silent anyway")
    void heartbeat() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        TcpConnection mute = pair.connectMute(new byte[0]);
        pair.run(Duration.ofSeconds(30));
        stop(pair, Duration.ofSeconds(15), () -> send(mute, WireBytes.masked(0x81, "x")));
        assertNull(pair.server.end);
        pair.run(Duration.ofSeconds(25));
        stop(pair, Duration.ofSeconds(15), () -> { });
        assertEquals(CloseCode.ABNORMAL, pair.server.end.code());
        pair.end();
    }

    @Test
    @DisplayName("the peer's answer to a Close frame ends a WebSocket cleanly")
    void close() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        TcpConnection mute = pair.connectMute(new byte[0]);
        pair.server.socket.close(4000, "");
        pair.run(Duration.ofSeconds(1));
        stop(pair, Duration.ofSeconds(10), () -> send(mute, WireBytes.masked(0x88, new byte[] {15, (byte) 0xA0})));
        pair.run(Duration.ofMinutes(1));
        assertTrue(pair.server.socket.closed().join().clean());
        pair.end();
    }

    @Test
    @DisplayName("a WebSocket on which a message came is not idle")
    void idle() throws IOException {
        VirtualPair pair = new VirtualPair(b ->
                b.maxIdle(Duration.ofSeconds(60)).heartbeat(Duration.ZERO, Duration.ofSeconds(1)));
        TcpConnection mute = pair.connectMute(new byte[0]);
        pair.run(Duration.ofSeconds(55));
        stop(pair, Duration.ofSeconds(20), () -> send(mute, WireBytes.masked(0x81, "x")));
        assertNull(pair.server.end);
        pair.run(Duration.ofMinutes(3));
        assertEquals(CloseCode.GOING_AWAY, pair.server.end.code());
        pair.end();
    }

    @Test
    @DisplayName("an opening takes the answer of the server that came meanwhile")
    void opening() throws IOException {
        VirtualPair pair = new VirtualPair(b -> b);
        CompletableFuture<Runnable> answer = new CompletableFuture<>();
        TcpServer silent = TcpServer.listen(pair.port, TcpOptions.defaults().loopback(0),
                connection -> new TcpHandler() {
            @Override
            public void onData(TcpConnection from, ByteBuffer data) {
                String key = StandardCharsets.ISO_8859_1.decode(data).toString()
                        .replaceFirst("(?s).*Sec-WebSocket-Key: (\\S+).*", "$1");
                answer.complete(() ->
                        send(from, WireBytes.utf8("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        + "Connection: Upgrade\r\nSec-WebSocket-Accept: " + ServerHandshake.accept(key) + "\r\n\r\n")));
            }
        });
        CompletableFuture<WebSocket> opening =
                WebSocketClient.connectAsync(pair.port, ClientOptions.defaults().connectTimeout(Duration.ofSeconds(10)),
                URI.create("ws://127.0.0.1:" + silent.address().getPort() + "/"), pair.client);
        pair.run(Duration.ofSeconds(5));
        stop(pair, Duration.ofSeconds(12), answer.join());
        assertEquals(WebSocket.State.OPEN, opening.join().state());
        pair.end();
    }

    @Test
    @DisplayName("receive() with a limit takes what came meanwhile, and waits no longer for what did not")
    void receive() throws Exception {
        TestServer.Recorder recorder = new TestServer.Recorder();
        Thread receiver = Thread.currentThread();
        int[] looks = new int[1];
        try (TestServer server = TestServer.webSockets(() -> recorder)) {
            WebSocket[] peer = new WebSocket[1];
            // the receiver looks at the clock when it begins, before it waits, and after that
            CompletionPort jumping = SeenPort.of(server.port, (method, arguments) -> {
                if (!method.equals("nanoTime") || peer[0] == null || Thread.currentThread() != receiver) {
                    return null;
                }
                if (++looks[0] == 3) {
                    peer[0].send("came");
                }
                return System.nanoTime() + (looks[0] < 3 ? 0 : Duration.ofSeconds(12).toNanos());
            });
            try (WebSocket socket = WebSocketClient.connect(jumping, ClientOptions.defaults(), server.uri())) {
                peer[0] = recorder.socket();
                assertEquals("came", socket.receive(Duration.ofMillis(10)).text());
                assertEquals(IoError.TIMED_OUT,
                        assertThrows(IoException.class, () -> socket.receive(Duration.ofMillis(10))).error());
            }
        }
    }
}
