package io.iocp4j.relay.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The login")
class LoginTest {
    private static final InetAddress HERE = InetAddress.ofLiteral("192.0.2.1");
    private static final InetAddress THERE = InetAddress.ofLiteral("198.51.100.1");
    private static final String SECRET = "0123456789abcdef";
    private static final String OTHER = "fedcba9876543210";
    private static final Instant NOON = Instant.parse("2026-11-30T12:00:00Z");
    /** Hashed once for all tests, because that takes half a second. */
    private static final String HASH = PasswordHash.of("swordfish", new SecureRandom()).toString();

    @TempDir
    private Path directory;
    private final AtomicLong nanos = new AtomicLong();
    private Instant now = NOON;
    private Login login;

    @AfterEach
    void close() {
        if (login != null) {
            login.close();
        }
    }

    private Settings rules(String... rules) {
        return Settings.defaults().with(AccessSettings.ALLOW, Arrays.stream(rules).map(AllowRule::parse).toList())
                .with(AccessSettings.TOKEN_FILE, directory.resolve("token").toString());
    }

    private static List<NamedSecret> secrets(String... pairs) {
        return Arrays.stream(pairs).map(NamedSecret::parse).toList();
    }

    private static List<NamedSecret> users(String... pairs) {
        return Arrays.stream(pairs).map(NamedSecret::split).toList();
    }

    private void open(Settings settings, boolean networked) throws IOException {
        login = Login.open(settings, networked, nanos::get, () -> now, text -> Map.of(), text -> text);
    }

    private static HttpRequest http(String target, String... fields) {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        int mark = target.indexOf('?');
        return new HttpRequest("GET", target, mark < 0 ? target : target.substring(0, mark),
                mark < 0 ? null : target.substring(mark + 1), headers.build(), true);
    }

