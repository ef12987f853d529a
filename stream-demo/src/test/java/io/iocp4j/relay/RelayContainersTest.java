package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Publishers of every container, with the samples of the parsers. */
@DisplayName("Publishers of other containers")
@Timeout(120)
class RelayContainersTest {
    private static byte[] sample(String name) throws IOException {
        try (InputStream in = RelayContainersTest.class.getResourceAsStream("media/" + name)) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            h264-aac.ts;     fmp4;  video/mp4; codecs="avc1.42c00a"
            hevc-opus.ts;    fmp4;  video/mp4; codecs="hvc1.1.6.L30.90"
            vp8-opus.webm;   webm;  video/webm; codecs="vp8"
            vp9-opus.webm;   fmp4;  video/mp4; codecs="vp09.00.10.08"
            av1-opus.webm;   fmp4;  video/mp4; codecs="av01.0.00M.08"
            h264-flac.mkv;   fmp4;  video/mp4; codecs="avc1.42c00a"
            h264-aac.flv;    fmp4;  video/mp4; codecs="avc1.4d400a"
            two-trafs.mp4;   fmp4;  video/mp4; codecs="avc1.4d400a"
            raw.h264;        fmp4;  video/mp4; codecs="avc1.42c00a"
            raw.mjpeg;       mjpeg; image/jpeg;
            multipart.mjpeg; mjpeg; image/jpeg;
            """)
    @DisplayName("a viewer gets the picture, and begins with a key frame")
    void watched(String name, String container, String type, String codecs) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").chunk(sample(name));
            rig.await("a picture", () -> rig.number("framesIn") > 4);
            TestViewer viewer = rig.watch("cam1").greeted();
            Map<String, Object> stream = viewer.control("stream");

            assertEquals(container, stream.get("container"));
            assertEquals(codecs == null ? type : type + "; " + codecs, stream.get("mime"));
            assertEquals("64.0x36.0", stream.get("w") + "x" + stream.get("h"));
            if (!container.equals("mjpeg")) {
                assertTrue(viewer.next().toString().startsWith("init "), "no init segment");
            }
            assertTrue(viewer.next().toString().startsWith("K"), "no key frame");
            assertTrue(publisher.end().startsWith("HTTP/1.1 200 "));
        }
    }

    @Test
    @DisplayName("only pictures count as frames, not the sound between them")
    void framesArePictures() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").chunk(sample("h264-aac.flv"));
            rig.awaitFrames(10);
            publisher.send("0\r\n\r\n").send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assertTrue(publisher.rest().contains("published 10 frames\n"));
        }
    }

    @Test
    @DisplayName("a publisher that comes back with another container keeps its viewers where the pictures allow it")
    void otherContainer() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.publish("cam1").chunk(sample("h264-aac.flv"));
            rig.awaitFrames(10);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K5c", "f6c", "f7c", "f8c", "f9c");
            rig.publish("cam1").chunk(sample("raw.h264"));
            viewer.stream("live", 2);
            viewer.units("init 10", "K10", "f11");
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            GIF89a and so on, more than 400 bytes of it; 400; of no known container; 500
            OggS with sound;                             400; the stream is Ogg;     0
            """)
    @DisplayName("what cannot be relayed is refused with the reason and a command that helps")
    void refused(String begin, int status, String reason, int more) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            byte[] bytes = (begin + " ".repeat(more)).getBytes(StandardCharsets.US_ASCII);
            String answer = rig.publish("cam1").chunk(bytes).rest();
            assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
            assertTrue(answer.contains(reason) && answer.contains("ffmpeg: -"), answer);
            assertTrue(rig.streams().isEmpty());
        }
    }
}
