package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.IOException;
import java.io.OutputStream;
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

/** What our server and other people's client have to do with each other. */
@Tag("e2e")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
abstract class ForeignClientContract {
    private final TestServer.EchoRecorder recorder = new TestServer.EchoRecorder();
    private TestServer server;

    /** A client with deflate off, on, fresh (without context takeover) or window9 (of 512 bytes on both sides). */
    abstract ForeignPeer client(String deflate, String address) throws IOException;

    @BeforeEach
    void start() throws IOException {
        TcpOptions options = TestServer.LOOPBACK.maxSendQueue(2 * ForeignPeer.LARGEST);
        server = new TestServer(options, o -> o.limits(ForeignPeer.LIMITS).deflate(Deflate.on().threshold(0))
                .heartbeat(Duration.ZERO, ForeignPeer.LIMIT), request -> recorder);
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(strings = {"off", "on", "fresh", "window9"})
    @DisplayName("messages of every kind and of up to 16 MiB come back as they were")
    void echo(String deflate) throws Exception {
        try (ForeignPeer client = open(deflate)) {
            for (int length : ForeignPeer.LENGTHS) {
                for (String kind : new String[] {"text", "binary"}) {
                    client.tell(kind + " " + length);
                    client.expect(ForeignPeer.message(kind, ForeignPeer.numbers(length)));
                }
            }
            client.tell("say \u00e4 \u20ac \ud83d\ude80");
            client.expect(ForeignPeer.text("\u00e4 \u20ac \ud83d\ude80"));
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(strings = {"off", "on", "fresh", "window9"})
    @DisplayName("fragments of either side become one message")
    void fragments(String deflate) throws Exception {
        String whole = ForeignPeer.message("binary", ForeignPeer.numbers(1_000_000));
        try (ForeignPeer client = open(deflate)) {
            for (int count : new int[] {2, 10, 1000}) {
                client.tell("fragments 1000000 " + count);
                client.expect(whole);
            }
            try (OutputStream fragments = recorder.socket().outputStream()) {
                fragments.write(ForeignPeer.numbers(1_000_000));
            }
            client.expect(whole);
        }
    }

    @Test
    @DisplayName("a ping of the client is answered")
    void ping() throws Exception {
        try (ForeignPeer client = open("off")) {
            client.tell("ping there?");
            client.expect("pong there?");
        }
    }

    @Test
    @DisplayName("a close of the client: both sides know its code and its reason")
    void closeOfTheClient() throws Exception {
        try (ForeignPeer client = open("off")) {
            client.tell("close 4001 enough \u00fc");
            client.expect("closed 4001 enough \u00fc");
            CloseStatus end = recorder.end();
            assertEquals(new CloseStatus(4001, "enough \u00fc", Initiator.REMOTE, true), end);
        }
    }

    @Test
    @DisplayName("a close of the server: both sides know its code and its reason")
    void closeOfTheServer() throws Exception {
        try (ForeignPeer client = open("off")) {
            WebSocket socket = recorder.socket();
            socket.close(4002, "go \u00fc");
            client.expect("closed 4002 go \u00fc");
            assertEquals(4002, recorder.end().code());
            CloseStatus end = socket.closed().orTimeout(TestServer.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
            assertEquals(new CloseStatus(4002, "go \u00fc", Initiator.LOCAL, true), end);
        }
    }

    @Test
    @DisplayName("a client that vanishes closes with 1006, and not in good order")
    void vanish() throws Exception {
        try (ForeignPeer client = open("off")) {
            client.tell("vanish");
            CloseStatus end = recorder.end();
            assertEquals(CloseCode.ABNORMAL, end.code());
            assertFalse(end.clean());
        }
    }

    private ForeignPeer open(String deflate) throws Exception {
        ForeignPeer client = client(deflate, server.uri().toString());
        try {
            String event = client.next();
            assertTrue(event.startsWith("open"), event);
            assertEquals(!deflate.equals("off"), event.contains("permessage-deflate"), event);
            return client;
        } catch (Throwable e) {
            client.close();
            throw e;
        }
    }
}
