package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

@Tag("e2e")
@DisplayName("Chromium and our server, the page and its socket from one port")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@TestInstance(Lifecycle.PER_CLASS)
class ChromiumTest {
    private static final int LARGEST = 16 << 20;
    private static final int RELOADS = 20;
    private static final String PAGE = """
            <!doctype html>
            <link rel="icon" href="data:,">
            <script>
              const socket = new WebSocket('ws://' + location.host + '/');
              socket.binaryType = 'arraybuffer';
              const opened = new Promise(resolve => socket.onopen = resolve);
              const closed = new Promise(resolve => socket.onclose = resolve);
              const next = () => new Promise(resolve => socket.onmessage = event => resolve(event.data));
              const echo = async message => {
                await opened;
                const answer = next();
                socket.send(message);
                return Promise.race([answer,
                    closed.then(event => { throw new Error(event.code + ' ' + event.reason); })]);
              };
              const numbers = length =>
                  Array.from({ length: Math.min(length / 2 + 1, 2250000) }, (_, i) => i).join(',').slice(0, length);
            </script>
            """;
    private static final String CLOSED = "closed.then(event => `${event.code} ${event.reason} ${event.wasClean}`)";

    private Chromium chromium;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        Installed.require("chromium");
        chromium = Chromium.start();
    }

    @AfterAll
    void stop() throws IOException {
        if (chromium != null) {
            chromium.close();
        }
    }

    @Test
    @DisplayName("texts come back as they were, with characters of one to four bytes and of up to 16 MiB")
    void text() throws IOException {
        try (TestServer server = server(new TestServer.EchoRecorder()); Page page = open(server)) {
            assertEquals("permessage-deflate", page.evaluate("opened.then(() => socket.extensions)"));
            assertEquals("", page.evaluate("echo('')"));
            assertEquals("a \u00e4 \u20ac \ud83d\ude80", page.evaluate("echo('a \u00e4 \u20ac \ud83d\ude80')"));
            assertEquals(true, page.evaluate("""
                    (async () => {
                      const text = '\u20ac' + numbers(%d);
                      return await echo(text) === text;
                    })()""".formatted(LARGEST - 3)));
            assertEquals(List.of(), page.problems());
        }
    }

    @Test
    @DisplayName("binary messages come back as they were, of no byte and of up to 16 MiB")
    void binary() throws IOException {
        try (TestServer server = server(new TestServer.EchoRecorder()); Page page = open(server)) {
            for (int length : new int[] {0, 1, 125, 126, 65_535, 65_536, LARGEST}) {
                assertEquals(true, page.evaluate("""
                        (async () => {
                          const data = new TextEncoder().encode(numbers(%d));
                          const answer = new Uint8Array(await echo(data));
                          return answer.length === data.length && answer.every((byte, i) => byte === data[i]);
                        })()""".formatted(length)), length + " bytes");
            }
            assertEquals(List.of(), page.problems());
        }
    }

    @Test
    @DisplayName("a close of the page: both sides know its code and its reason")
    void closeOfThePage() throws Exception {
        TestServer.EchoRecorder recorder = new TestServer.EchoRecorder();
        try (TestServer server = server(recorder); Page page = open(server)) {
            assertEquals("4001 enough \u00fc true",
                    page.evaluate("opened.then(() => socket.close(4001, 'enough \u00fc')), " + CLOSED));
            assertEquals(new CloseStatus(4001, "enough \u00fc", Initiator.REMOTE, true), recorder.end());
            assertEquals(List.of(), page.problems());
        }
    }

    @Test
    @DisplayName("a close of the server: both sides know its code and its reason")
    void closeOfTheServer() throws Exception {
        TestServer.EchoRecorder recorder = new TestServer.EchoRecorder();
        try (TestServer server = server(recorder); Page page = open(server)) {
            WebSocket socket = recorder.socket();
            socket.close(4002, "go \u00fc");
            assertEquals("4002 go \u00fc true", page.evaluate(CLOSED));
            CloseStatus end = socket.closed().orTimeout(TestServer.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
            assertEquals(new CloseStatus(4002, "go \u00fc", Initiator.LOCAL, true), end);
            assertEquals(List.of(), page.problems());
        }
    }

    @Test
    @DisplayName("a page that is loaded again and again says 1001 each time, and leaves one socket at the end")
    void reload() throws Exception {
        TestServer.EchoRecorder recorder = new TestServer.EchoRecorder();
        try (TestServer server = server(recorder)) {
            try (Page page = open(server)) {
                for (int i = 0; i < RELOADS; i++) {
                    WebSocket before = recorder.socket();
                    page.evaluate("opened.then(() => null)");
                    page.reload();
                    assertEquals(CloseCode.GOING_AWAY, recorder.end().code(), "reload " + i);
                    before.closed().orTimeout(TestServer.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
                }
                assertEquals("still here", page.evaluate("echo('still here')"));
                assertEquals(1, server.server.webSockets());
                assertEquals(List.of(), page.problems());
            }
            assertEquals(CloseCode.GOING_AWAY, recorder.end().code(), "the window was closed");
        }
    }

    private static TestServer server(WebSocketListener listener) throws IOException {
        TcpOptions options = TestServer.LOOPBACK.maxSendQueue(2 * LARGEST);
        return new TestServer(options, o -> o.limits(Limits.defaults().maxFrame(LARGEST).maxMessage(LARGEST))
                .deflate(Deflate.on().threshold(0)), request -> listener,
                exchange -> exchange.respond(HttpResponse.bytes(200, "text/html; charset=utf-8",
                        PAGE.getBytes(StandardCharsets.UTF_8))));
    }

    private Page open(TestServer server) {
        return chromium.open("http://localhost:" + server.server.address().getPort() + "/");
    }
}
