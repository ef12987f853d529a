package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.relay.config.Settings;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The orders of the operator")
@Timeout(120)
class SteeringTest {
    @TempDir
    private Path directory;

    @Test
    @Shows("relay E3")
    @DisplayName("a viewer that the operator ends is closed with 4403 within a second, the others stay")
    void endViewer() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer stays = rig.watch("cam1").greeted();
            stays.stream("live", 1);
            stays.units("init 0", "K0c");
            TestViewer ended = rig.watch("cam1");
            String id = (String) ended.control("hello").get("viewer");
            ended.stream("live", 1);
            ended.units("init 0", "K0c");
            long start = System.nanoTime();
            assertEquals(204, rig.send("DELETE", "/api/v1/viewers/" + id).statusCode());
            ended.end(Pass.NOT_ALLOWED);
            long millis = (System.nanoTime() - start) / 1_000_000;
            assertTrue(millis < 1_000, millis + " ms");
            publisher.frames(1);
            stays.units("f1");
            rig.await("one viewer is left", () -> rig.number("viewers") == 1);
            assertEquals(404, rig.send("DELETE", "/api/v1/viewers/" + id).statusCode());
        }
    }

    @Test
    @DisplayName("a publisher that the operator ends gets 403; its viewers wait and see the next publisher")
    void endPublisher() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            TestPublisher publisher = rig.publish("hall/cam1").init().frames(1);
            rig.awaitFrames(1);
            TestViewer viewer = rig.watch("hall/cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            assertEquals(204, rig.send("DELETE", "/api/v1/publishers/hall/cam1").statusCode());
            assertTrue(publisher.head().startsWith("HTTP/1.1 403 "));
            viewer.stream("waiting", 1);
            assertEquals(404, rig.send("DELETE", "/api/v1/publishers/hall/cam1").statusCode());
            rig.publish("hall/cam1").init().frames(1);
            viewer.stream("live", 2);
            viewer.units("init 1", "K1");
        }
    }

    @ParameterizedTest
    @CsvSource({"GET, viewers/v1, 405", "POST, publishers/cam1, 405", "GET, reload, 405", "DELETE, viewers/v1, 404",
        "DELETE, viewers/, 404", "DELETE, publishers/none, 404"})
    @DisplayName("an order with another method or for nobody is refused")
    void refused(String method, String path, int status) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            assertEquals(status, rig.send(method, "/api/v1/" + path).statusCode());
        }
    }

    @ParameterizedTest
    @CsvSource({"DELETE, viewers/v1", "DELETE, publishers/cam1", "POST, reload"})
    @DisplayName("a page of another site may not give orders")
    void otherSite(String method, String path) throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            RawPeer page = rig.connect();
            page.send(method + " /api/v1/" + path + " HTTP/1.1\r\nHost: localhost\r\n"
                    + "Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n");
            assertTrue(page.head().startsWith("HTTP/1.1 403 "));
        }
    }

    @Test
    @DisplayName("reload puts a changed limit in force and names what needs a restart; a broken file changes nothing")
    void reload() throws Exception {
        Path file = directory.resolve(Settings.FILE);
        Files.writeString(file, "port = 0\ntest-picture = off\nmax-viewers = 1\n");
        Settings settings = Settings.read(Main.SETTINGS, List.of(), Map.of(), directory);
        try (RelayRig rig = RelayRig.start(settings)) {
            assertEquals(1, rig.server.admission().max(RelayLimit.VIEWERS));
            Files.writeString(file, "port = 0\ntest-picture = off\nmax-viewers = 2\nmax-lag = 3s\n");
            HttpResponse<String> answer = rig.send("POST", "/api/v1/reload");
            assertEquals(200, answer.statusCode(), answer::body);
            assertEquals("{\"changed\":[\"max-viewers\"],\"needRestart\":[\"max-lag\"]}", answer.body());
            assertEquals(2, rig.server.admission().max(RelayLimit.VIEWERS));
            Files.writeString(file, "max-viewers = 3\nmax-viewrs = 4\n");
            answer = rig.send("POST", "/api/v1/reload");
            assertEquals(409, answer.statusCode());
            assertTrue(answer.body().contains("max-viewrs"), answer.body());
            assertEquals(2, rig.server.admission().max(RelayLimit.VIEWERS));
            Files.writeString(file, "port = 0\ntest-picture = off\nmax-viewers = 5\n");
            answer = rig.send("POST", "/api/v1/reload");
            assertEquals("{\"changed\":[\"max-viewers\"],\"needRestart\":[]}", answer.body());
            assertEquals(5, rig.server.admission().max(RelayLimit.VIEWERS));
        }
    }
}
