package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.Faults;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.MemoryBudget;
import io.iocp4j.core.SimulatedPort;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpPair;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What a connection of HTTP holds, and its end where memory is scarce")
class HttpMemoryTest {
    private static final int STEPS_MAX = 100_000;
    private static final Pattern STATUS = Pattern.compile("HTTP/1.1 (\\d+)");

    private final Simulation world = new Simulation(5, Faults.none(), new BufferPool(1 << 20));
    private final SimulatedPort port = new SimulatedPort(world, "port", 1);
    private final StringBuilder received = new StringBuilder();
    private final List<HttpExchange> asked = new ArrayList<>();
    private final List<InputStream> bodies = new ArrayList<>();
    private HttpConnection http;
    private TcpConnection server;
    private TcpConnection peer;
    private int messages;
    private boolean ended;

    @AfterEach
    void end() {
        port.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        assertEquals("[]", world.failures().toString());
        assertEquals(0, port.memory().used(Kind.HEAP), "charged at the end");
    }

    /** Paths that begin with "/later" wait for their answer; of "/later/body" the body is asked for as a stream. */
    private void connect() {
        http = new HttpConnection(ServerOptions.defaults(), request -> new WebSocketListener() {
            @Override
            public void onBinary(WebSocket socket, ByteBuffer data) {
                messages++;
            }
        }, exchange -> {
            if (exchange.request().path().startsWith("/later")) {
                asked.add(exchange);
                if (exchange.request().path().equals("/later/body")) {
                    bodies.add(exchange.bodyStream());
                }
            } else {
                exchange.respond(HttpResponse.text(200,
                        exchange.request().path().equals("/large") ? "x".repeat(200_000) : "small"));
            }
        }, new ServedConnection.Owner() { });
        var pair = TcpPair.open(port, TcpOptions.defaults().receive(16 << 10, 16 << 10), http, new TcpHandler() {
            @Override
            public void onData(TcpConnection connection, ByteBuffer data) {
                received.append(StandardCharsets.ISO_8859_1.decode(data));
            }

            @Override
            public void onEnd(TcpConnection connection) {
                ended = true;
            }

            @Override
            public void onClose(TcpConnection connection, CloseInfo why) {
                ended = true;
            }
        });
        server = pair.left();
        peer = pair.right();
        run();
    }

    private void run() {
        world.run(world.nanos() + Duration.ofSeconds(1).toNanos(), STEPS_MAX);
    }

    private void scarce() {
        server.execute(() -> http.onMemoryScarce(server, "too much"));
        run();
    }

    private String statuses() {
        return STATUS.matcher(received).results().map(match -> match.group(1)).collect(Collectors.joining(" "))
                + (ended ? " end" : "");
    }

    @Test
    @DisplayName("a request that was begun, or waits for its answer, is answered with 503")
    void underWay() {
        connect();
        peer.send(HttpFixture.bytes("GET / HT"));
        run();
        scarce();
        assertEquals("503 end", statuses());
        received.setLength(0);
        ended = false;
        connect();
        peer.send(HttpFixture.bytes(get("/later")));
        run();
        scarce();
        assertEquals("503 end", statuses());
    }

    @Test
    @DisplayName("where no request is under way nothing is said that a client could take for the answer to its "
            + "next one")
    void nothingUnderWay() {
        connect();
        scarce();
        assertEquals(" end", statuses());
        ended = false;
        connect();
        peer.send(HttpFixture.bytes(get("/")));
        run();
        scarce();
        assertEquals("200 end", statuses());
        received.setLength(0);
        ended = false;
        connect();
        peer.pause();
        peer.send(HttpFixture.bytes(get("/large")));
        run();
        scarce();
        peer.resume();
        run();
        assertEquals("200 end", statuses());
    }

    @Test
    @DisplayName("what waited behind a request is given back when the WebSocket has it")
    void handedOver() {
        connect();
        // fills its receive, so that the next one takes more
        String head = get("/").replaceFirst("\r\n\r\n$", "\r\nX: ");
        peer.send(HttpFixture.bytes(head + "x".repeat((4 << 10) - head.length() - 4) + "\r\n\r\n"));
        ByteArrayOutputStream next = new ByteArrayOutputStream();
        next.writeBytes(WireBytes.utf8(get("/later") + RawClient.upgradeHead("/")));
        for (int i = 0; i < 10; i++) {
            next.writeBytes(WireBytes.masked(0x82, new byte[1_000]));
        }
        peer.send(ByteBuffer.wrap(next.toByteArray()));
        run();
        assertEquals(1, asked.size());
        long waiting = server.memory().charged(Kind.HEAP);
        assertEquals(true, waiting > MemoryBudget.CONNECTION_BYTES + 10_000, "while it waits: " + waiting);
        asked.getFirst().respond(HttpResponse.text(200, "late"));
        run();
        assertEquals("200 200 101", statuses());
        assertEquals(10, messages);
        assertEquals(MemoryBudget.CONNECTION_BYTES, server.memory().charged(Kind.HEAP));
    }

    @Test
    @DisplayName("a body in chunks of one byte is charged for what each of them takes, and paused the sooner")
    void tinyChunks() throws IOException {
        connect();
        peer.send(HttpFixture.bytes(get("/later/body", "Transfer-Encoding: chunked")));
        String chunk = "1\r\nx\r\n";
        for (int i = 0; i < 10; i++) {
            peer.send(HttpFixture.bytes(chunk.repeat(1_000)));
            run();
        }
        int pieces = bodies.getFirst().available();
        long charged = server.memory().charged(Kind.HEAP);
        assertEquals(true, charged >= pieces * 64L, pieces + " pieces are charged " + charged + " bytes");
        assertEquals(10_000, read(bodies.getFirst(), 10_000));
    }

    /** Reads as many bytes, as far as they are there, while the world goes on. */
    private int read(InputStream in, int most) throws IOException {
        int count = 0;
        while (count < most && in.available() > 0) {
            count += in.read(new byte[in.available()]);
            run();
        }
        return count;
    }

    @Test
    @DisplayName("what a handler leaves of a body is given back with the answer, and the next request has its own")
    void unreadBody() throws IOException {
        connect();
        for (int i = 0; i < 3; i++) {
            peer.send(HttpFixture.bytes(get("/later/body", "Content-Length: 10000") + "x".repeat(10_000)));
            run();
            assertEquals('x', bodies.get(i).read());
            assertEquals(true, server.memory().charged(Kind.HEAP) >= MemoryBudget.CONNECTION_BYTES + 9_999);
            asked.get(i).respond(HttpResponse.of(204));
            run();
            assertEquals(MemoryBudget.CONNECTION_BYTES, server.memory().charged(Kind.HEAP));
        }
        assertEquals("204 204 204", statuses());
    }
}
