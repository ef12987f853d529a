package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the page says when it cannot show what it should. */
@Tag("e2e")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class PlayerWordsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    /** Longer than a player waits before it connects again. */
    private static final Duration RETRY = Duration.ofSeconds(4);

    private RelayProcess relay;
    private Chromium chromium;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        Installed.require("chromium");
        relay = RelayProcess.start(List.of(), "--port", "0", "--max-viewers", "1");
        chromium = Chromium.start();
    }

    @AfterEach
    void stop() throws IOException {
        try (RelayProcess _ = relay) {
            if (chromium != null) {
                chromium.close();
            }
        }
    }

    private PlayerPage watch() {
        return new PlayerPage(chromium.open(relay.address() + "watch/test"));
    }

    @Test
    @Shows({"relay E3", "relay O6"})
    @DisplayName("a page that finds no place names the limit, and gets the place of a viewer that the operator ends")
    void refusedAndEnded() throws IOException, InterruptedException {
        try (PlayerPage first = watch(); HttpClient client = HttpClient.newHttpClient()) {
            first.until("stats.framesShown > 5", LIMIT);
            try (PlayerPage second = watch()) {
                second.until("stats.error?.includes('max-viewers')", LIMIT);
                HttpRequest delete = HttpRequest.newBuilder(URI.create(relay.address() + "api/v1/viewers/v1"))
                        .method("DELETE", HttpRequest.BodyPublishers.noBody()).timeout(LIMIT).build();
                assertEquals(204, client.send(delete, HttpResponse.BodyHandlers.discarding()).statusCode());
                first.until("stats.state === 'error' && stats.error.includes('order')", LIMIT);
                second.until("stats.framesShown > 5", LIMIT);
            }
            first.pass(RETRY);
            assertEquals("error", first.evaluate("window.relayPlayer.stats.state"));
            assertEquals(0, first.stat("reconnects"));
        }
    }

    @Test
    @Shows("relay O1")
    @DisplayName("a picture that is older than the lag and a second is behind, and the page says by how much")
    void behind() {
        try (PlayerPage page = watch()) {
            page.until("stats.framesShown > 5", LIMIT);
            assertEquals("0 0 1600 0", page.evaluate("""
                    import('../stats.js').then(({ behindMs }) => [behindMs(null, 500), behindMs(1400, 500),
                      behindMs(1600, 500), behindMs(1600, 3000)].join(' '))"""));
            assertEquals("Behind by 4 s true, Live false", page.evaluate("""
                    import('../view.js').then(({ PlayerView }) => {
                      const box = document.createElement('div');
                      const view = new PlayerView(box, 'a', {});
                      const show = (behindMs) => {
                        view.show({ state: 'live', error: null, picture: true, stalledMs: 0, behindMs,
                          retrySeconds: null, connected: true, blocked: false, broken: false });
                        const marked = box.querySelector('[data-behind]') !== null;
                        return box.querySelector('.badge').textContent + ' ' + marked;
                      };
                      return show(4200) + ', ' + show(0);
                    })"""));
        }
    }
}