    private Grant decide(Action action, String path, InetAddress client, HttpRequest request) throws HttpException {
        try {
            return login.decide(Request.of(action, path, client, false, request)).toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() instanceof CompletionException wrapped ? wrapped.getCause() : e.getCause();
            if (cause instanceof HttpException refusal) {
                throw refusal;
            }
            throw new AssertionError(cause);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private int status(Action action, String path, InetAddress client, HttpRequest request) {
        try {
            assertNotNull(decide(action, path, client, request));
            return 200;
        } catch (HttpException e) {
            return e.status();
        }
    }

    private static HttpRequest bearer(String token) {
        return http("/", "Authorization", "Bearer " + token);
    }

    private static HttpRequest basic(String pair) {
        return http("/", "Authorization", "Basic "
                + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    @DisplayName("of a relay that only this machine can reach lets anyone do everything, and makes no file")
    void alone() throws Exception {
        open(rules(), false);
        for (Action action : Action.values()) {
            assertEquals(200, status(action, "cam1", HERE, http("/")));
        }
        assertNull(login.tokenFile());
        assertFalse(Files.exists(directory.resolve("token")));
    }

    @Test
    @DisplayName("of a relay that others can reach makes a token, which its owner alone may read, and keeps it")
    void firstStart() throws Exception {
        open(rules(), true);
        TokenFile file = login.tokenFile();
        assertTrue(file.created());
        assertEquals(file.token(), Files.readString(directory.resolve("token")).strip());
        assertFalse(file.toString().contains(file.token()), "the token shows in messages");
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            assertEquals("rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("token"))));
        }
        for (Action action : Action.values()) {
            assertEquals(action == Action.VIEW ? 200 : 401, status(action, "cam1", HERE, http("/")), action.word());
            assertEquals(200, status(action, "cam1", HERE, bearer(file.token())), action.word());
        }
        login.close();
        open(rules(), true);
        assertEquals(file.token(), login.tokenFile().token());
        assertFalse(login.tokenFile().created());
    }

    @Test
    @DisplayName("refuses a file of the token that others may read, or that holds no token")
    void badTokenFile() throws Exception {
        Path file = directory.resolve("token");
        Files.writeString(file, "short");
        assertThrows(IOException.class, () -> open(rules(), true));
        assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"), "no POSIX permissions");
        Files.writeString(file, SECRET);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertTrue(assertThrows(IOException.class, () -> open(rules(), true)).getMessage().contains("chmod 600"));
    }

    @Test
    @DisplayName("compares the rules: who, what, whole names of the path, and from where")
    void compared() throws Exception {
        open(rules("anyone view /open", "ops publish,view /hall", "ops api / 192.0.2.0/24", "all-of-it all /")
                .with(AccessSettings.TOKEN, secrets("ops:" + SECRET, "all-of-it:" + OTHER)), true);
        assertEquals(200, status(Action.VIEW, "open", HERE, http("/")));
        assertEquals(200, status(Action.VIEW, "open/a", HERE, http("/")));
        assertEquals(401, status(Action.VIEW, "opening", HERE, http("/")));
        assertEquals(401, status(Action.PUBLISH, "open", HERE, http("/")));
        assertEquals(200, status(Action.VIEW, "open", HERE, bearer(SECRET)), "whoever has a name is also anyone");
        assertEquals(200, status(Action.PUBLISH, "hall/cam1", HERE, bearer(SECRET)));
        assertEquals(403, status(Action.PUBLISH, "hall2", HERE, bearer(SECRET)));
        assertEquals(403, status(Action.RECORD, "hall", HERE, bearer(SECRET)));
        assertEquals(200, status(Action.API, "", HERE, bearer(SECRET)));
        assertEquals(403, status(Action.API, "", THERE, bearer(SECRET)));
        assertEquals(200, status(Action.METRICS, "", THERE, bearer(OTHER)));
    }

    @Test
    @DisplayName("takes the first carrier that a request has: Authorization, subprotocol, parameter")
    void carriers() throws Exception {
        open(rules("ops all /").with(AccessSettings.TOKEN, secrets("ops:" + SECRET)), true);
        String protocol = "relay.v1, bearer." + Base64.getUrlEncoder().withoutPadding()
                .encodeToString(SECRET.getBytes(StandardCharsets.UTF_8));
        String wrong = "relay.v1, bearer.d3Jvbmc";
        assertEquals(200, status(Action.VIEW, "a", HERE, http("/", "authorization", "bearer " + SECRET)));
        assertEquals(200, status(Action.VIEW, "a", HERE, http("/", "Sec-WebSocket-Protocol", protocol)));
        assertEquals(200, status(Action.VIEW, "a", HERE, http("/?x&token=" + SECRET)));
        assertEquals(200, status(Action.VIEW, "a", HERE,
                http("/?token=wrong", "Authorization", "Bearer " + SECRET, "Sec-WebSocket-Protocol", wrong)));
        assertEquals(401, status(Action.VIEW, "a", HERE,
                http("/?token=" + SECRET, "Sec-WebSocket-Protocol", wrong)), "a later carrier does not help");
        assertEquals(401, status(Action.VIEW, "a", HERE, http("/?token=" + SECRET, "Authorization", "Negotiate x")));
        assertEquals(401, status(Action.VIEW, "a", HERE, http("/?token=" + SECRET, "Authorization", "Bearer a",
                "Authorization", "Bearer " + SECRET)), "two fields");
        assertEquals(401, status(Action.VIEW, "a", HERE, http("/?token=")));
    }

    @Test
    @DisplayName("answers 429 to an address after five wrong logins in ten seconds, also if the next is right")
    void slowed() throws Exception {
        open(rules("ops all /").with(AccessSettings.TOKEN, secrets("ops:" + SECRET)), true);
        for (int i = 0; i < 5; i++) {
            assertEquals(401, status(Action.VIEW, "a", HERE, bearer("wrong" + i)));
            assertEquals(401, status(Action.VIEW, "a", HERE, http("/")), "no credentials are no failure");
        }
        HttpException refusal = assertThrows(HttpException.class,
                () -> decide(Action.VIEW, "a", HERE, bearer(SECRET)));
        assertEquals(429, refusal.status());
        assertEquals("10", refusal.headers().first("Retry-After"));
        assertEquals(200, status(Action.VIEW, "a", THERE, bearer(SECRET)), "another address");
        nanos.addAndGet(Login.FAILURE_WINDOW.toNanos());
        assertEquals(200, status(Action.VIEW, "a", HERE, bearer(SECRET)));
    }

    @Test
    @DisplayName("hashes a password once per minute and address, and says which forms it takes")
    void passwords() throws Exception {
        open(rules("bob view /").with(AccessSettings.USER, users("bob:" + HASH)), true);
        assertEquals(401, status(Action.VIEW, "a", HERE, basic("bob:sword")));
        assertEquals(401, status(Action.VIEW, "a", HERE, basic("eve:swordfish")));
        assertEquals(401, status(Action.VIEW, "a", HERE, basic("bob:")));
        HttpException refusal = assertThrows(HttpException.class, () -> decide(Action.VIEW, "a", HERE, http("/")));
        assertEquals(List.of("Bearer realm=\"relay\"", "Basic realm=\"relay\", charset=\"UTF-8\""),
                refusal.headers().all("WWW-Authenticate"));
        assertEquals("bob", decide(Action.VIEW, "a", HERE, basic("bob:swordfish")).who());
        assertEquals(403, status(Action.PUBLISH, "a", HERE, basic("bob:swordfish")));
        Request again = Request.of(Action.VIEW, "a", HERE, false, basic("bob:swordfish"));
        assertTrue(login.decide(again).toCompletableFuture().isDone(), "it is hashed again");
        Request elsewhere = Request.of(Action.VIEW, "a", THERE, false, basic("bob:swordfish"));
        assertFalse(login.decide(elsewhere).toCompletableFuture().isDone(), "another address needs no hash");
        nanos.addAndGet(PasswordCheck.REMEMBERED.toNanos());
        var later = login.decide(again).toCompletableFuture();
        assertFalse(later.isDone(), "it is remembered for longer than a minute");
        assertEquals("bob", later.get(20, TimeUnit.SECONDS).who());
    }

    @Test
    @DisplayName("accepts the hash of a password only with as many rounds as it would make itself")
    void weakHash() {
        assertTrue(PasswordHash.parse(HASH).matches("swordfish"));
        for (String weak : List.of("", "swordfish", HASH.replace("$600000$", "$599999$"),
                HASH.replace("$600000$", "$99999999$"), HASH.replace("pbkdf2-sha256", "pbkdf2-sha1"),
                HASH.substring(0, HASH.length() - 8), HASH + "$x", HASH.replace("600000", "many"))) {
            assertThrows(IllegalArgumentException.class, () -> PasswordHash.parse(weak), weak);
        }
    }

    @Test
    @DisplayName("accepts a signed link for what it was signed for, between its times, and says how long it holds")
    void links() throws Exception {
        NamedSecret old = NamedSecret.parse("old:" + OTHER);
        NamedSecret key = NamedSecret.parse("new:" + SECRET);
        open(rules("anyone view /open").with(AccessSettings.LINK_KEY, List.of(key, old))
                .with(AccessSettings.LOGIN_FAILURES, 100), true);
        long exp = NOON.getEpochSecond() + 60;
        String link = SignedLink.sign(key, Action.VIEW, "hall/a", exp, NOON.getEpochSecond(), 3).query();
        Grant grant = decide(Action.VIEW, "hall/a", HERE, http("/live/hall/a?" + link));
        assertEquals(new Grant("link new", Instant.ofEpochSecond(exp), 3, grant.shared()), grant);
        assertFalse(grant.shared().contains(link.substring(link.length() - 8)), "the signature shows");
        assertEquals(200, status(Action.VIEW, "hall/a", HERE,
                http("/?" + SignedLink.sign(old, Action.VIEW, "hall/a", exp, 0, 0).query())), "two keys overlap");
        assertEquals(403, status(Action.VIEW, "hall/b", HERE, http("/?" + link)), "another stream");
        assertEquals(403, status(Action.PUBLISH, "hall/a", HERE, http("/?" + link)), "another action");
        for (String changed : List.of(link.replace("max=3", "max=4"), link.replace("&max=3", ""),
                link.replace("exp=" + exp, "exp=" + (exp + 1)), link.replace("key=new", "key=old"),
                link.replace("key=new", "key=none"), link.replaceFirst("sig=.", "sig="), link + "A",
                link.replaceFirst("nbf=\\d+", "nbf=0"), link.replace("exp=", "exp=-"), "sig=")) {
            assertEquals(403, status(Action.VIEW, "hall/a", HERE, http("/?" + changed)), changed);
        }
        now = NOON.minusMillis(1);
        assertEquals(403, status(Action.VIEW, "hall/a", HERE, http("/?" + link)), "too early");
        now = NOON.plusSeconds(60);
        assertEquals(403, status(Action.VIEW, "hall/a", HERE, http("/?" + link)), "too late");
    }

    @Test
    @DisplayName("refuses rules for nobody, and two with one name; a reload with such a mistake changes nothing")
    void mistakes() throws Exception {
        Settings good = rules("ops all /").with(AccessSettings.TOKEN, secrets("ops:" + SECRET));
        open(good, true);
        for (Settings bad : List.of(rules("nobody view /"),
                good.with(AccessSettings.TOKEN, secrets("ops:" + SECRET, "ops:" + OTHER)),
                good.with(AccessSettings.USER, users("ops:" + HASH)),
                good.with(AccessSettings.LINK_KEY, secrets("k:" + SECRET, "k:" + OTHER)))) {
            assertThrows(IllegalArgumentException.class, () -> login.reload(bad));
        }
        assertEquals(200, status(Action.API, "", HERE, bearer(SECRET)));
        login.reload(good.with(AccessSettings.TOKEN, secrets("ops:" + OTHER)));
        assertEquals(401, status(Action.API, "", HERE, bearer(SECRET)));
        assertEquals(200, status(Action.API, "", HERE, bearer(OTHER)));
    }

    @Test
    @DisplayName("shows at most four characters of a token, and no password, link or control character")
    void shown() {
        assertEquals("token 0123...", Credentials.of(bearer(SECRET)).toString());
        assertEquals("token a...", Credentials.of(bearer("abc")).toString());
        assertEquals("user bob", Credentials.of(basic("bob:swordfish")).toString());
        assertEquals("user b?b", Credentials.of(basic("b\nb:swordfish")).toString());
        assertEquals("a link of key k", Credentials.of(http("/?key=k&sig=" + SECRET)).toString());
        assertEquals("ops", NamedSecret.parse("ops:" + SECRET).toString());
        String request = Request.of(Action.VIEW, "a", HERE, false, http("/?token=" + SECRET)).toString();
        assertEquals("view of a from 192.0.2.1", request);
    }
}
