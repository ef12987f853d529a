package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.Faults;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpPair;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Requests, then an upgrade, then messages, sent without waiting for any answer")
class HandOverTest {
    private static final int ROUNDS = 5_000;
    private static final int SEEDS = 500;
    private static final String MESSAGES = "abcdefghijklmnopqrstuvwxyz0123456789";

    /** Everything that a server sends, as text. */
    private static final class Peer implements TcpHandler {
        final StringBuilder received = new StringBuilder();

        @Override
        public void onData(TcpConnection connection, ByteBuffer data) {
            received.append(StandardCharsets.ISO_8859_1.decode(data));
        }
    }

    @Test
    @DisplayName("in a simulated network, answered at once or later, paused and resumed in any order, for every "
            + "seed: nothing is lost "
            + "or doubled")
    void simulated() throws Throwable {
        Simulation.onThreadOfItsOwn(() -> {
            for (long seed = 0; seed < SEEDS; seed++) {
                try {
                    simulated(seed);
                } catch (IOException | AssertionError e) {
                    throw new AssertionError("seed " + seed, e);
                }
            }
        });
    }

    private static void simulated(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        Simulation world = new Simulation(seed, Faults.draw(random).harmless(), new BufferPool(1 << 20));
        StringBuilder handled = new StringBuilder();
        HttpHandler pages = exchange -> {
            handled.append(exchange.request().path());
            Runnable answer = () -> exchange.respond(HttpResponse.text(200, exchange.request().path()));
            if (random.nextBoolean()) {
                answer.run();
            } else {
                world.later(random.nextLong(1_000_000), answer);
            }
        };
        Duration patience = Duration.ofHours(1);
        VirtualPair pair = new VirtualPair(world, o -> o.requestTimeout(patience).keepAliveTimeout(patience)
                .heartbeat(Duration.ZERO, Duration.ofSeconds(1)), pages);
        pair.server.behindText = () -> {
            if (random.nextInt(4) == 0) {
                pauseOrResume(pair.server.socket, random);
            }
        };
        Peer peer = new Peer();
        // the server may be paused for long, which a client is not to take for a peer that is gone
        TcpOptions options = TcpOptions.defaults().writeTimeout(Duration.ZERO);
        TcpConnection connection = TcpClient.connect(pair.port, options, pair.listening.address(), peer);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        StringBuilder asked = new StringBuilder();
        StringBuilder texts = new StringBuilder();
        for (int i = 0, n = random.nextInt(8); i < n; i++) {
            asked.append("/").append(i);
            all.writeBytes(WireBytes.utf8(HttpFixture.get("/" + i)));
        }
        all.writeBytes(WireBytes.utf8(RawClient.upgradeHead("/ws")));
        for (int i = 0, n = random.nextInt(200); i < n; i++) {
            texts.append(i).append(' ');
            all.writeBytes(WireBytes.masked(0x81, Integer.toString(i)));
        }
        ByteBuffer bytes = ByteBuffer.wrap(all.toByteArray());
        while (bytes.hasRemaining()) {
            int length = Math.min(bytes.remaining(), random.nextInt(1, 2000));
            connection.send(bytes.slice(bytes.position(), length));
            bytes.position(bytes.position() + length);
            for (int n = random.nextInt(3); n > 0; n--) {
                world.later(random.nextLong(100_000), () -> {
                    if (pair.server.socket != null) {
                        pauseOrResume(pair.server.socket, random);
                    }
                });
            }
            pair.run(Duration.ofNanos(random.nextLong(10_000)));
        }
        pair.run(Duration.ofMinutes(20));
        pair.server.behindText = () -> { };
        if (pair.server.socket != null) {
            pair.server.socket.resume();
        }
        pair.run(Duration.ofMinutes(20));
        assertEquals(asked.toString(), handled.toString());
        assertEquals(asked.length() / 2 + 1, peer.received.toString().split("HTTP/1.1 ", -1).length - 1);
        assertTrue(peer.received.toString().contains("HTTP/1.1 101 "), peer.received::toString);
        assertEquals(texts.toString(), pair.server.texts.toString());
        assertNull(pair.server.end);
        pair.end();
    }

    private static void pauseOrResume(WebSocket socket, SplittableRandom random) {
        for (int n = random.nextInt(1, 4); n > 0; n--) {
            if (random.nextBoolean()) {
                socket.pause();
            } else {
                socket.resume();
            }
        }
    }

    @Test
    @Timeout(180)
    @DisplayName("a thread of the application that pauses and resumes from the first moment on: every message "
            + "comes once and in order")
    void racing() throws Exception {
        AtomicReference<WebSocket> opened = new AtomicReference<>();
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread pausing = Thread.ofPlatform().name("pausing").start(() -> {
            while (!done.isDone()) {
                WebSocket socket = opened.get();
                if (socket != null) {
                    socket.pause();
                    socket.resume();
                }
            }
        });
        try (CompletionPort port = CompletionPort.open()) {
            for (int round = 0; round < ROUNDS; round++) {
                round(port, opened);
            }
        } finally {
            done.complete(null);
            pausing.join();
        }
    }

    private static void round(CompletionPort port, AtomicReference<WebSocket> opened) throws Exception {
        StringBuffer texts = new StringBuffer();
        CompletableFuture<String> last = new CompletableFuture<>();
        WebSocketListener listener = new WebSocketListener() {
            @Override
            public void onOpen(WebSocket socket) {
                opened.set(socket);
            }

            @Override
            public void onText(WebSocket socket, String text) {
                texts.append(text.charAt(0));
                if (texts.length() == MESSAGES.length()) {
                    last.complete(texts.toString());
                }
            }

            @Override
            public void onClose(WebSocket socket, CloseStatus why) {
                last.complete(texts + " and then " + why);
            }
        };
        HttpConnection server = new HttpConnection(ServerOptions.defaults(), request -> listener,
                exchange -> exchange.respond(HttpResponse.text(200, "page")), new ServedConnection.Owner() { });
        Peer peer = new Peer();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(WireBytes.utf8(HttpFixture.get("/")));
        all.writeBytes(WireBytes.utf8(RawClient.upgradeHead("/")));
        for (char message : MESSAGES.toCharArray()) {
            all.writeBytes(WireBytes.masked(0x81, Character.toString(message).repeat(60)));
        }
        // the first receive has the page, the upgrade and some messages, the others only messages
        TcpConnection connection = TcpPair.open(port, TcpOptions.defaults().receive(400, 400), server, peer).right();
        connection.send(ByteBuffer.wrap(all.toByteArray()));
        assertEquals(MESSAGES, last.get(20, TimeUnit.SECONDS));
        opened.set(null);
        connection.abort();
        connection.closed().get(20, TimeUnit.SECONDS);
    }
}
