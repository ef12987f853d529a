package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.relay.config.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Publishers of a running relay")
@Timeout(120)
class RelayIngestTest {
    @Test
    @DisplayName("a publisher that ends its body is answered with the number of its frames")
    void ordinaryEnd() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(3);
            publisher.send("0\r\n\r\n").send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            String answers = publisher.rest();
            assertTrue(answers.startsWith("HTTP/1.1 200 ") && answers.contains("published 3 frames\n"), answers);
            assertTrue(answers.endsWith("ok\n"), "the connection must stay open for the next request");
        }
    }

    @Test
    @DisplayName("the size of the chunks makes no difference")
    void smallChunks() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1");
            byte[] bytes = Arrays.copyOf(Sample.INIT, Sample.INIT.length + Sample.unit(0).length);
            System.arraycopy(Sample.unit(0), 0, bytes, Sample.INIT.length, Sample.unit(0).length);
            for (int at = 0; at < bytes.length; at += 7) {
                publisher.chunk(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 7)));
            }
            assertTrue(publisher.end().startsWith("HTTP/1.1 200 "));
            assertEquals(1.0, rig.streams().getFirst().get("framesIn"));
        }
    }

    @Test
    @DisplayName("an index of 9 MB at the end, as ffmpeg writes it after hours, is skipped")
    void largeIndex() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(2);
            byte[] index = new byte[9_000_000];
            ByteBuffer.wrap(index).putInt(index.length).put("mfra".getBytes(StandardCharsets.US_ASCII));
            publisher.chunk(index);
            assertTrue(publisher.end().startsWith("HTTP/1.1 200 "));
            assertEquals(2.0, rig.streams().getFirst().get("framesIn"));
        }
    }

    @Test
    @DisplayName("POST is the same as PUT, and a body may have a Content-Length")
    void contentLength() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            String head = "POST /publish/cam1 HTTP/1.1\r\nHost: [::1]\r\nContent-Length: "
                    + (Sample.INIT.length + Sample.unit(0).length) + "\r\n\r\n";
            RawPeer peer = rig.connect().send(head).send(Sample.INIT).send(Sample.unit(0));
            assertTrue(peer.head().startsWith("HTTP/1.1 200 "));
        }
    }

    @Test
    @DisplayName("Expect: 100-continue is answered before the body, with 100 or with a refusal")
    void expectContinue() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            String rest = " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
            RawPeer peer = rig.connect().send("PUT /publish/cam1" + rest);
            assertTrue(peer.head().startsWith("HTTP/1.1 100 "));
            peer.send(Integer.toHexString(Sample.INIT.length) + "\r\n").send(Sample.INIT).send("\r\n0\r\n\r\n");
            assertTrue(peer.head().startsWith("HTTP/1.1 200 "));
            assertTrue(rig.connect().send("PUT /publish/a.b" + rest).rest().startsWith("HTTP/1.1 404 "));
        }
    }

    @Test
    @DisplayName("a silent publisher is answered with 408, and its stream waits for the next publisher")
    void silent() throws Exception {
        Settings impatient = RelayRig.settings().with(ServeSettings.PUBLISHER_TIMEOUT, Duration.ofMillis(200));
        try (RelayRig rig = RelayRig.start(impatient)) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.control("stream");
            viewer.units("init 0", "K0c");
            assertTrue(publisher.rest().startsWith("HTTP/1.1 408 "));
            viewer.stream("waiting", 1);
            assertTrue(rig.publish("cam2").rest().startsWith("HTTP/1.1 408 "), "silent before its init segment");
            rig.publish("cam1").init().frames(1);
            viewer.stream("live", 2);
            viewer.units("init 1", "K1");
        }
    }

    @Test
    @DisplayName("a reset connection inside a fragment: the fragment is dropped, and the stream waits for a publisher")
    void reset() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(2);
            rig.awaitFrames(2);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c", "f1c");
            publisher.chunk(Arrays.copyOf(Sample.unit(2), 200));
            publisher.reset();
            viewer.stream("waiting", 1);
            rig.publish("cam1").init().frames(1);
            viewer.stream("live", 2);
            viewer.units("init 2", "K2");
        }
    }

    @Test
    @DisplayName("a publisher that ends its body inside a fragment is answered with 400, and its stream waits")
    void endInsideFragment() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            publisher.chunk(Arrays.copyOf(Sample.unit(1), 100));
            String answer = publisher.end();
            assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
            assertEquals("waiting", rig.streams().getFirst().get("state"));
        }
    }

    @Test
    @DisplayName("a viewer whose connection is reset is removed, and the other viewer misses nothing")
    void viewerReset() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer good = rig.watch("cam1").greeted();
            good.stream("live", 1);
            RawPeer bad = rig.connect().upgrade("/live/cam1");
            bad.reset();
            publisher.frames(20);
            good.units("init 0", "K0c", "f1", "f2");
            for (int i = 3; i <= 20; i++) {
                good.units(i == 15 ? "K15" : "f" + i);
            }
            rig.await("one viewer", () -> rig.number("viewers") == 1);
        }
    }

    @ParameterizedTest
    @CsvSource({"video/mp4", "application/octet-stream", "text/html", "video/webm"})
    @DisplayName("the bytes decide which container it is, whatever content type the publisher declares")
    void contentType(String type) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            String head = "PUT /publish/cam1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type + "\r\n"
                    + "Content-Length: " + Sample.INIT.length + "\r\n\r\n";
            String answer = rig.connect().send(head).send(Sample.INIT).head();
            assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
        }
    }

    @ParameterizedTest(name = "/publish/{0}")
    @CsvSource({"''", "a.b", "a/", "/a", "a/b/c/d/e", "a%20b"})
    @DisplayName("an invalid path is answered with 404")
    void badPath(String path) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            assertEquals(404, rig.send("PUT", "/publish/" + path).statusCode());
        }
    }

    @Test
    @DisplayName("a request without a body publishes nothing and is answered with 400")
    void noBody() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            assertEquals(400, rig.send("PUT", "/publish/cam1").statusCode());
            assertTrue(rig.streams().isEmpty());
        }
    }
}
