package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.http.DirectoryHandler;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Files of a directory, over TCP")
class HttpFilesOverTcpTest {
    private static final long SEED = 20261130;

    @TempDir
    Path root;

    @Test
    @DisplayName("arrive as they are at the JDK's client: whole, in a range, and not again if they have not changed")
    void jdkClient() throws Exception {
        byte[] content = new byte[5_000_001];
        new SplittableRandom(SEED).nextBytes(content);
        Files.write(root.resolve("big.bin"), content);
        try (TestServer server = TestServer.pages(DirectoryHandler.of(root));
                HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create("http" + server.uri().toString().substring(2) + "big.bin");
            HttpResponse<byte[]> whole = http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofByteArray());
            assertArrayEquals(content, whole.body());
            String etag = whole.headers().firstValue("etag").orElseThrow();
            HttpResponse<byte[]> part = http.send(HttpRequest.newBuilder(uri).header("Range", "bytes=4000000-")
                    .header("If-Range", etag)
                    .build(), BodyHandlers.ofByteArray());
            assertEquals(206, part.statusCode());
            assertArrayEquals(Arrays.copyOfRange(content, 4_000_000, content.length), part.body());
            assertEquals(304, http.send(HttpRequest.newBuilder(uri).header("If-None-Match", etag).build(),
                    BodyHandlers.ofByteArray())
                    .statusCode());
            HttpResponse<byte[]> head = http.send(HttpRequest.newBuilder(uri).HEAD().build(),
                    BodyHandlers.ofByteArray());
            assertEquals("5000001", head.headers().firstValue("content-length").orElseThrow());
            assertEquals(404, http.send(HttpRequest.newBuilder(uri.resolve("/no")).build(), BodyHandlers.ofByteArray())
                    .statusCode());
        }
    }

    @Test
    @DisplayName("answer requests that were sent one behind the other in their order, also behind refusals")
    void pipeline() throws Exception {
        Files.writeString(root.resolve("a.txt"), "a");
        Files.writeString(root.resolve("b.txt"), "b");
        try (TestServer server = TestServer.pages(DirectoryHandler.of(root)); RawClient client = server.connect()) {
            client.send(get("/a.txt") + get("/no") + get("/b.txt", "Range: bytes=5-") + get("/b.txt"));
            assertEquals("a", client.response().body());
            assertEquals(404, client.response().status());
            assertEquals(416, client.response().status());
            assertEquals("b", client.response().body());
        }
    }
}
