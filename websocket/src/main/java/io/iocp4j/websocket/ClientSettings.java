package io.iocp4j.websocket;

import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * What a client is told; {@link WebSocketClient.Builder} describes each. Immutable.
 *
 * @param tls null for the default of the JDK
 * @param tlsParameters come after those of the options
 * @param proxy null for none
 * @param proxyHeaders go to the proxy only
 */
record ClientSettings(WebSocketSettings webSocket, TcpOptions tcp, SSLContext tls,
        Consumer<SSLParameters> tlsParameters, HttpLimits httpLimits, HttpHeaders headers, Set<String> subprotocols,
        Duration connectTimeout, int redirects, InetSocketAddress proxy, HttpHeaders proxyHeaders) {
    /** The options of a connection in the open. */
    TcpOptions plain() {
        return tcp.tls(null);
    }

    /**
     * The options of a connection with TLS.
     *
     * @throws IOException if there is no default for it
     */
    TcpOptions secure() throws IOException {
        if (tls == null && tcp.tls() != null) {
            return tcp;
        }
        try {
            return tcp.tls(tls == null ? SSLContext.getDefault() : tls, tcp.tlsParameters().andThen(tlsParameters));
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("the default of the JDK for TLS cannot be made", e);
        }
    }
}
