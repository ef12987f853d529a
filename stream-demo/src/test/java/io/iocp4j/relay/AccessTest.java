package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.JavaProgram;
import io.iocp4j.core.Shows;
import io.iocp4j.relay.access.AccessSettings;
import io.iocp4j.relay.access.Action;
import io.iocp4j.relay.access.AllowRule;
import io.iocp4j.relay.access.Cidr;
import io.iocp4j.relay.access.Credentials;
import io.iocp4j.relay.access.NamedSecret;
import io.iocp4j.relay.access.PublicUrl;
import io.iocp4j.relay.access.SignedLink;
import io.iocp4j.relay.config.Settings;
import java.io.BufferedReader;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Access to the relay")
@Timeout(60)
class AccessTest {
    private static final String GUEST = "guest-0123456789abcdef";
    private static final String ADMIN = "admin-0123456789abcdef";
    private static final NamedSecret KEY = NamedSecret.parse("k1:fedcba9876543210");
    private static final String HANDSHAKE = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

    private static Settings closed(String... rules) {
        return RelayRig.patientSettings()
                .with(AccessSettings.ALLOW, Arrays.stream(rules).map(AllowRule::parse).toList())
                .with(AccessSettings.TOKEN,
                        List.of(NamedSecret.parse("guest:" + GUEST), NamedSecret.parse("admin:" + ADMIN)))
                .with(AccessSettings.LINK_KEY, List.of(KEY)).with(AccessSettings.LOGIN_FAILURES, 1_000);
    }

    private static String field(String token) {
        return token == null ? "" : "Authorization: Bearer " + token + "\r\n";
    }

