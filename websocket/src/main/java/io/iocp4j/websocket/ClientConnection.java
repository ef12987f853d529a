package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.ClientHandshake;
import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.handshake.HandshakeInfo;
import io.iocp4j.websocket.handshake.WebSocketUri;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponseHead;
import io.iocp4j.websocket.http.HttpResponseReader;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;

/**
 * One connection of a client: through a proxy if there is one, then the opening handshake. After it the
 * {@link WebSocketConnection} is the handler. All methods run as callbacks of the connection.
 */
final class ClientConnection implements TcpHandler {
    /** The most 1xx responses before the final response (RFC 9110 section 15.2). */
    static final int INTERIM_MAX = 8;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private enum State {
        /** Waits for TCP, and for TLS if there is no proxy. */
        CONNECTING,
        /** Waits for the response of the proxy to CONNECT. */
        PROXY,
        /** Waits for the response of the server. */
        UPGRADE,
        /** Collects the body of a refusal. */
        REFUSED,
        /** The WebSocket has the connection. The rest of the received bytes goes to it. */
        HANDED_OVER,
        /** Failed; received data is dropped. */
        FAILED,
        /** Another connection continues the opening. */
        REDIRECTED
    }

    private final ClientOpening opening;
    private final ClientOptions options;
    private final WebSocketUri endpoint;
    private final ClientHandshake handshake;
    private final HttpRequest request;
    private HttpResponseReader reader;
    private State state = State.CONNECTING;
    private int interim;
    private WebSocketConnection webSocket;
    private RefusedHandshake refusal;
    /** The reason of a failure, unless the connection itself failed. */
    private IOException failure;

    ClientConnection(ClientOpening opening, WebSocketUri endpoint, ClientHandshake handshake) {
        this.opening = opening;
        this.options = opening.options();
        this.endpoint = endpoint;
        this.handshake = handshake;
        this.request = handshake.request();
        this.reader = new HttpResponseReader(options.httpLimits());
    }

    @Override
    public void onOpen(TcpConnection tcp) {
        if (options.proxy() == null) {
            sendRequest(tcp);
        } else {
            state = State.PROXY;
            HttpHeaders fields = HttpHeaders.builder().add("Host", endpoint.hostAndPort()).build();
            tcp.send(ClientHandshake.encode("CONNECT", endpoint.hostAndPort(), fields.with(options.proxyHeaders())));
        }
    }

    private void sendRequest(TcpConnection tcp) {
        state = State.UPGRADE;
        tcp.send(ClientHandshake.encode(request.method(), request.target(), request.headers()));
    }

    @Override
    public void onData(TcpConnection tcp, ByteBuffer data) {
        try {
            while (data.hasRemaining() && state != State.FAILED && state != State.REDIRECTED) {
                switch (state) {
                    case PROXY, UPGRADE -> takeHead(tcp, data);
                    case REFUSED -> takeBody(tcp, data);
                    default -> {
                        // the WebSocket takes, keeps or drops all of it
                        webSocket.onData(tcp, data);
                        return;
                    }
                }
            }
        } catch (HttpException malformed) {
            fail(tcp, new HandshakeException(who() + " answered no HTTP: " + malformed.getMessage(), malformed));
        } catch (IOException refused) {
            fail(tcp, refused);
        }
    }

    private String who() {
        return state == State.PROXY ? "the proxy for " + endpoint : "the server " + endpoint;
    }

    private void takeHead(TcpConnection tcp, ByteBuffer data) throws IOException {
        HttpResponseHead head = reader.read(data);
        if (head == null) {
            return;
        }
        if (head.isInterim()) {
            interim++;
            if (interim > INTERIM_MAX) {
                throw new HandshakeException("more than " + INTERIM_MAX + " responses before the last", head);
            }
            reader.reset();
        } else if (state == State.PROXY && head.status() / 100 == 2) {
            enterTunnel(tcp, head, data);
        } else if (state == State.UPGRADE && head.status() == 101) {
            upgrade(tcp, head);
        } else if (state == State.UPGRADE && REDIRECTS.contains(head.status()) && options.maxRedirects() > 0) {
            redirect(tcp, head);
        } else {
            refused(tcp, head);
        }
    }

