package io.iocp4j.relay.access;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The site")
class SiteTest {
    private static Site site(String publicUrl, String basePath, boolean loopbackOnly) {
        Settings settings = Settings.defaults();
        if (publicUrl != null) {
            settings = settings.with(AccessSettings.PUBLIC_URL, PublicUrl.parse(publicUrl));
        }
        if (basePath != null) {
            settings = settings.with(AccessSettings.BASE_PATH, PublicUrl.basePath(basePath));
        }
        return new Site(settings, loopbackOnly ? "127.0.0.1" : "0.0.0.0", loopbackOnly);
    }

    private static HttpRequest request(String host, String origin) {
        HttpHeaders.Builder fields = HttpHeaders.builder().add("Host", host);
        if (origin != null) {
            fields.add("Origin", origin);
        }
        return new HttpRequest("PUT", "/", "/", null, fields.build(), true);
    }

    private static int status(AnyCheck check) {
        try {
            check.run();
            return 200;
        } catch (HttpException e) {
            return e.status();
        }
    }

    @FunctionalInterface
    private interface AnyCheck {
        void run() throws HttpException;
    }

    @ParameterizedTest
    @CsvSource({
        // without a public address, only this machine
        "'', true, localhost:8080, 200", "'', true, 127.0.0.1, 200", "'', true, '[::1]:80', 200",
        "'', true, video.example.org, 421", "'', true, 192.0.2.1, 421", "'', false, video.example.org, 200",
        // with one, that name too, and addresses where others can connect
        "https://video.example.org/relay, true, video.example.org, 200",
        "https://video.example.org/relay, true, VIDEO.example.org:443, 200",
        "https://video.example.org/relay, true, 127.0.0.1:8080, 200",
        "https://video.example.org/relay, true, evil.example, 421",
        "https://video.example.org/relay, true, 192.0.2.1, 421",
        "https://video.example.org/relay, false, evil.example, 421",
        "https://video.example.org/relay, false, 192.0.2.1:8080, 200"})
    @DisplayName("answers to its own names only")
    void hosts(String publicUrl, boolean loopbackOnly, String host, int status) {
        Site site = site(publicUrl.isEmpty() ? null : publicUrl, null, loopbackOnly);
        assertEquals(status, status(() -> site.requireHost(request(host, null))));
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:8080, , 200", "127.0.0.1:8080, https://video.example.org, 200",
        "127.0.0.1:8080, http://127.0.0.1:8080, 200", "127.0.0.1:8080, http://video.example.org, 403",
        "127.0.0.1:8080, https://evil.example, 403", "127.0.0.1:8080, null, 403",
        "127.0.0.1:8080, http://127.0.0.1:8081, 403", "video.example.org, https://video.example.org, 200"})
    @DisplayName("lets its own pages and those of its public address act, and programs without a page")
    void origins(String host, String origin, int status) {
        Site site = site("https://video.example.org/relay", null, true);
        assertEquals(status, status(() -> site.requireOrigin(request(host, origin), false)));
    }

    @Test
    @DisplayName("counts an insecure page as another site, if a proxy says that the client uses TLS")
    void downgraded() {
        Site site = site(null, null, false);
        HttpRequest insecure = request("video.example.org", "http://video.example.org");
        assertEquals(200, status(() -> site.requireOrigin(insecure, false)));
        assertEquals(403, status(() -> site.requireOrigin(insecure, true)));
        assertEquals(200, status(() ->
                site.requireOrigin(request("video.example.org", "https://video.example.org"), true)));
    }

    @Test
    @DisplayName("removes its base path, whether or not the proxy has done so")
    void basePath() {
        Site site = site("https://video.example.org/a/relay/", null, true);
        assertEquals("/watch/cam1", site.strip("/a/relay/watch/cam1"));
        assertEquals("/watch/cam1", site.strip("/watch/cam1"));
        assertEquals("/", site.strip("/a/relay/"));
        assertEquals("/a/relayed", site.strip("/a/relayed"));
        assertNull(site.strip("/a/relay"), "relative links would lead astray");
        assertEquals("relay/", site.root());
        assertEquals("/x/", site("https://video.example.org/relay", "/b", true).strip("/b/x/"));
        assertEquals("/relay/x", site("https://video.example.org/relay", "/", true).strip("/relay/x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "video.example.org", "ftp://video.example.org", "https://", "https://u:p@example.org/",
        "https://example.org/?x", "https://example.org/#x", "https://example.org/a b", "https://example.org/live",
        "https://example.org/../a"})
    @DisplayName("has a public address that is http or https, a host, and perhaps a port and a path")
    void notPublicUrls(String text) {
        assertThrows(IllegalArgumentException.class, () -> PublicUrl.parse(text));
    }

    @ParameterizedTest
    @CsvSource({"https://video.example.org, https://video.example.org/",
        "HTTP://Video.example.org:8443/relay/, http://video.example.org:8443/relay/",
        "http://[2001:db8::1]:80/, http://[2001:db8::1]:80/"})
    @DisplayName("shows its public address with a slash at the end")
    void publicUrls(String text, String shown) {
        assertEquals(shown, assertDoesNotThrow(() -> PublicUrl.parse(text)).toString());
    }
}