    private static int status(RelayRig rig, String method, String path, String fields) throws Exception {
        String head = rig.connect().send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields
                + (method.equals("PUT") ? "Content-Length: 1\r\n\r\nx" : "\r\n")).head();
        return Integer.parseInt(head.substring(9, 12));
    }

    private static int closeCode(RelayRig rig, String path, String fields) throws Exception {
        RawPeer peer = rig.connect().send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + HANDSHAKE + fields
                + "\r\n");
        assertTrue(peer.head().startsWith("HTTP/1.1 101 "), "a page cannot see why its handshake is refused");
        return peer.closeCode();
    }

    /** One cell: what an action answers that has passed the doors, on a path without a stream. */
    private static int answer(RelayRig rig, Action action, String path, String token) throws Exception {
        String fields = field(token);
        return switch (action) {
            case PUBLISH -> status(rig, "PUT", "/publish/" + path, fields);
            case VIEW -> closeCode(rig, "/live/" + path, fields);
            case RECORD -> status(rig, "GET", "/api/v1/recordings/" + path, fields);
            case API -> status(rig, "GET", "/api/v1/streams", fields);
            case METRICS -> status(rig, "GET", "/metrics", fields);
        };
    }

    @Test
    @Shows("relay A3")
    @DisplayName("5 actions with 4 credentials on 3 paths are answered exactly as the rules say")
    void matrix() throws Exception {
        // columns: none, wrong, guest, admin; p passes, and each other letter is a refusal
        Map<Action, String> open = Map.of(Action.PUBLISH, "ll.p", Action.VIEW, "pppp", Action.RECORD, "ll.p",
                Action.API, "ll.p", Action.METRICS, "llpp");
        Map<Action, String> hall = Map.of(Action.PUBLISH, "llpp", Action.VIEW, "llpp", Action.RECORD, "ll.p",
                Action.API, "ll.p", Action.METRICS, "llpp");
        Map<Action, String> other = Map.of(Action.PUBLISH, "ll.p", Action.VIEW, "ll.p", Action.RECORD, "ll.p",
                Action.API, "ll.p", Action.METRICS, "llpp");
        Map<String, Map<Action, String>> table = Map.of("open/a", open, "hall", hall, "other", other);
        String[] tokens = {null, "wrong-0123456789abcdef", GUEST, ADMIN};
        int cells = 0;
        try (RelayRig rig = RelayRig.start(closed("anyone view /open", "guest publish,view /hall", "guest metrics /",
                "guest api /hall", "admin all /"))) {
            for (var row : table.entrySet()) {
                for (Action action : Action.values()) {
                    for (int i = 0; i < tokens.length; i++) {
                        int code = answer(rig, action, row.getKey(), tokens[i]);
                        String cell = action + " " + row.getKey() + " with " + tokens[i] + ": " + code;
                        int base = action == Action.VIEW ? 4_000 : 0;
                        switch (row.getValue().get(action).charAt(i)) {
                            case 'l' -> assertEquals(base + 401, code, cell);
                            case '.' -> assertEquals(base + 403, code, cell);
                            default -> assertEquals(passed(action), code == 200 ? passed(action) : code, cell);
                        }
                        cells++;
                    }
                }
            }
        }
        assertEquals(60, cells);
    }

    /** The answer to an action that may be done, but finds no media, stream or page. */
    private static int passed(Action action) {
        return switch (action) {
            case PUBLISH -> 400;
            case VIEW -> 4404;
            case API -> 200;
            case RECORD, METRICS -> 404;
        };
    }

    @Test
    @Shows("relay A3")
    @DisplayName("nothing of a refused publisher reaches a viewer, and the publisher before it stays")
    void refusedPublisher() throws Exception {
        try (RelayRig rig = RelayRig.start(closed("anyone view /", "guest publish /other", "admin all /"))) {
            TestPublisher publisher = rig.publish("cam1", field(ADMIN)).init().frames(1);
            rig.await("a stream", () -> closeCodeOf(rig) == 0);
            TestViewer viewer = rig.watch("cam1").greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            for (String fields : List.of("", field("wrong"), field(GUEST))) {
                TestPublisher refused = rig.publish("cam1", fields);
                refused.sendUntilRefused(("ffff\r\n" + "x".repeat(65_535)).getBytes(StandardCharsets.US_ASCII));
                String head = refused.head();
                assertTrue(head.startsWith(fields.equals(field(GUEST)) ? "HTTP/1.1 403 " : "HTTP/1.1 401 "), head);
                assertEquals(!fields.equals(field(GUEST)), head.contains("WWW-Authenticate: Bearer"), head);
            }
            publisher.frames(1);
            viewer.units("f1");
            assertNull(viewer.events.poll());
        }
    }

    /** 0 if there is a stream cam1 that may be watched. */
    private static int closeCodeOf(RelayRig rig) {
        try {
            HttpResponse<String> list = rig.send("GET", "/api/v1/streams", "Authorization", "Bearer " + ADMIN);
            return list.body().contains("\"path\":\"cam1\"") && list.body().contains("\"framesIn\":1") ? 0 : 4404;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("a browser sends its token as a subprotocol, and relay.v1 is agreed on")
    void subprotocol() throws Exception {
        try (RelayRig rig = RelayRig.start(closed("admin all /"))) {
            rig.publish("cam1", field(ADMIN)).init().frames(1);
            rig.await("a stream", () -> closeCodeOf(rig) == 0);
            byte[] token = ADMIN.getBytes(StandardCharsets.UTF_8);
            TestViewer viewer = rig.watch("cam1", Credentials.SUBPROTOCOL_PREFIX
                    + Base64.getUrlEncoder().withoutPadding().encodeToString(token)).greeted();
            viewer.stream("live", 1);
            assertEquals("relay.v1", viewer.socket.getSubprotocol());
            rig.watch("cam1").end(Pass.LOGIN_NEEDED);
        }
    }

    private static String link(Instant end, int max) {
        return "cam1?" + SignedLink.sign(KEY, Action.VIEW, "cam1", end.getEpochSecond(), 0, max).query();
    }

    @Test
    @Shows("relay A5")
    @DisplayName("an expired link is refused, and a link that expires while its viewer watches closes it within 2 s")
    void expiringLink() throws Exception {
        try (RelayRig rig = RelayRig.start(closed("admin all /"))) {
            rig.publish("cam1", field(ADMIN)).init().frames(1);
            rig.await("a stream", () -> closeCodeOf(rig) == 0);
            rig.watch(link(Instant.now().minusSeconds(1), 0)).end(Pass.NOT_ALLOWED);
            Instant end = Instant.now().plusSeconds(2);
            TestViewer viewer = rig.watch(link(end, 0)).greeted();
            viewer.stream("live", 1);
            viewer.units("init 0", "K0c");
            viewer.end(Pass.NOT_ALLOWED);
            // the link has whole seconds
            Instant signed = Instant.ofEpochSecond(end.getEpochSecond());
            assertFalse(Instant.now().isBefore(signed), "closed before its end");
            assertTrue(Instant.now().isBefore(signed.plusSeconds(2)), "closed too late");
        }
    }

    @Test
    @Shows("relay A5")
    @DisplayName("as many viewers as a link allows may watch at once, and one that leaves makes room")
    void sharedLink() throws Exception {
        try (RelayRig rig = RelayRig.start(closed("admin all /"))) {
            rig.publish("cam1", field(ADMIN)).init().frames(1);
            rig.await("a stream", () -> closeCodeOf(rig) == 0);
            String link = link(Instant.now().plusSeconds(60), 2);
            TestViewer first = rig.watch(link).greeted();
            rig.watch(link).greeted();
            rig.watch(link).end(Pass.TOO_MANY);
            first.socket.sendClose(1000, "").join();
            rig.await("room for one more", () -> {
                TestViewer next = rig.watch(link);
                try {
                    return next.next().code() != Pass.TOO_MANY;
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }
    }

    @Test
    @DisplayName("the API signs links for those who may use it")
    void signedByApi() throws Exception {
        try (RelayRig rig = RelayRig.start(closed("admin all /"))) {
            rig.publish("cam1", field(ADMIN)).init().frames(1);
            rig.await("a stream", () -> closeCodeOf(rig) == 0);
            assertEquals(401, rig.send("POST", "/api/v1/links?path=cam1").statusCode());
            String[] login = {"Authorization", "Bearer " + ADMIN};
            for (String wrong : List.of("", "?path=a..b", "?path=cam1&for=5", "?path=cam1&max=-1")) {
                assertEquals(400, rig.send("POST", "/api/v1/links" + wrong, login).statusCode(), wrong);
            }
            String json = rig.send("POST", "/api/v1/links?path=cam1&for=1m&max=1", login).body();
            String link = (String) Json.parse(json).get("link");
            assertTrue(link.startsWith("watch/cam1?key=k1&exp="), link);
            rig.watch(link.substring("watch/".length())).greeted().stream("live", 1);
            rig.watch(link.substring("watch/".length())).end(Pass.TOO_MANY);
        }
    }

    @Test
    @Shows("relay A6")
    @DisplayName("a relay on every address lets nobody publish without the token that its first start made")
    void everyAddress(@TempDir Path directory) throws Exception {
        Settings settings = RelayRig.settings().with(ServeSettings.HOST, "0.0.0.0")
                .with(AccessSettings.TOKEN_FILE, directory.resolve("token").toString());
        try (RelayServer server = RelayServer.start(settings); RawPeer stranger = peer(server);
                RawPeer operator = peer(server); RawPeer viewer = peer(server); RawPeer list = peer(server)) {
            String put = "PUT /publish/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n";
            assertTrue(stranger.send(put + "\r\nx").head().startsWith("HTTP/1.1 401 "));
            assertTrue(list.send("GET /api/v1/streams HTTP/1.1\r\nHost: x\r\n\r\n").head().startsWith("HTTP/1.1 401 "));
            assertTrue(viewer.send("GET /live/a HTTP/1.1\r\nHost: x\r\n" + HANDSHAKE + "\r\n").head()
                    .startsWith("HTTP/1.1 101 "));
            assertEquals(Viewer.NO_SUCH_STREAM, viewer.closeCode());
            String token = server.login().tokenFile().token();
            String answer = operator.send(put + field(token) + "\r\nx").head();
            assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
        }
    }

    @Test
    @Shows("relay A6")
    @DisplayName("the command prints the token at the first start, and later only where it is kept")
    void printed(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("token");
        List<String> first = started(file);
        String token = Files.readString(file).strip();
        assertTrue(first.stream().anyMatch(line -> line.startsWith("  token    " + token + " ")), first::toString);
        List<String> second = started(file);
        assertTrue(second.stream().anyMatch(line -> line.startsWith("  token    in " + file)), second::toString);
        assertFalse(second.toString().contains(token), second::toString);
    }

    /** Starts the command, and returns what it prints up to the line that says how to stop it. */
    private static List<String> started(Path tokenFile) throws Exception {
        Process relay = new ProcessBuilder(JavaProgram.command("-cp", System.getProperty("java.class.path"),
                Main.class.getName(), "serve", "--host", "0.0.0.0", "--port", "0", "--no-test-picture",
                "--token-file", tokenFile.toString())).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader said = relay.inputReader()) {
            return said.lines().takeWhile(line -> !line.startsWith("  stop ")).toList();
        } finally {
            relay.destroyForcibly().waitFor();
        }
    }

    private static RawPeer peer(RelayServer server) throws Exception {
        return new RawPeer(new InetSocketAddress("127.0.0.1", server.address().getPort()));
    }

    @ParameterizedTest
    @CsvSource({"192.0.2.1, 401, 127.0.0.1", "127.0.0.1, 400, 203.0.113.5"})
    @Shows("relay A2")
    @DisplayName("X-Forwarded-For counts for rules, limits and the log, but only from a trusted proxy")
    void forwarded(String proxy, int status, String logged) throws Exception {
        Settings settings = RelayRig.settings().with(AccessSettings.TRUSTED_PROXY, List.of(Cidr.parse(proxy)))
                .with(AccessSettings.PUBLIC_URL, PublicUrl.parse("https://video.example.org/relay"))
                .with(AccessSettings.ALLOW, List.of(AllowRule.parse("anyone publish / 203.0.113.0/24"),
                        AllowRule.parse("anyone publish /log")));
        try (RelayLog log = RelayLog.record(); RelayRig rig = RelayRig.start(settings)) {
            String forged = "X-Forwarded-For: 198.51.100.7, 203.0.113.5\r\n";
            assertEquals(status, status(rig, "PUT", "/publish/a", forged));
            assertEquals(400, status(rig, "PUT", "/publish/log", forged));
            log.await("publisher from " + logged + " begins to publish log");
            assertFalse(log.toString().contains("198.51.100.7"), log::toString);
        }
    }

    @Test
    @Shows("relay E5")
    @DisplayName("no level of the log shows a token, a password or a signature, right or wrong")
    void secretsAreNotLogged() throws Exception {
        String wrong = "wrong-0123456789abcdef";
        String link = link(Instant.now().plusSeconds(60), 0);
        String signature = link.substring(link.indexOf("sig=") + 4);
        String password = "c3dvcmRmaXNo";
        try (RelayLog log = RelayLog.recordAll(); RelayRig rig = RelayRig.start(closed("admin all /"))) {
            for (String token : List.of(ADMIN, GUEST, wrong)) {
                status(rig, "PUT", "/publish/cam1", field(token));
                status(rig, "PUT", "/publish/cam1?token=" + token, "");
                status(rig, "GET", "/api/v1/streams?token=" + token, "");
                status(rig, "GET", "/nothing?token=" + token, field(token));
                closeCode(rig, "/live/cam1?token=" + token, "");
                String encoded = Base64.getUrlEncoder().withoutPadding()
                        .encodeToString(token.getBytes(StandardCharsets.UTF_8));
                closeCode(rig, "/live/cam1", "Sec-WebSocket-Protocol: relay.v1, bearer." + encoded + "\r\n");
            }
            closeCode(rig, "/live/" + link, "");
            closeCode(rig, "/live/" + link.replace("cam1", "cam2"), "");
            status(rig, "GET", "/api/v1/streams", "Authorization: Basic " + password + "\r\n");
            log.await("refused publish of cam1 from 127\\.0\\.0\\.1, token wron\\.\\.\\.: the token is wrong");
            for (String secret : List.of(ADMIN, GUEST, wrong, signature, password, "swordfish", KEY.secret())) {
                assertFalse(log.toString().contains(secret.substring(0, 6)), () -> secret + " stands in " + log);
            }
        }
    }

    @Test
    @DisplayName("behind a proxy, the relay answers below its path, to its public name, and to its own pages")
    void behindProxy() throws Exception {
        Settings settings = RelayRig.settings().with(AccessSettings.TRUSTED_PROXY, List.of(Cidr.parse("127.0.0.1")))
                .with(AccessSettings.PUBLIC_URL, PublicUrl.parse("https://video.example.org/relay"))
                .with(AccessSettings.ALLOW, List.of(AllowRule.parse("anyone all /")));
        try (RelayRig rig = RelayRig.start(settings)) {
            for (String path : List.of("/relay/", "/", "/relay/watch/a", "/relay/index.js", "/relay/healthz")) {
                assertEquals(200, rig.send("GET", path).statusCode(), path);
            }
            assertTrue(rig.send("GET", "/relay/watch/hall/a").body().contains("href=\"../../style.css\""));
            assertTrue(rig.send("GET", "/relay/").body().contains("href=\"./style.css\""));
            HttpResponse<String> moved = rig.send("GET", "/relay");
            assertEquals(308, moved.statusCode());
            assertEquals("relay/", moved.headers().firstValue("Location").orElse(""));
            String put = "PUT /relay/publish/a HTTP/1.1\r\nContent-Length: 1\r\n";
            String origin = "Origin: https://video.example.org\r\n";
            Map<String, Integer> expected = Map.of("Host: video.example.org\r\n", 400, "Host: evil.example\r\n", 421,
                    "Host: 127.0.0.1\r\nX-Forwarded-Host: video.example.org\r\n" + origin, 400,
                    "Host: 127.0.0.1\r\n" + origin, 400,
                    "Host: video.example.org\r\nX-Forwarded-Host: evil.example\r\n", 421,
                    "Host: video.example.org\r\nOrigin: https://evil.example\r\n", 403);
            for (var row : expected.entrySet()) {
                String answer = rig.connect().send(put + row.getKey() + "\r\nx").head();
                assertTrue(answer.startsWith("HTTP/1.1 " + row.getValue() + " "), row.getKey() + answer);
            }
            String upgrade = rig.connect().send("GET /relay/live/a HTTP/1.1\r\nHost: video.example.org\r\n" + HANDSHAKE
                    + "Origin: https://evil.example\r\n\r\n").head();
            assertTrue(upgrade.startsWith("HTTP/1.1 403 "), upgrade);
        }
    }

    @Test
    @DisplayName("a publisher whose media do not arrive through a proxy is told which setting of the proxy to change")
    void heldBack() throws Exception {
        Settings settings = RelayRig.settings().with(ServeSettings.PUBLISHER_TIMEOUT, Duration.ofMillis(100));
        try (RelayRig rig = RelayRig.start(settings)) {
            String put = "PUT /publish/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n";
            String proxied = rig.connect().send(put + "X-Forwarded-For: 203.0.113.5\r\n\r\n").rest();
            assertTrue(proxied.startsWith("HTTP/1.1 408 ") && proxied.contains("proxy_request_buffering off"), proxied);
            String direct = rig.connect().send(put + "\r\n").rest();
            assertTrue(direct.startsWith("HTTP/1.1 408 ") && !direct.contains("proxy"), direct);
        }
    }
}
