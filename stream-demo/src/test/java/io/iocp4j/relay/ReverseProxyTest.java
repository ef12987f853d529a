package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.relay.access.AccessSettings;
import io.iocp4j.relay.access.Cidr;
import io.iocp4j.relay.access.NamedSecret;
import io.iocp4j.relay.access.PublicUrl;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The recipes of {@code stream-demo/proxies} with real proxies, before a relay that listens on this machine only. */
@Tag("e2e")
@Timeout(120)
@TestInstance(Lifecycle.PER_CLASS)
@DisplayName("Behind a real reverse proxy")
class ReverseProxyTest {
    private static final Duration LENGTH = Duration.ofSeconds(60);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String TOKEN = "0123456789abcdef";
    /** Any address of 127.0.0.0/8 is this machine, so a client can have another one than the proxy. */
    private static final String CLIENT = "127.0.0.5";

    private Chromium chromium;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        Installed.require("chromium", "ffmpeg", "nginx", "caddy", "haproxy");
        chromium = Chromium.start();
    }

    @AfterAll
    void stop() throws IOException {
        if (chromium != null) {
            chromium.close();
        }
    }

    @ParameterizedTest(name = "{0} at {1}")
    @CsvSource({"nginx, /relay/", "nginx, /", "caddy, /relay/", "caddy, /", "haproxy, /relay/", "haproxy, /"})
    @Shows("relay A1")
    @DisplayName("the page plays in Chromium, PUT and WebSockets arrive, and the log has the addresses of clients")
    void plays(String program, String path, @TempDir Path directory) throws Exception {
        int port = ReverseProxy.freePort();
        // browsers resolve names below localhost themselves
        String site = "http://video.localhost:" + port + path;
        Settings settings = RelayRig.patientSettings().with(AccessSettings.PUBLIC_URL, PublicUrl.parse(site))
                .with(AccessSettings.TRUSTED_PROXY, List.of(Cidr.parse("127.0.0.1")))
                .with(AccessSettings.TOKEN, List.of(NamedSecret.parse("camera:" + TOKEN)));
        try (RelayLog log = RelayLog.record(); RelayRig rig = RelayRig.start(settings);
                ReverseProxy proxy = ReverseProxy.start(program, path, port, rig.address().getPort(), directory)) {
            rig.await(program + " listens", proxy::listens);
            refusedFromOutside(port, path);
            String here = "http://127.0.0.1:" + port + path;
            try (Ffmpeg ffmpeg = Ffmpeg.publish(here, "cam1", LENGTH, "-headers", "Authorization: Bearer " + TOKEN);
                    PlayerPage page = new PlayerPage(chromium.open(site + "watch/cam1"));
                    HttpClient client = client()) {
                page.until("stats.framesShown > 30", LIMIT);
                assertTrue(page.colours("video") > 50, "the picture is black");
                assertEquals(List.of(), page.problems());
                URI live = URI.create("ws://127.0.0.1:" + port + path + "live/cam1");
                try (TestViewer viewer = TestViewer.open(client, live)) {
                    viewer.greeted().stream("live", 1);
                }
                log.await("viewer v\\d+ from " + CLIENT + " watches cam1");
                log.await("publisher from 127\\.0\\.0\\.1 begins to publish cam1");
                assertTrue(ffmpeg.framesSent() > 0);
                dashboard(site);
            }
        }
    }

    /** The list of streams needs the token, and the player on that page plays. */
    private void dashboard(String site) {
        try (PlayerPage page = new PlayerPage(chromium.open(site + "#t=" + TOKEN))) {
            page.until("stats.framesShown > 0 && document.querySelector('#rows').textContent.includes('cam1')", LIMIT);
        }
    }

    private static HttpClient client() throws IOException {
        return HttpClient.newBuilder().localAddress(InetAddress.getByName(CLIENT)).build();
    }

    /** A publisher without a token, which also forges its address. */
    private static void refusedFromOutside(int port, String path) throws IOException {
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(CLIENT, 0));
            socket.connect(new InetSocketAddress("127.0.0.1", port));
            socket.setSoTimeout((int) LIMIT.toMillis());
            socket.getOutputStream().write(("PUT " + path + "publish/cam1 HTTP/1.1\r\nHost: video.localhost:" + port
                    + "\r\nX-Forwarded-For: 127.0.0.1\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
                    .getBytes(StandardCharsets.ISO_8859_1));
            String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.ISO_8859_1);
            assertEquals("HTTP/1.1 401", answer);
        }
    }
}
