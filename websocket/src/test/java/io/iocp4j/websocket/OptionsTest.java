package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TestKeys;
import io.iocp4j.websocket.handshake.Deflate;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Options of servers and clients")
class OptionsTest {
    private static final Duration TIME = Duration.ofSeconds(7);

    @Test
    @DisplayName("a change gives a copy, and the options before it stay as they were")
    void copies() {
        ServerOptions before = ServerOptions.defaults();
        ServerOptions after = before.parts(true).closeTimeout(TIME).subprotocols("a").requestTimeout(TIME)
                .minBodyRate(0);
        assertTrue(after.parts());
        assertEquals(TIME, after.closeTimeout());
        assertEquals(List.of("a"), after.subprotocols());
        assertEquals(TIME, after.requestTimeout());
        assertEquals(0, after.minBodyRate());
        assertSame(before, ServerOptions.defaults());
        assertEquals(Duration.ofSeconds(5), before.closeTimeout());
        assertEquals(List.of(), before.subprotocols());
    }

    @Test
    @DisplayName("what both have in common keeps the options of each")
    void keepTheirOwn() {
        ClientOptions client = ClientOptions.defaults().subprotocols("a", "b").header("X-Y", "z").maxRedirects(2)
                .limits(Limits.defaults().maxMessage(9)).deflate(Deflate.on()).slowConsumer(SlowConsumer.DROP)
                .maxAge(TIME)
                .maxIdle(TIME).heartbeat(TIME, TIME);
        assertEquals(Set.of("a", "b"), client.subprotocols());
        assertEquals("z", client.headers().first("x-y"));
        assertEquals(2, client.maxRedirects());
        assertEquals(9, client.limits().maxMessage());
        assertThrows(UnsupportedOperationException.class, () -> client.subprotocols().clear());
    }

    @Test
    @DisplayName("another context for TLS keeps the parameters, whatever was set first")
    void tls() {
        SSLContext context = TestKeys.LOCALHOST.context();
        TcpOptions needing = TcpOptions.defaults().tls(TestKeys.OTHER_HOST.context(), p -> p.setNeedClientAuth(true));
        for (ServerOptions options : List.of(ServerOptions.defaults().tcp(needing).tls(context),
                ServerOptions.defaults().tls(context).tcp(needing))) {
            assertSame(context, options.listening().tls());
            var parameters = context.getDefaultSSLParameters();
            options.listening().tlsParameters().accept(parameters);
            assertTrue(parameters.getNeedClientAuth());
        }
        assertNull(ServerOptions.defaults().tls());
    }

    @Test
    @DisplayName("are told in words, without a credential")
    void inWords() {
        String server = ServerOptions.defaults().tcpPort(7).subprotocols("chat").toString();
        assertTrue(server.startsWith("ServerOptions[") && server.contains("subprotocols=[chat]"), server);
        String client = ClientOptions.defaults().header("Authorization", "secret")
                .proxy(InetSocketAddress.createUnresolved("proxy", 1), "user", "password").toString();
        assertTrue(client.contains("Authorization") && client.contains("proxy"), client);
        assertTrue(!client.contains("secret") && !client.contains("password"), client);
        assertNotEquals(server, ServerOptions.defaults().toString());
    }
}
