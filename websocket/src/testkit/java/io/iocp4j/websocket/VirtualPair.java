package io.iocp4j.websocket;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Faults;
import io.iocp4j.core.SimulatedPort;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.http.HttpHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * A server and a client on a simulated network without faults, in virtual time; the test drives it, and is every
 * worker.
 */
final class VirtualPair {
    static final int STEPS_MAX = 1_000_000;

    final Simulation world;
    final SimulatedPort port;
    final Seen server = new Seen();
    final Seen client = new Seen();
    final WebSocketServer listening;

    /** What an end was told, and when. */
    final class Seen implements WebSocketListener {
        WebSocket socket;
        CloseStatus end;
        long endNanos;
        int pings;
        int pongs;
        long binaryBytes;
        final StringBuilder texts = new StringBuilder();
        Runnable behindText = () -> { };

        @Override
        public void onOpen(WebSocket opened) {
            socket = opened;
        }

        @Override
        public void onText(WebSocket receiver, String text) {
            texts.append(text).append(' ');
            behindText.run();
        }

        @Override
        public void onBinary(WebSocket receiver, ByteBuffer data) {
            binaryBytes += data.remaining();
        }

        @Override
        public void onPing(WebSocket receiver, ByteBuffer payload) {
            pings++;
        }

        @Override
        public void onPong(WebSocket receiver, ByteBuffer payload) {
            pongs++;
        }

        @Override
        public void onClose(WebSocket closed, CloseStatus why) {
            if (end != null) {
                throw new AssertionError("a second onClose: " + end + " and " + why);
            }
            end = why;
            endNanos = world.nanos();
        }
    }

    VirtualPair(UnaryOperator<ServerOptions> options) throws IOException {
        this(new Simulation(1, Faults.none(), new BufferPool(1 << 20)), options, HttpHandler.none());
    }

    /** On a network of which the test has said how good it is. */
    VirtualPair(Simulation world, UnaryOperator<ServerOptions> options, HttpHandler requests) throws IOException {
        this.world = world;
        this.port = new SimulatedPort(world, "port", 2);
        // what cuts a peer here is WebSocket's own
        TcpOptions tcp = TcpOptions.defaults().loopback(0).writeTimeout(Duration.ZERO);
        listening = WebSocketServer.listen(port, options.apply(ServerOptions.defaults()).tcp(tcp), request -> server,
                requests);
    }

    void connectClient(WebSocketOptions<?> settings) throws IOException {
        ClientEnd.connect(port, listening.address(), client, settings);
        run(Duration.ofMillis(500));
    }

    /** A client that opens a WebSocket and then sends every second what it is told, or nothing, and answers nothing. */
    TcpConnection connectMute(byte[] everySecond) throws IOException {
        InetSocketAddress address = listening.address();
        TcpConnection mute = TcpClient.connect(port, TcpOptions.defaults(), address, new TcpHandler() {
            @Override
            public void onOpen(TcpConnection connection) {
                connection.send(ByteBuffer.wrap(WireBytes.utf8(RawClient.upgradeHead("/"))));
                again(connection);
            }

            private void again(TcpConnection connection) {
                if (everySecond.length > 0) {
                    connection.schedule(Duration.ofSeconds(1), () -> {
                        connection.send(ByteBuffer.wrap(everySecond));
                        again(connection);
                    });
                }
            }
        });
        run(Duration.ofMillis(500));
        return mute;
    }

    void run(Duration time) {
        // an action of the driver marks the end: without it the clock stays at the last thing that was due
        world.later(time.toNanos(), () -> { });
        world.run(world.nanos() + time.toNanos(), STEPS_MAX);
        if (!world.failures().isEmpty()) {
            throw new AssertionError(world.failures().getFirst());
        }
    }

    void end() {
        port.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        if (world.isAtRest() && port.counters().outstanding() != 0) {
            throw new AssertionError("outstanding: " + port.counters());
        }
    }
}
