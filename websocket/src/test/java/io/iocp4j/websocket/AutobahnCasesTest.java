package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CodecEvents;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table of {@link AutobahnCase} against our server, our client and, to see that it can fail, against peers that are
 * wrong.
 */
@DisplayName("Autobahn, sections 1 to 7")
@Timeout(180)
@TestInstance(Lifecycle.PER_CLASS)
class AutobahnCasesTest {
    private static final Map<String, Integer> COUNTS =
            new TreeMap<>(Map.of("1", 16, "2", 11, "3", 7, "4", 10, "5", 20, "6", 145, "7", 37));

    /** Cases in which the peer breaks no rule. */
    private static final int VALID = 127;

    private TestServer server;
    private CompletionPort port;

    @BeforeAll
    void start() throws IOException {
        server = TestServer.echo();
        port = CompletionPort.open();
    }

    @AfterAll
    void stop() {
        if (server != null) {
            server.close();
        }
        if (port != null) {
            port.close();
        }
    }

    static List<AutobahnCase> all() throws IOException {
        return AutobahnCase.all();
    }

    @Test
    @DisplayName("the table has every case once")
    void complete() throws IOException {
        Map<String, Integer> counts = new TreeMap<>();
        all().forEach(c -> counts.merge(c.number().substring(0, 1), 1, Integer::sum));
        assertEquals(COUNTS, counts);
        assertEquals(all().size(), all().stream().map(AutobahnCase::number).distinct().count());
    }

    @ParameterizedTest(name = "codec, {0}")
    @MethodSource("all")
    @DisplayName("case")
    void codec(AutobahnCase c) {
        for (boolean mask : new boolean[] {true, false}) {
            byte[] wire = c.wire(mask);
            List<String> whole = new CodecEvents(Limits.defaults(), mask)
                    .feed(wire, CodecEvents.WHOLE, ByteBuffer::allocate);
            List<String> octets = new CodecEvents(Limits.defaults(), mask)
                    .feed(wire, CodecEvents.ONE_BYTE, ByteBuffer::allocate);
            assertEquals(whole, octets);
            assertEquals(c.isValid(), whole.stream().noneMatch(event -> event.startsWith("fail")), whole::toString);
        }
    }

    @ParameterizedTest(name = "server, {0}")
    @MethodSource("all")
    @DisplayName("case")
    void server(AutobahnCase c) throws IOException {
        assertEquals(c.expected(), ask(server.server.address(), c));
    }

    @ParameterizedTest(name = "client, {0}")
    @MethodSource("all")
    @DisplayName("case")
    void client(AutobahnCase c) throws Exception {
        CompletableFuture<List<String>> answers = new CompletableFuture<>();
        try (RawServer peer = new RawServer(client -> {
            client.request().send(client.switching());
            answers.complete(c.talk(client.socket, false));
        })) {
            WebSocket socket = WebSocketClient.connectAsync(port,
                    ClientOptions.defaults().tcp(TcpOptions.defaults().lingerTimeout(Duration.ofSeconds(1))),
                    peer.uri("/"), new TestServer.Echo()).get(TestServer.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            assertEquals(c.expected(), answers.get(TestServer.DEADLINE.toSeconds(), TimeUnit.SECONDS));
            socket.closed().get(TestServer.DEADLINE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    @DisplayName("a peer that answers everything and checks nothing passes exactly the cases without a violation")
    void naivePeer() throws IOException {
        List<String> passed = new ArrayList<>();
        List<String> valid = new ArrayList<>();
        for (AutobahnCase c : all()) {
            if (judge(c, AutobahnCasesTest::echoUnchecked)) {
                passed.add(c.number());
            }
            if (c.isValid()) {
                valid.add(c.number());
            }
        }
        assertEquals(valid, passed);
        assertEquals(VALID, valid.size());
    }

    @Test
    @DisplayName("a peer that ends at once passes no case")
    void silentPeer() throws IOException {
        for (AutobahnCase c : all()) {
            assertFalse(judge(c, Socket::shutdownOutput), c.number());
        }
    }

    @Test
    @DisplayName("a peer that fails each connection with 1002 passes no case that begins with something valid")
    void refusingPeer() throws IOException {
        for (AutobahnCase c : all()) {
            boolean passed = judge(c, socket -> {
                socket.getOutputStream().write(WireBytes.unmasked(0x88, WireBytes.hex("03ea")));
                socket.shutdownOutput();
            });
            assertEquals(c.expected().equals(List.of("88:03ea")), passed, c.number());
        }
    }

    private interface Peer {
        void talk(Socket socket) throws IOException;
    }

    /** Whether a peer behind the handshake passes the case. */
    private static boolean judge(AutobahnCase c, Peer peer) throws IOException {
        try (RawServer server = new RawServer(client -> {
            client.request().send(client.switching());
            peer.talk(client.socket);
            client.awaitEnd();
        })) {
            return c.expected().equals(ask(server.address(), c));
        }
    }

    private static List<String> ask(InetSocketAddress server, AutobahnCase c) throws IOException {
        try (RawClient client = new RawClient(server).upgrade()) {
            return c.talk(client.socket(), true);
        }
    }

    /** Puts fragments together, echoes, answers pings, echoes a Close frame and ends; looks at no rule. */
    private static void echoUnchecked(Socket socket) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(socket.getInputStream().readAllBytes());
        OutputStream out = socket.getOutputStream();
        byte[] message = {};
        int type = 0;
        while (in.hasRemaining()) {
            AutobahnCase.Frame frame;
            try {
                frame = AutobahnCase.read(in, true);
            } catch (BufferUnderflowException cut) {
                break;
            }
            int opcode = frame.firstOctet() & 0xF;
            if (opcode == 8) {
                out.write(WireBytes.unmasked(0x88, frame.payload()));
                break;
            } else if (opcode == 9) {
                out.write(WireBytes.unmasked(0x8A, frame.payload()));
            } else if (opcode < 3) {
                type = opcode == 0 ? type : opcode;
                message = WireBytes.join(message, frame.payload());
                if (frame.firstOctet() >= 0x80) {
                    out.write(WireBytes.unmasked(0x80 | type, message));
                    message = new byte[0];
                }
            }
        }
        socket.shutdownOutput();
    }
}
