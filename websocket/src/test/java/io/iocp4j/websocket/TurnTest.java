package io.iocp4j.websocket;

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
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A peer that sends much work in few bytes, in virtual time")
class TurnTest {
    private static final int STEPS_MAX = 1_000_000;
    /** Ten looks at the clock are a turn. */
    private static final long LOOK_NANOS = MessageReceiver.TURN_NANOS_MAX / 10;
    private static final byte[] ZEROS = new byte[60_000];
    /** What arrives together. */
    private static final int RECEIVE = 12_000;

    private final BufferPool buffers = new BufferPool(1 << 20);
    private final Simulation world = new Simulation(1, Faults.none(), buffers).slowClock(LOOK_NANOS);
    private final SimulatedPort port = new SimulatedPort(world, "port", 2);
    /** The paths of the connections, in the order of the callbacks. */
    private final List<String> order = new ArrayList<>();
    private final List<End> ends = new ArrayList<>();
    private WebSocketServer server;
    private boolean pausing;

    /** The server's end of one connection. */
    private final class End implements WebSocketListener {
        private final String name;
        private WebSocket socket;
        private CloseStatus why;
        private long bytes;

        End(String name) {
            this.name = name;
        }

        @Override
        public void onOpen(WebSocket opened) {
            socket = opened;
        }

        @Override
        public void onText(WebSocket from, String text) {
            took(text.length());
        }

        @Override
        public void onPart(WebSocket from, boolean text, ByteBuffer part, boolean last) {
            took(part.remaining());
        }

        @Override
        public void onPing(WebSocket from, ByteBuffer payload) {
            took(0);
        }

        void took(int length) {
            assertNull(why, "told behind onClose");
            bytes += length;
            order.add(name);
            if (pausing) {
                socket.pause();
            }
        }

        @Override
        public void onClose(WebSocket closed, CloseStatus status) {
            why = status;
        }
    }

    private void serve(boolean parts) throws IOException {
        server = WebSocketServer.listen(port,
                ServerOptions.defaults().parts(parts).deflate(Deflate.on().maxRatio(Integer.MAX_VALUE))
                .tcp(TcpOptions.defaults().loopback(0).receive(RECEIVE, RECEIVE)), exchange -> {
            End end = new End(exchange.request().path());
            ends.add(end);
            return end;
        });
    }

    private TcpConnection connect(String path) throws IOException {
        InetSocketAddress address = server.address();
        TcpConnection peer = TcpClient.connect(port, TcpOptions.defaults(), address, new TcpHandler() {
            @Override
            public void onOpen(TcpConnection connection) {
                connection.send(ByteBuffer.wrap(WireBytes.utf8(RawClient.upgradeHead(path,
                        "Sec-WebSocket-Extensions: permessage-deflate"))));
            }
        });
        run(Duration.ofMillis(10));
        return peer;
    }

    private void run(Duration time) {
        world.later(time.toNanos(), () -> { });
        world.run(world.nanos() + time.toNanos(), STEPS_MAX);
        world.failures().forEach(thrown -> {
            throw new AssertionError(thrown);
        });
    }

    private void end() {
        port.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        assertEquals(0, port.outstanding());
        assertEquals(0, buffers.usedBytes());
    }

    private static byte[] compressed(byte[] message) {
        MessageDeflater deflater =
                new MessageDeflater(Deflater.BEST_COMPRESSION, false, MessageDeflater.WINDOW_BITS_MAX);
        byte[] frame = WireBytes.masked(0xC1, WireBytes.remaining(deflater.deflate(ByteBuffer.wrap(message), true)));
        deflater.release();
        return frame;
    }

