package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.Faults;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.SimulatedPort;
import io.iocp4j.core.Simulation;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.http.HttpException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Two WebSockets that are joined in memory")
class WebSocketPairTest {
    @Test
    @DisplayName("talk with the blocking API, large messages both ways at once, and end clean")
    void blocking() throws Exception {
        try (CompletionPort port = CompletionPort.open()) {
            WebSocketPair pair = WebSocketPair.open(port);
            byte[] large = new byte[900_000];
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                try {
                    pair.client().send("from the client");
                    pair.client().send(large);
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            pair.server().send("from the server");
            pair.server().send(large);
            assertEquals("from the server", pair.client().receive().text());
            assertEquals(large.length, pair.client().receive().data().remaining());
            assertEquals("from the client", pair.server().receive().text());
            assertEquals(large.length, pair.server().receive().data().remaining());
            sent.get(10, TimeUnit.SECONDS);
            pair.close();
            assertTrue(pair.client().closed().get(10, TimeUnit.SECONDS).clean());
            assertTrue(pair.server().closed().get(10, TimeUnit.SECONDS).clean());
            assertNull(pair.server().receive());
        }
    }

    @Test
    @DisplayName("say in every call after the end which side ended them, with status and reason")
    void callsAfterTheEnd() throws Exception {
        try (CompletionPort port = CompletionPort.open()) {
            WebSocketPair pair = WebSocketPair.open(port);
            pair.client().close(CloseCode.NORMAL, "done");
            String local = "closed by this side with status 1000: done";
            assertEquals("send: " + local,
                    assertThrows(WebSocketException.class, () -> pair.client().send("late")).getMessage());
            assertEquals("ping: " + local, failure(pair.client().ping()).getMessage());
            IoException late = assertInstanceOf(IoException.class, failure(pair.client().sendAsync(Message.text("x"))));
            assertEquals(IoError.OPERATION_ABORTED, late.error());
            assertTrue(late.getMessage().endsWith(": send: " + local), late.getMessage());
            pair.server().closed().get(10, TimeUnit.SECONDS);
            assertEquals("send: closed by the peer with status 1000: done",
                    assertThrows(WebSocketException.class, () -> pair.server().send("late")).getMessage());
            pair.client().closed().get(10, TimeUnit.SECONDS);
        }
        CloseStatus lost = new CloseStatus(CloseCode.ABNORMAL, "", Initiator.REMOTE, false);
        assertEquals("send: ended by the peer without a Close frame",
                new WebSocketException("send", lost).getMessage());
        CloseStatus empty = new CloseStatus(CloseCode.NO_STATUS, "", Initiator.REMOTE, true);
        assertEquals("send: closed by the peer without a status", new WebSocketException("send", empty).getMessage());
        assertEquals("send", new WebSocketException("send", null).getMessage());
    }

    private static Throwable failure(CompletableFuture<?> future) {
        return assertThrows(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS)).getCause();
    }

    @Test
    @DisplayName("are opened by the real handshake: subprotocol, fields, compression, and a refusal with its status")
    void handshake() throws Exception {
        Recorder recorder = new Recorder();
        try (CompletionPort port = CompletionPort.open()) {
            ServerOptions server = ServerOptions.defaults().subprotocols("v2").deflate(Deflate.on());
            UpgradeHandler upgrades = exchange -> {
                if (!"yes".equals(exchange.request().headers().first("X-Let-Me-In"))) {
                    throw new HttpException(401, "who are you?");
                }
                return recorder;
            };
            ClientOptions client = ClientOptions.defaults().subprotocols("v1", "v2").deflate(Deflate.on());
            CompletableFuture<WebSocketPair> refused =
                    WebSocketPair.openAsync(port, server, upgrades, client, new Recorder());
            ExecutionException thrown = assertThrows(ExecutionException.class, () -> refused.get(10, TimeUnit.SECONDS));
            assertEquals(401, assertInstanceOf(HandshakeException.class, thrown.getCause()).status());
            WebSocketPair pair = WebSocketPair.openAsync(port, server, upgrades, client.header("X-Let-Me-In", "yes"),
                    new Recorder())
                    .get(10, TimeUnit.SECONDS);
            assertEquals("v2", pair.server().handshake().subprotocol());
            assertEquals("v2", pair.client().handshake().subprotocol());
            assertEquals(1, pair.client().handshake().extensions().size());
            pair.client().trySend("text ".repeat(1000));
            assertEquals("text ".repeat(1000), TestServer.take(recorder.events));
            pair.server().close(4000, "enough");
            assertEquals(new CloseStatus(4000, "enough", Initiator.LOCAL, true),
                    pair.server().closed().get(10, TimeUnit.SECONDS));
            assertEquals(new CloseStatus(4000, "enough", Initiator.REMOTE, true),
                    pair.client().closed().get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    @DisplayName("an abort of one is 1006 for the other")
    void abort() throws Exception {
        Recorder atServer = new Recorder();
        Recorder atClient = new Recorder();
        try (CompletionPort port = CompletionPort.open()) {
            WebSocketPair pair = WebSocketPair.openAsync(port, ServerOptions.defaults(), request -> atServer,
                    ClientOptions.defaults(), atClient).get(10, TimeUnit.SECONDS);
            pair.client().abort();
            assertEquals(new CloseStatus(CloseCode.ABNORMAL, "aborted", Initiator.LOCAL, false), atClient.end());
            CloseStatus lost = atServer.end();
            assertEquals(CloseCode.ABNORMAL, lost.code());
            assertEquals(Initiator.REMOTE, lost.initiator());
        }
    }

    @Test
    @DisplayName("work on a simulated port, in virtual time")
    void simulated() {
        Simulation world = new Simulation(5, Faults.none(), new BufferPool(0));
        SimulatedPort port = new SimulatedPort(world, "port", 1);
        Recorder recorder = new Recorder();
        CompletableFuture<WebSocketPair> opening = WebSocketPair.openAsync(port,
                ServerOptions.defaults(), request -> recorder, ClientOptions.defaults(), new Recorder());
        world.run(Duration.ofSeconds(1).toNanos(), 100_000);
        WebSocketPair pair = opening.join();
        pair.client().trySend("in virtual time");
        pair.client().ping(ByteBuffer.allocate(0));
        world.run(Duration.ofHours(1).toNanos(), 1_000_000);
        assertEquals("in virtual time", recorder.events.poll());
        assertEquals(WebSocket.State.OPEN, pair.server().state());
        pair.client().close(1000, "");
        world.run(Duration.ofHours(2).toNanos(), 1_000_000);
        assertTrue(pair.server().closed().join().clean());
        assertThrows(IllegalStateException.class, () -> WebSocketPair.open(port), "who drives is the worker");
        port.close();
        world.run(Long.MAX_VALUE, 100_000);
        assertEquals(0, port.outstanding());
    }
}
