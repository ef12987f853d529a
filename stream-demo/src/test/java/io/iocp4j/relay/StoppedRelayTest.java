package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Faults;
import io.iocp4j.core.SimulatedPort;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.UpgradeHandler;
import io.iocp4j.websocket.WebSocketServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Uses virtual time, in which a stop of the process is a jump of the clock. */
@DisplayName("The time limits of a relay whose process was stopped for a longer time")
class StoppedRelayTest {
    private static final int STEPS_MAX = 100_000;
    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofSeconds(15);
    private static final Duration STOPPED = Duration.ofSeconds(20);

    private final Simulation world = new Simulation(1, Faults.none(), new BufferPool(1 << 20));
    private final SimulatedPort port = new SimulatedPort(world, "port", 1);
    private final Settings settings = Settings.defaults().with(ServeSettings.GRACE, GRACE)
            .with(ServeSettings.PUBLISHER_TIMEOUT, SILENCE);
    private final RelayHub hub = new RelayHub(settings, port, Clock.systemUTC());
    private WebSocketServer server;

    /** A publisher that sends an init segment and a frame, and keeps the answer. */
    private final class Publisher implements TcpHandler {
        final StringBuilder answer = new StringBuilder();
        final TcpConnection connection;

        Publisher() throws IOException {
            connection = TcpClient.connect(port, TcpOptions.defaults(), server.address(), this);
        }

        @Override
        public void onOpen(TcpConnection opened) {
            String head = "PUT /publish/cam1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
            send(head.getBytes(StandardCharsets.US_ASCII));
            send(Sample.INIT);
            send(Sample.unit(0));
        }

        @Override
        public void onData(TcpConnection receiver, ByteBuffer data) {
            answer.append(StandardCharsets.ISO_8859_1.decode(data));
        }

        void send(byte[] bytes) {
            connection.send(ByteBuffer.wrap(bytes));
        }
    }

    @BeforeEach
    void listen() throws IOException {
        server = WebSocketServer.listen(port, ServerOptions.defaults().minBodyRate(0).loopback(0),
                UpgradeHandler.none(),
                exchange -> exchange.body(new Ingest("cam1", RelayRig.visit(), hub, exchange, port, SILENCE)));
    }

    @AfterEach
    void nothingIsLeft() {
        hub.endAll(1001, "the test is over");
        server.close();
        port.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        assertEquals(0, port.buffers().usedBytes());
    }

    private void run(Duration length) {
        long until = world.nanos() + length.toNanos();
        world.run(until, STEPS_MAX);
        // the next event is later
        world.jump(Math.max(0, until - world.nanos()));
    }

    /** Returns the state and the number of frames of the stream. */
    private String stream() {
        RelayStream stream = hub.find("cam1");
        return stream == null ? "none"
                : stream.json().replaceFirst(".*\"state\":\"(\\w+)\".*\"framesIn\":(\\d+).*", "$1 $2");
    }

    @Test
    @DisplayName("a publisher whose frame arrived during the stop continues")
    void publisherSent() throws IOException {
        Publisher publisher = new Publisher();
        run(Duration.ofSeconds(8));
        assertEquals("live 1", stream());
        world.jump(STOPPED.toNanos());
        publisher.send(Sample.unit(1));
        run(Duration.ofSeconds(8));
        assertEquals("live 2", stream());
        assertEquals("", publisher.answer.toString());
    }

    @Test
    @DisplayName("a publisher that sent nothing during the stop is answered with 408")
    void publisherSilent() throws IOException {
        Publisher publisher = new Publisher();
        run(Duration.ofSeconds(8));
        world.jump(STOPPED.toNanos());
        run(Duration.ofSeconds(4));
        assertTrue(publisher.answer.toString().startsWith("HTTP/1.1 408 "), publisher.answer::toString);
        assertEquals("waiting 1", stream());
    }

    @Test
    @DisplayName("a stream whose publisher came back during the stop continues; without a publisher it ends")
    void publisherBack() throws IOException {
        Publisher first = new Publisher();
        run(Duration.ofSeconds(1));
        first.connection.abort();
        run(Duration.ofSeconds(14));
        assertEquals("waiting 1", stream());
        RelayStream before = hub.find("cam1");
        Publisher second = new Publisher();
        world.jump(STOPPED.toNanos());
        run(Duration.ofSeconds(2));
        assertEquals("live 2", stream());
        assertEquals(before, hub.find("cam1"));

        second.connection.abort();
        run(Duration.ofSeconds(14));
        assertNotNull(hub.find("cam1"));
        world.jump(STOPPED.toNanos());
        run(Duration.ofSeconds(2));
        assertNull(hub.find("cam1"));
    }
}
