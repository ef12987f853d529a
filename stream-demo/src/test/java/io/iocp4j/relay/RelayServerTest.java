package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Viewers and publishers of a running relay")
@Timeout(120)
class RelayServerTest {
    private static final Duration LONG = Duration.ofSeconds(10);

    @Test
    @DisplayName("a viewer gets hello, the stream text, the init segment and the cached frames, then live frames")
    void joinLate() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(18);
            rig.awaitFrames(18);
            TestViewer viewer = rig.watch("cam1");
            assertEquals(RelayServer.SUBPROTOCOL, viewer.socket.getSubprotocol());
            Map<String, Object> hello = viewer.control("hello");
            assertEquals(1.0, hello.get("v"));
            assertTrue(hello.get("viewer").toString().startsWith("v"));
            assertTrue(hello.get("server").toString().startsWith("iocp4j "));
            Map<String, Object> stream = viewer.control("stream");
            assertEquals(Map.of("t", "stream", "state", "live", "epoch", 1.0, "container", "fmp4",
                    "mime", "video/mp4; codecs=\"avc1.42c00a\"", "w", 160.0, "h", 90.0), stream);
            TestViewer.Event init = viewer.next();
            assertEquals("init 0", init.toString());
            assertArrayEquals(Sample.INIT, init.payload());
            TestViewer.Event key = viewer.next();
            assertEquals("K15c", key.toString());
            assertArrayEquals(Sample.unit(15), key.payload());
            long seconds = key.header().getLong(8) / 1_000_000;
            assertTrue(Math.abs(seconds - Instant.now().getEpochSecond()) < 60, "time of origin");
            viewer.units("f16c", "f17c");
            publisher.frames(13);
            for (int i = 18; i < 31; i++) {
                TestViewer.Event live = viewer.next();
                assertEquals(i == 30 ? "K30" : "f" + i, live.toString());
                assertArrayEquals(Sample.unit(i), live.payload());
            }
        }
    }

    @Test
    @DisplayName("a viewer stays while its publisher restarts, and continues with a new init segment and a key frame")
    void publisherBack() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher first = rig.publish("cam1").init().frames(2);
            rig.awaitFrames(2);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c", "f1c");
            assertTrue(first.end().startsWith("HTTP/1.1 200 "));
            viewer.stream("waiting", 1);
            // the new publisher begins in the middle of a group of pictures
            rig.publish("cam1").init().skip(13).frames(4);
            viewer.stream("live", 2);
            viewer.units("init 2", "K4", "f5");
        }
    }

    @Test
    @DisplayName("a viewer that joins while there is no publisher gets the cached frames, and stays")
    void joinWhileWaiting() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.publish("cam1").init().frames(2).end();
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("waiting", 1);
            viewer.units("init 0", "K0c", "f1c");
            rig.publish("cam1").init().frames(1);
            viewer.stream("live", 2);
            viewer.units("init 2", "K2");
        }
    }

    @Test
    @DisplayName("if the publisher does not come back in time, the stream ends, and its viewers are closed with 4410")
    void graceOver() throws Exception {
        try (RelayRig rig = RelayRig.start(RelayRig.settings()
                .with(ServeSettings.GRACE, Duration.ofMillis(150)).with(ServeSettings.PUBLISHER_TIMEOUT, LONG))) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            publisher.end();
            viewer.stream("waiting", 1);
            viewer.stream("ended", 1);
            viewer.bye(4410);
            rig.watch("cam1").end(4404);
            assertEquals(List.of(), rig.streams());
            rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer again = rig.watch("cam1").greeted();
            again.stream("live", 1);
        }
    }

    @Test
    @DisplayName("a second publisher takes over: the first is answered with 409, viewers continue in the next epoch")
    void secondPublisher() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher first = rig.publish("cam1").init().frames(3);
            rig.awaitFrames(3);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c", "f1c", "f2c");
            rig.publish("cam1").init().frames(2);
            assertTrue(first.rest().startsWith("HTTP/1.1 409 "));
            viewer.stream("live", 2);
            viewer.units("init 3", "K3", "f4");
        }
    }

    @Test
    @DisplayName("a request without an init segment does not take the stream from its publisher")
    void noInit() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher first = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestPublisher second = rig.publish("cam1").chunk("<html>".getBytes());
            second.chunk(new byte[10]);
            assertTrue(second.rest().startsWith("HTTP/1.1 400 "));
            first.frames(1);
            rig.awaitFrames(2);
            assertEquals(1.0, rig.streams().getFirst().get("epoch"));
        }
    }

    @Test
    @DisplayName("a publisher at the path of the built-in picture is answered with 409, and viewers continue")
    void builtInPicture() throws Exception {
        try (RelayRig rig = RelayRig.start(RelayRig.settings().with(ServeSettings.TEST_PICTURE, true))) {
            TestViewer viewer = rig.watch("test").greeted();
            Map<String, Object> stream = viewer.control("stream");
            assertEquals("mjpeg", stream.get("container"));
            assertEquals("image/jpeg", stream.get("mime"));
            assertTrue(rig.publish("test").rest().startsWith("HTTP/1.1 409 "));
            for (int i = 0; i < 3; i++) {
                TestViewer.Event event = viewer.next();
                assertTrue(event.toString().startsWith("K"), event::toString);
                assertEquals((short) 0xFFD8, event.header().getShort(MediaUnit.HEADER_BYTES), "start of a JPEG image");
            }
            assertEquals(1.0, rig.streams().getFirst().get("epoch"));
        }
    }

    @Test
    @DisplayName("a page of another site cannot publish, and a foreign host name (DNS rebinding) is refused")
    void otherSites() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            String fromOtherSite = "POST /publish/cam1 HTTP/1.1\r\nHost: localhost\r\n"
                    + "Origin: http://evil.example\r\nContent-Length: 1\r\n\r\nx";
            assertTrue(rig.connect().send(fromOtherSite).rest().startsWith("HTTP/1.1 403 "));
            List<String> foreignHosts =
                    List.of("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example");
            for (String host : foreignHosts) {
                String rest = " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                assertTrue(rig.connect().send("GET /" + rest).rest().startsWith("HTTP/1.1 421 "), host);
                assertTrue(rig.connect().send("PUT /publish/cam1" + rest).rest().startsWith("HTTP/1.1 421 "), host);
            }
            String ownAddress = "127.0.0.1:" + rig.address().getPort();
            for (String host : List.of("LOCALHOST", "localhost:1", ownAddress, "[::1]:80")) {
                String request = "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
                assertTrue(rig.connect().send(request).rest().startsWith("HTTP/1.1 200 "), host);
            }
            assertEquals(1.0, rig.streams().getFirst().get("epoch"));
        }
    }

    @Test
    @DisplayName("pause stops media, resume and resync restart from the cache, and ping is answered with its number")
    void controls() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            viewer.send("{\"t\":\"pause\"}").send("{\"t\":\"ping\",\"c\":17}");
            Map<String, Object> pong = viewer.control("pong");
            assertEquals(17.0, pong.get("c"));
            assertTrue(Math.abs((Double) pong.get("s") - Instant.now().toEpochMilli()) < 60_000);
            publisher.frames(2);
            rig.awaitFrames(3);
            viewer.send("{\"t\":\"ping\",\"c\":1.5}").send("{\"t\":\"resume\"}");
            assertEquals(1.5, viewer.control("pong").get("c"));
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c", "f1c", "f2c");
            viewer.send("{\"t\":\"resync\"}");
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c", "f1c", "f2c");
            viewer.send("{\"t\":\"stat\",\"lag\":12}").send("{}");
            viewer.send("{\"t\":\"hello\",\"v\":1}").send("{\"t\":\"ping\",\"c\":\"x\"}");
            publisher.frames(1);
            viewer.units("f3");
        }
    }

    @Test
    @DisplayName("a relay that stops sends bye and 1001 to viewers, and answers publishers with 503")
    void stop() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            rig.server.close();
            viewer.stream("ended", 1);
            viewer.bye(1001);
            assertTrue(publisher.rest().startsWith("HTTP/1.1 503 "));
        }
    }

    @ParameterizedTest(name = "{0} characters")
    @ValueSource(ints = {1, 64, 259})
    @DisplayName("a viewer of an unknown stream is closed with 4404, for a name of any length")
    void unknownStream(int length) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            String name = ("a".repeat(64) + "/").repeat(4).substring(0, length);
            rig.watch(name).end(4404);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b", "a/b/c/d/e", "a//b", "/a", "a/"})
    @DisplayName("the handshake for an invalid path is refused with 404")
    void invalidPath(String name) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            CompletionException e = assertThrows(CompletionException.class, () -> rig.watch(name));
            WebSocketHandshakeException refused =
                    assertInstanceOf(WebSocketHandshakeException.class, e.getCause());
            assertEquals(404, refused.getResponse().statusCode());
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            hello         | 1008
            []            | 1008
            {"t":{}}      | 1008
            {"t":"ping"   | 1008
            LONG          | 1009
            BINARY        | 1003
            """)
    @DisplayName("a message that is not a control text closes the viewer")
    void badControl(String sent, int code) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            switch (sent) {
                case "BINARY" -> viewer.socket.sendBinary(ByteBuffer.allocate(3), true).join();
                case "LONG" -> viewer.send("x".repeat(RelayServer.MAX_TEXT_BYTES + 1));
                default -> viewer.send(sent);
            }
            viewer.end(code);
        }
    }
}
