package io.iocp4j.websocket.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A directory that is served")
class DirectoryHandlerTest {
    @TempDir
    Path temporary;
    private Path root;

    @BeforeEach
    void write() throws IOException {
        root = Files.createDirectories(temporary.resolve("root"));
        Files.writeString(temporary.resolve("secret.txt"), "secret");
        Files.writeString(root.resolve("index.html"), "home");
        Files.writeString(root.resolve(".env"), "secret");
        Files.createDirectories(root.resolve(".git"));
        Files.writeString(root.resolve(".git/config"), "secret");
        Files.createDirectories(root.resolve(".well-known"));
        Files.writeString(root.resolve(".well-known/change-password"), "known");
        Files.createDirectories(root.resolve("sub"));
        Files.writeString(root.resolve("sub/a b.txt"), "blank");
    }

    private DirectoryHandler handler() {
        return DirectoryHandler.of(root);
    }

    private static HttpResponse answer(DirectoryHandler handler, String target) throws IOException {
        return handler.answer(HttpFixture.read(HttpFixture.get(target)));
    }

    private static String content(DirectoryHandler handler, String target) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        answer(handler, target).stream().writeTo(out);
        return out.toString(StandardCharsets.UTF_8);
    }

    private static int refusal(DirectoryHandler handler, String target) {
        return assertThrows(HttpException.class, () -> answer(handler, target), target).status();
    }

    @Test
    @DisplayName("serves its files, the index of a directory, and what is well known")
    void serves() throws Exception {
        assertEquals("home", content(handler(), "/"));
        assertEquals("home", content(handler(), "/index.html?v=1"));
        assertEquals("blank", content(handler(), "/sub/a%20b.txt"));
        assertEquals("known", content(handler(), "/.well-known/change-password"));
        assertEquals("max-age=9", answer(handler().cacheControl("max-age=9"), "/").headers().first("Cache-Control"));
        assertEquals("blank", content(handler().index("a b.txt"), "/sub/"));
        assertEquals("home", content(handler().prefix("/static/"), "/static/index.html"));
        assertEquals(404, refusal(handler().prefix("/static/"), "/index.html"));
        assertEquals(404, refusal(handler().prefix("/static/"), "/stat"));
        HttpResponse redirect = answer(handler().prefix("/my files/"), "/my%20files?v=1");
        assertEquals(308, redirect.status());
        assertEquals("/my%20files/?v=1", redirect.headers().first("Location"));
        assertThrows(IllegalArgumentException.class, () -> handler().prefix("static"));
    }

    @ParameterizedTest
    @DisplayName("has nothing under paths that are no plain names, hidden, or not there")
    @ValueSource(strings = {"/.env", "/.git/config", "/sub/", "/no", "/sub//a%20b.txt", "//index.html", "/index.html/",
            "/index.html/x",
        "/index.html.", "/sub/a%20b.txt%20", "/C:/index.html", "/index.html::$DATA", "/index.html%00", "//", "/sub/%01",
                "/..."})
    void refuses(String target) {
        int status = 0;
        try {
            answer(handler(), target);
        } catch (HttpException e) {
            status = e.status();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        // where the path itself is refused the directory is not asked
        assertEquals(true, status == 404 || status == 400, target + " " + status);
    }

    @ParameterizedTest
    @DisplayName("is not left by any way of writing two dots")
    @ValueSource(strings = {"/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
            "/..%5csecret.txt",
        "/sub/%2E%2E/%2e./secret.txt", "/..;/secret.txt"})
    void traversal(String target) {
        int status = assertThrows(HttpException.class, () -> answer(handler(), target)).status();
        assertEquals(4, status / 100);
    }

    @Test
    @DisplayName("redirects the path of a directory to the one with a slash, and never to another host")
    void redirects() throws Exception {
        HttpResponse response = answer(handler(), "/sub?a=b");
        assertEquals(308, response.status());
        assertEquals("/sub/?a=b", response.headers().first("Location"));
        assertEquals(404, refusal(handler(), "//sub"));
        assertEquals("/sub/?a=b", answer(handler(), "http://example.com/sub?a=b").headers().first("Location"));
        assertEquals(404, refusal(handler(), "http://example.com//sub"));
    }

    @Test
    @DisplayName("follows links within it, and out of it only if that is asked for")
    void links() throws Exception {
        try {
            Files.createSymbolicLink(root.resolve("in.html"), root.resolve("index.html"));
            Files.createSymbolicLink(root.resolve("out.txt"), temporary.resolve("secret.txt"));
            Files.createSymbolicLink(root.resolve("up"), temporary);
            Files.createSymbolicLink(root.resolve("hidden.txt"), root.resolve(".env"));
            Files.createSymbolicLink(root.resolve("circle"), root.resolve("circle"));
        } catch (FileSystemException | UnsupportedOperationException e) {
            Assumptions.abort("no symbolic links here: " + e);
        }
        assertEquals("home", content(handler(), "/in.html"));
        assertEquals(404, refusal(handler(), "/out.txt"));
        assertEquals(404, refusal(handler(), "/up"));
        assertEquals(404, refusal(handler(), "/up/secret.txt"));
        assertEquals(404, refusal(handler(), "/hidden.txt"));
        assertEquals(404, refusal(handler(), "/circle"));
        assertEquals("secret", content(handler().linksOut(true), "/out.txt"));
        assertEquals("secret", content(handler().linksOut(true), "/up/secret.txt"));
    }

    @Test
    @DisplayName("need not be there yet")
    void later() {
        assertEquals(404, refusal(DirectoryHandler.of(temporary.resolve("later")), "/index.html"));
    }
}
