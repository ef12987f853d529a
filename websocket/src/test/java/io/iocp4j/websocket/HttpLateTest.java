package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.Faults;
import io.iocp4j.core.SimulatedPort;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpPair;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** In virtual time, whose clock jumps. Each limit of the server is 10 s. */
@DisplayName("A time limit of HTTP that comes late, because the process was stopped")
class HttpLateTest {
    private static final int STEPS_MAX = 100_000;
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration STOPPED = Duration.ofSeconds(12);
    private static final Pattern STATUS = Pattern.compile("HTTP/1.1 (\\d+)");

    private final Simulation world = new Simulation(5, Faults.none(), new BufferPool(1 << 20));
    private final SimulatedPort port = new SimulatedPort(world, "port", 1);
    private final StringBuilder received = new StringBuilder();
    private TcpConnection peer;
    private boolean ended;

    @AfterEach
    void end() {
        port.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        assertEquals("[]", world.failures().toString());
        assertEquals(0, port.outstanding());
    }

    private void connect(HttpHandler pages, UnaryOperator<ServerOptions> changes) {
        ServerOptions options = changes.apply(ServerOptions.defaults().requestTimeout(LIMIT).keepAliveTimeout(LIMIT)
                .minBodyRate(100));
        HttpConnection server = new HttpConnection(options, UpgradeHandler.none(), pages,
                new ServedConnection.Owner() { });
        peer = TcpPair.open(port, TcpOptions.defaults(), server, new TcpHandler() {
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
        }).right();
        run(Duration.ofSeconds(1));
    }

    private void connect() {
        connect(exchange -> exchange.respond(HttpResponse.text(200, exchange.request().path())), b -> b);
    }

    private void send(String bytes) {
        peer.send(HttpFixture.bytes(bytes));
    }

    private void run(Duration time) {
        long until = world.nanos() + time.toNanos();
        world.run(until, STEPS_MAX);
        // what is due next is later
        world.jump(Math.max(0, until - world.nanos()));
    }

    private void stop() {
        run(LIMIT.minusSeconds(2));
        world.jump(STOPPED.toNanos());
    }

    private String statuses() {
        return STATUS.matcher(received).results().map(match -> match.group(1)).collect(Collectors.joining(" "))
                + (ended ? " end" : "");
    }

    @Test
    @DisplayName("a head whose end came meanwhile is served, one that is still incomplete is 408")
    void head() {
        connect();
        send("GET / HTTP/1.1\r\n");
        stop();
        send("Host: x\r\n\r\n");
        run(Duration.ofSeconds(2));
        assertEquals("200", statuses());
        send("GET / HTTP/1.1\r\n");
        stop();
        send("Host: x\r\n");
        run(Duration.ofSeconds(2));
        assertEquals("200 408 end", statuses());
    }

    @Test
    @DisplayName("a first request that came meanwhile is served, a connection without one ends")
    void first() {
        connect();
        stop();
        send(get("/"));
        run(Duration.ofSeconds(2));
        assertEquals("200", statuses());
    }

    @Test
    @DisplayName("a connection on which none came ends")
    void none() {
        connect();
        stop();
        run(Duration.ofSeconds(2));
        assertEquals(" end", statuses());
    }

    @Test
    @DisplayName("the next request on a kept connection that came meanwhile is served, and one that was only "
            + "begun has its time")
    void kept() {
        connect();
        send(get("/1"));
        stop();
        send(get("/2"));
        run(Duration.ofSeconds(2));
        assertEquals("200 200", statuses());
        stop();
        send("GET / HT");
        run(LIMIT.minusSeconds(1));
        assertEquals("200 200", statuses());
        run(Duration.ofSeconds(2));
        assertEquals("200 200 408 end", statuses());
    }

    @Test
    @DisplayName("an answer that was given meanwhile is sent, and where none was it is 503")
    void answer() {
        HttpExchange[] asked = new HttpExchange[1];
        connect(exchange -> asked[0] = exchange, b -> b.responseTimeout(LIMIT));
        send(get("/"));
        stop();
        asked[0].respond(HttpResponse.text(200, "late"));
        run(Duration.ofSeconds(2));
        assertEquals("200", statuses());
        send(get("/"));
        stop();
        run(Duration.ofSeconds(2));
        assertEquals("200 503 end", statuses());
    }

    /** Answers at the end of the body. */
    private static void upload(HttpExchange exchange) {
        exchange.body(new BodyListener() {
            @Override
            public void onBody(ByteBuffer data) {
            }

            @Override
            public void onBodyEnd() {
                exchange.respond(HttpResponse.of(204));
            }

            @Override
            public void onBodyAborted(String why) {
            }
        });
    }

    @Test
    @DisplayName("the least rate of a body does not count while the application pauses it, but the response "
            + "timeout does")
    void pausedBody() {
        HttpExchange[] asked = new HttpExchange[1];
        connect(exchange -> {
            asked[0] = exchange;
            exchange.pauseBody();
            upload(exchange);
        }, b -> b.responseTimeout(LIMIT.multipliedBy(3)));
        send(get("/", "Content-Length: 4000"));
        send("x".repeat(1000));
        run(LIMIT.multipliedBy(2));
        assertEquals("", statuses());
        asked[0].resumeBody();
        run(Duration.ofSeconds(1));
        asked[0].pauseBody();
        run(LIMIT.multipliedBy(2));
        assertEquals("", statuses());
        run(LIMIT.multipliedBy(2));
        assertEquals("503 end", statuses());
    }

    @Test
    @DisplayName("the response timeout counts while the application pauses a body, also where there is no least rate")
    void pausedBodyOfAnyRate() {
        connect(exchange -> {
            exchange.pauseBody();
            upload(exchange);
        }, b -> b.minBodyRate(0).responseTimeout(LIMIT.multipliedBy(3)));
        send(get("/", "Content-Length: 4000"));
        send("x".repeat(1000));
        run(LIMIT.multipliedBy(2));
        assertEquals("", statuses());
        run(LIMIT.multipliedBy(2));
        assertEquals("503 end", statuses());
    }

    @Test
    @DisplayName("a body that came fast enough meanwhile goes on, one that did not is 408")
    void body() {
        connect(HttpLateTest::upload, b -> b);
        send(get("/", "Content-Length: 4000"));
        stop();
        send("x".repeat(2000));
        run(Duration.ofSeconds(2));
        assertEquals("", statuses());
        stop();
        send("x".repeat(999));
        run(Duration.ofSeconds(2));
        assertEquals("408 end", statuses());
    }
}
