package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Resolver;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.handshake.HandshakeException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A redirect of an opening")
class ClientRedirectTest extends ClientFixture {
    private final List<RawServer.Peer> peers = Collections.synchronizedList(new ArrayList<>());

    private RawServer.Script redirect(int status, String location) {
        return peer -> {
            peers.add(peer);
            peer.request().send("HTTP/1.1 " + status + " Moved\r\nLocation: " + location
                    + "\r\nContent-Length: 3\r\n\r\nsee");
        };
    }

    private RawServer.Script accept() {
        return peer -> {
            peers.add(peer);
            peer.request().send(peer.switching());
        };
    }

    @ParameterizedTest
    @DisplayName("is followed with GET, a fresh key and the fields of the application")
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void followed(int status) throws Exception {
        client = client.maxRedirects(1).header("Authorization", "secret").header("X-Test", "a").subprotocols("v1");
        try (RawServer server = new RawServer(redirect(status, "../b?c=d"), accept())) {
            WebSocket socket = open(server.uri("/a/b"));
            assertEquals("/b?c=d", socket.handshake().request().target());
        }
        RawServer.Peer second = peers.get(1);
        assertTrue(second.head.startsWith("GET /b?c=d HTTP/1.1\r\n"), second.head);
        assertEquals("secret", second.field("Authorization"));
        assertEquals("a", second.field("X-Test"));
        assertEquals("v1", second.field("Sec-WebSocket-Protocol"));
        assertNotEquals(peers.get(0).field("Sec-WebSocket-Key"), second.field("Sec-WebSocket-Key"));
    }

    @Test
    @Shows("CVE-2026-42498")
    @DisplayName("takes no credentials to another origin, and does not bring them back")
    void credentials() throws Exception {
        client = client.maxRedirects(2).header("Authorization", "secret").header("cookie", "a=b")
                .header("PROXY-AUTHORIZATION", "c")
                .header("Origin", "https://page");
        CompletableFuture<String> back = new CompletableFuture<>();
        try (RawServer other = new RawServer(peer -> redirect(307, back.join()).run(peer));
                RawServer home = new RawServer(redirect(302, other.uri("/").toString()), accept())) {
            back.complete(home.uri("/again").toString());
            open(home.uri("/"));
            assertEquals(3, peers.size());
            assertEquals(other.address().getPort(), peers.get(1).socket.getLocalPort());
        }
        assertEquals("secret", peers.get(0).field("Authorization"));
        assertEquals("a=b", peers.get(0).field("Cookie"));
        for (RawServer.Peer later : peers.subList(1, 3)) {
            assertNull(later.field("Authorization"));
            assertNull(later.field("Cookie"));
            assertNull(later.field("Proxy-Authorization"));
            assertEquals("https://page", later.field("Origin"));
        }
    }

    @Test
    @DisplayName("is a failure with the response where none is followed, and where it is one too many")
    void limit() throws Exception {
        try (RawServer server = new RawServer(redirect(302, "/x"))) {
            HandshakeException refused = refused(HandshakeException.class, server.uri("/"));
            assertEquals(302, refused.status());
            assertEquals("/x", refused.headers().first("Location"));
            assertEquals("see", refused.bodyText());
        }
        client = client.maxRedirects(ClientOptions.REDIRECTS_MAX);
        RawServer.Script[] loop = new RawServer.Script[ClientOptions.REDIRECTS_MAX + 1];
        Arrays.fill(loop, redirect(302, "/x"));
        try (RawServer server = new RawServer(loop)) {
            HandshakeException refused = refused(HandshakeException.class, server.uri("/x"));
            assertEquals("more than 5 redirects, the last one by ws://" + server.uri("/").getAuthority(),
                    refused.getMessage());
            assertEquals("/x", refused.headers().first("Location"));
        }
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("is refused where it leads nowhere")
    @ValueSource(strings = {"ftp://h/", "http://", "http://u:p@h/", "http://h:0/", "a b", "x\r\nLocation: y"})
    void nowhere(String location) throws Exception {
        client = client.maxRedirects(1);
        try (RawServer server = new RawServer(redirect(302, location))) {
            assertEquals(302, refused(HandshakeException.class, server.uri("/")).status());
        }
    }

    @Test
    @DisplayName("without a Location, or of another status, is a refusal like any other")
    void noRedirect() throws Exception {
        client = client.maxRedirects(5);
        RawServer.Script nowhere = peer -> peer.request().send("HTTP/1.1 302 F\r\nContent-Length: 0\r\n\r\n");
        try (RawServer server = new RawServer(nowhere, redirect(300, "/x"), redirect(304, "/x"), redirect(305, "/x"),
                redirect(200, "/x"))) {
            for (int status : new int[] {302, 300, 304, 305, 200}) {
                assertEquals(status, refused(HandshakeException.class, server.uri("/")).status());
            }
        }
    }

    @Test
    @DisplayName("to where nobody listens fails as a connect does")
    void refusedThere() throws Exception {
        client = client.maxRedirects(1);
        RawServer gone = new RawServer();
        gone.close();
        try (RawServer server = new RawServer(redirect(302, gone.uri("/").toString()))) {
            assertEquals(IoError.CONNECTION_REFUSED, refused(IoException.class, server.uri("/")).error());
        }
    }

    @Test
    @DisplayName("case 23: leads to no address that the resolver of the client leaves out, also where it is "
            + "written as text")
    void refusedAddress() throws Exception {
        Resolver noOther = host -> host.equals("127.0.0.1") ? CompletableFuture.completedFuture(List.of())
                : Resolver.SYSTEM.resolve(host);
        client = client.maxRedirects(1).tcp(TCP.resolver(noOther));
        try (RawServer inside = new RawServer();
                RawServer server = new RawServer(redirect(302, "ws://127.0.0.1:" + inside.address().getPort() + "/"))) {
            URI asked = URI.create("ws://localhost:" + server.address().getPort() + "/");
            assertEquals(IoError.HOST_NOT_FOUND, refused(IoException.class, asked).error());
        }
    }

    @Test
    @DisplayName("does not begin the time limit anew")
    void oneLimit() throws Exception {
        client = client.maxRedirects(1).connectTimeout(Duration.ofSeconds(1));
        try (RawServer server = new RawServer(redirect(302, "/b"), RawServer.Peer::awaitEnd)) {
            assertEquals(IoError.TIMED_OUT, refused(IoException.class, server.uri("/")).error());
        }
    }

    @Test
    @Shows("A9")
    @DisplayName("cancelled behind it ends once")
    void cancelled() throws Exception {
        client = client.maxRedirects(1);
        CountDownLatch there = new CountDownLatch(1);
        try (RawServer server = new RawServer(redirect(302, "/b"), peer -> {
            peer.request();
            there.countDown();
            peer.awaitEnd();
        })) {
            CompletableFuture<WebSocket> opening = begin(server.uri("/"));
            assertTrue(there.await(5, TimeUnit.SECONDS));
            assertTrue(opening.cancel(true));
            assertNotOpened();
        }
    }
}
