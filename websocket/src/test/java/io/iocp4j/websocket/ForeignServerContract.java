package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What our client and other people's server have to do with each other. */
@Tag("e2e")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
abstract class ForeignServerContract {
    private final Received received = new Received();
    private CompletionPort port;

    /** A server that accepts deflate or not, see {@link ForeignClientContract#client}. */
    abstract ForeignPeer server(String deflate) throws IOException;

    @BeforeEach
    void start() throws IOException {
        port = CompletionPort.open();
    }

    @AfterEach
    void stop() {
        port.close();
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(strings = {"off", "on", "fresh", "window9"})
    @DisplayName("messages of every kind and of up to 16 MiB arrive, and come back as they were")
    void echo(String deflate) throws Exception {
        try (ForeignPeer server = server(deflate)) {
            WebSocket socket = open(server, deflate);
            for (int length : ForeignPeer.LENGTHS) {
                byte[] numbers = ForeignPeer.numbers(length);
                socket.trySend(new String(numbers, StandardCharsets.US_ASCII));
                expect(server, ForeignPeer.message("text", numbers));
                socket.trySend(numbers);
                expect(server, ForeignPeer.message("binary", numbers));
            }
            socket.trySend("\u00e4 \u20ac \ud83d\ude80");
            expect(server, ForeignPeer.text("\u00e4 \u20ac \ud83d\ude80"));
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(strings = {"off", "on", "fresh", "window9"})
    @DisplayName("fragments of either side become one message")
    void fragments(String deflate) throws Exception {
        byte[] numbers = ForeignPeer.numbers(1_000_000);
        try (ForeignPeer server = server(deflate)) {
            WebSocket socket = open(server, deflate);
            for (int count : new int[] {2, 10, 1000}) {
                command(server, socket, "fragments 1000000 " + count);
                assertEquals(ForeignPeer.message("binary", numbers), received.event());
            }
            try (OutputStream fragments = socket.outputStream()) {
                fragments.write(numbers);
            }
            expect(server, ForeignPeer.message("binary", numbers));
        }
    }

    @Test
    @DisplayName("the server answers a ping, and the client the server's")
    void ping() throws Exception {
        try (ForeignPeer server = server("off")) {
            WebSocket socket = open(server, "off");
            socket.ping(ByteBuffer.wrap("there?".getBytes(StandardCharsets.US_ASCII)));
            assertEquals("pong there?", received.event());
            command(server, socket, "ping here?");
            server.expect("pong here?");
        }
    }

    @Test
    @DisplayName("a close of the client: both sides know its code and its reason")
    void closeOfTheClient() throws Exception {
        try (ForeignPeer server = server("off")) {
            WebSocket socket = open(server, "off");
            socket.close(4001, "enough \u00fc");
            server.expect("closed 4001 enough \u00fc");
            assertEquals(4001, received.end().code());
            assertEquals(new CloseStatus(4001, "enough \u00fc", Initiator.LOCAL, true), closed(socket));
        }
    }

    @Test
    @DisplayName("a close of the server: both sides know its code and its reason")
    void closeOfTheServer() throws Exception {
        try (ForeignPeer server = server("off")) {
            WebSocket socket = open(server, "off");
            command(server, socket, "close 4002 go \u00fc");
            server.expect("closed 4002 go \u00fc");
            CloseStatus expected = new CloseStatus(4002, "go \u00fc", Initiator.REMOTE, true);
            assertEquals(expected, received.end());
            assertEquals(expected, closed(socket));
        }
    }

    @Test
    @DisplayName("a server that vanishes closes with 1006, and not in good order")
    void vanish() throws Exception {
        try (ForeignPeer server = server("off")) {
            command(server, open(server, "off"), "vanish");
            CloseStatus end = received.end();
            assertEquals(CloseCode.ABNORMAL, end.code());
            assertFalse(end.clean());
        }
    }

    private WebSocket open(ForeignPeer server, String deflate) throws Exception {
        String listening = server.next();
        assertTrue(listening.startsWith("listening "), listening);
        URI uri = URI.create("ws://localhost:" + listening.substring("listening ".length()) + "/");
        WebSocket socket = WebSocketClient.connectAsync(port,
                ClientOptions.defaults().tcp(TcpOptions.defaults().maxSendQueue(2 * ForeignPeer.LARGEST))
                .limits(ForeignPeer.LIMITS).deflate(Deflate.on().threshold(0))
                .heartbeat(Duration.ZERO, ForeignPeer.LIMIT), uri, received)
                .orTimeout(TestServer.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
        String event = server.next();
        assertTrue(event.startsWith("open"), event);
        assertEquals(!deflate.equals("off"), event.contains("permessage-deflate"), event);
        return socket;
    }

    /** The message of our client arrived as it should, and so did its echo. */
    private void expect(ForeignPeer server, String event) throws InterruptedException {
        server.expect(event);
        assertEquals(event, received.event());
    }

    private static void command(ForeignPeer server, WebSocket socket, String command) throws InterruptedException {
        socket.trySend(ForeignPeer.COMMAND + command);
        server.expect(ForeignPeer.text(ForeignPeer.COMMAND + command));
    }

    private static CloseStatus closed(WebSocket socket) {
        return socket.closed().orTimeout(TestServer.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
    }

    /** Tells of messages as the other side does. */
    private static final class Received extends TestServer.Recorder {
        @Override
        public void onText(WebSocket socket, String text) throws IOException {
            events.add(ForeignPeer.text(text));
        }

        @Override
        public void onBinary(WebSocket socket, ByteBuffer data) throws IOException {
            events.add(ForeignPeer.message("binary", WireBytes.remaining(data)));
        }

        String event() throws InterruptedException {
            return TestServer.take(events);
        }
    }
}
