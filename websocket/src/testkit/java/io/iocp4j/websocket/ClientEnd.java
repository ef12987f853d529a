package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.DeflateAgreement;
import io.iocp4j.websocket.handshake.HandshakeInfo;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpLimits;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponseHead;
import io.iocp4j.websocket.http.HttpResponseReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** A {@link WebSocket} in the role of the client behind a handshake of which only the compression is looked at. */
final class ClientEnd implements TcpHandler {
    private final WebSocketListener listener;
    private final WebSocketOptions<?> settings;
    private final int number;
    private final HttpResponseReader reader = new HttpResponseReader(HttpLimits.defaults());

    private ClientEnd(WebSocketListener listener, WebSocketOptions<?> settings, int number) {
        this.number = number;
        this.listener = listener;
        this.settings = settings;
    }

    static void connect(CompletionPort port, InetSocketAddress server, WebSocketListener listener,
            WebSocketOptions<?> settings)
            throws IOException {
        connect(port, TcpOptions.defaults(), server, listener, settings, 0);
    }

    /** The number is the path. */
    static void connect(CompletionPort port, TcpOptions options, InetSocketAddress server, WebSocketListener listener,
            WebSocketOptions<?> settings, int number) throws IOException {
        TcpClient.connect(port, options, server, new ClientEnd(listener, settings, number));
    }

    @Override
    public void onOpen(TcpConnection connection) {
        String offer = DeflateAgreement.offer(settings.deflate());
        String head = offer == null ? RawClient.upgradeHead("/" + number)
                : RawClient.upgradeHead("/" + number, "Sec-WebSocket-Extensions: " + offer);
        connection.send(ByteBuffer.wrap(WireBytes.utf8(head)));
    }

    @Override
    public void onData(TcpConnection connection, ByteBuffer data) throws IOException {
        HttpResponseHead head = reader.read(data);
        if (head != null) {
            HttpRequest request =
                    HttpRequest.of("GET", "/" + number, HttpHeaders.builder().add("Host", "localhost").build(), true);
            DeflateAgreement deflate = DeflateAgreement.check(settings.deflate(), head.headers());
            HandshakeInfo facts = new HandshakeInfo(request, head.headers(), null, deflate);
            WebSocketConnection socket =
                    new WebSocketConnection(connection, Role.CLIENT, facts, listener, settings, gone -> { });
            connection.handler(socket);
            socket.opened();
            socket.onData(connection, data);
        }
    }
}