    /** Ignores lengths in a 2xx to CONNECT (RFC 9110 section 9.3.6). The server behind it must not send first. */
    private void enterTunnel(TcpConnection tcp, HttpResponseHead head, ByteBuffer data) throws IOException {
        if (data.hasRemaining()) {
            throw new HandshakeException("the proxy sent bytes after its answer to CONNECT", head);
        }
        reader = new HttpResponseReader(options.httpLimits());
        if (endpoint.secure()) {
            tcp.startTlsAsync(options.secure(), endpoint.hostName(), endpoint.port());
        }
        sendRequest(tcp);
    }

    private void upgrade(TcpConnection tcp, HttpResponseHead head) throws HandshakeException {
        HandshakeInfo facts = handshake.check(head);
        if (opening.settle()) {
            webSocket = new WebSocketConnection(tcp, Role.CLIENT, facts, opening.listener(), options,
                    gone -> opening.ended(tcp));
            state = State.HANDED_OVER;
            reader = null;
            tcp.handler(webSocket);
            webSocket.opened();
            opening.opened(webSocket);
        } else {
            fail(tcp, null);
        }
    }

    private void redirect(TcpConnection tcp, HttpResponseHead head) throws IOException {
        if (opening.redirect(endpoint, head)) {
            state = State.REDIRECTED;
            tcp.abort();
        } else {
            fail(tcp, null);
        }
    }

    private void refused(TcpConnection tcp, HttpResponseHead head) {
        refusal = new RefusedHandshake(who() + " answered " + head.status(), head, options.httpLimits());
        state = State.REFUSED;
        if (refusal.isComplete()) {
            fail(tcp, refusal.exception());
        }
    }

    private void takeBody(TcpConnection tcp, ByteBuffer data) {
        refusal.take(data);
        if (refusal.isComplete()) {
            fail(tcp, refusal.exception());
        }
    }

    @Override
    public void onEnd(TcpConnection tcp) {
        switch (state) {
            case REFUSED -> fail(tcp, refusal.exception());
            default -> fail(tcp, ioException(tcp, IoError.EOF,
                    new EOFException(who() + " ended the connection before the end of its answer")));
        }
    }

    /** The time limit of the whole opening is over. */
    void timedOut(TcpConnection tcp) {
        if (state == State.REFUSED) {
            fail(tcp, refusal.exception());
        } else if (state != State.HANDED_OVER) {
            fail(tcp, ioException(tcp, IoError.TIMED_OUT,
                    new IOException("no WebSocket within the connectTimeout of " + options.connectTimeout())));
        }
    }

    /** Fails the opening, which ends with this connection. A null reason means that the opening was cancelled. */
    private void fail(TcpConnection tcp, IOException why) {
        if (state != State.FAILED && state != State.REDIRECTED) {
            failure = why;
            state = State.FAILED;
            tcp.abort();
        }
    }

    @Override
    public void onClose(TcpConnection tcp, CloseInfo why) {
        if (state == State.REDIRECTED) {
            return;
        }
        notOpened(tcp, why);
        opening.ended(tcp);
    }

    private void notOpened(TcpConnection tcp, CloseInfo why) {
        IOException reason = failure != null ? failure
                : state == State.REFUSED ? refusal.exception()
                : why.cause() instanceof IoException known ? known
                : why.error() != null ? ioException(tcp, why.error(), why.cause())
                : ioException(tcp, IoError.OPERATION_ABORTED, new IOException("the opening was cancelled"));
        HandshakeInfo facts = new HandshakeInfo(request, HttpHeaders.empty(), null, null);
        Initiator initiator = failure == null ? why.initiator() : Initiator.REMOTE;
        new WebSocketConnection(tcp, Role.CLIENT, facts, opening.listener(), options, gone -> { })
                .gone(reason.getMessage(), initiator);
        opening.failed(reason);
    }

    private IoException ioException(TcpConnection tcp, IoError error, Throwable cause) {
        return new IoException(error, state == State.CONNECTING ? "connect" : "handshake", tcp.local(), tcp.remote(),
                cause);
    }
}