    private static byte[] repeated(byte[] frame) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        while (out.size() + frame.length <= RECEIVE) {
            out.writeBytes(frame);
        }
        return out.toByteArray();
    }

    /** Sends the work and a message of somebody else, which must come behind this much of the work at the most. */
    private void isFair(byte[] work, int most) throws IOException {
        TcpConnection busy = connect("/busy");
        TcpConnection other = connect("/other");
        busy.send(ByteBuffer.wrap(work));
        other.send(ByteBuffer.wrap(WireBytes.masked(0x81, "hello")));
        run(Duration.ofSeconds(30));
        int place = order.indexOf("/other");
        assertTrue(place >= 0 && place <= most, "the other's message came behind " + place + " of " + order.size());
        assertTrue(order.size() > 3 * most, "hardly any work: " + order.size());
        assertNull(ends.getFirst().why);
        end();
    }

    @Test
    @DisplayName("messages of 60,000 bytes in 80: another connection has its turn after a few of 150, all come")
    void bombs() throws IOException {
        serve(false);
        byte[] frame = compressed(ZEROS);
        byte[] work = repeated(frame);
        isFair(work, 10);
        assertEquals((long) work.length / frame.length * ZEROS.length, ends.getFirst().bytes);
    }

    @Test
    @DisplayName("the same in parts")
    void bombsInParts() throws IOException {
        serve(true);
        byte[] frame = compressed(ZEROS);
        byte[] work = repeated(frame);
        isFair(work, 40);
        assertEquals((long) work.length / frame.length * ZEROS.length, ends.getFirst().bytes);
    }

    @Test
    @DisplayName("short messages")
    void frames() throws IOException {
        serve(false);
        isFair(repeated(WireBytes.masked(0x81, "x")), 200);
    }

    @Test
    @DisplayName("pings")
    void pings() throws IOException {
        serve(false);
        isFair(repeated(WireBytes.masked(0x89, "")), 200);
    }

    @Test
    @DisplayName("fragments of nothing")
    void fragments() throws IOException {
        serve(false);
        byte[] message = WireBytes.join(WireBytes.masked(0x01, ""), WireBytes.masked(0x00, ""),
                WireBytes.masked(0x00, ""),
                WireBytes.masked(0x80, "x"));
        isFair(repeated(message), 60);
    }

    @Test
    @DisplayName("a pause in the middle of a message in parts stops behind this part, and resume() goes on there")
    void pause() throws IOException {
        serve(true);
        pausing = true;
        connect("/pausing").send(ByteBuffer.wrap(compressed(ZEROS)));
        End end = ends.getFirst();
        for (int parts = 1; end.bytes < ZEROS.length; parts++) {
            run(Duration.ofSeconds(1));
            assertEquals(parts, order.size(), "parts came in a pause");
            end.socket.resume();
        }
        assertTrue(order.size() > 5);
        end();
    }

    @Test
    @DisplayName("a pause in a message that was cut by the end of a turn holds the messages behind it")
    void pauseBehindACut() throws IOException {
        serve(false);
        pausing = true;
        byte[] frame = compressed(new byte[60_000 * 3]);
        byte[] two = WireBytes.join(frame, WireBytes.masked(0x81, "a"), WireBytes.masked(0x81, "b"));
        connect("/pausing").send(ByteBuffer.wrap(two));
        for (int messages = 1; messages <= 3; messages++) {
            run(Duration.ofSeconds(1));
            assertEquals(messages, order.size());
            ends.getFirst().socket.resume();
        }
        end();
    }

    @Test
    @DisplayName("the peer's Close frame behind the work is answered in its turn; an abort or a close in between "
            + "ends it, and nothing "
            + "more is told")
    void ends() throws IOException {
        serve(false);
        byte[] work = WireBytes.join(repeated(compressed(ZEROS)), WireBytes.masked(0x88, new byte[] {3, (byte) 0xE8}));
        TcpConnection closing = connect("/closing");
        closing.send(ByteBuffer.wrap(work));
        run(Duration.ofSeconds(30));
        assertEquals(CloseCode.NORMAL, ends.get(0).why.code());
        assertTrue(ends.get(0).socket.closed().join().clean());

        connect("/aborted").send(ByteBuffer.wrap(work));
        untilSomeCame();
        ends.get(1).socket.abort();
        run(Duration.ofSeconds(1));
        assertNotNull(ends.get(1).why);

        connect("/closed").send(ByteBuffer.wrap(work));
        untilSomeCame();
        ends.get(2).socket.close(4000, "enough");
        run(Duration.ofSeconds(1));
        assertEquals(4000, ends.get(2).why.code());
        assertTrue(ends.get(2).socket.closed().join().clean(), "the peer's Close frame was not seen");

        TcpConnection lost = connect("/lost");
        lost.send(ByteBuffer.wrap(work));
        untilSomeCame();
        lost.abort();
        run(Duration.ofSeconds(30));
        assertNotNull(ends.get(3).why);
        end();
    }

    /** Until the connection that was opened last is in the middle of its work. */
    private void untilSomeCame() {
        order.clear();
        for (int steps = 0; order.size() < 3; steps++) {
            assertTrue(steps < STEPS_MAX && world.step());
        }
        assertTrue(order.size() < 20, "all of it in one turn: " + order.size());
    }
}
