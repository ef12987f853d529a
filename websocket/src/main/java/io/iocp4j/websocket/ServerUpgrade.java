package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.handshake.DeflateAgreement;
import io.iocp4j.websocket.handshake.ServerHandshake;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import java.util.List;
import java.util.Locale;

/** A {@link ServedUpgrade} as the application sees it. Any thread. */
final class ServerUpgrade extends RequestExchange implements UpgradeExchange {
    /** Fields of the handshake, and fields that frame content, which a 101 does not have. In lower case. */
    private static final List<String> RESERVED = List.of("upgrade", "connection", "content-length", "transfer-encoding",
            "trailer");
    private static final String RESERVED_PREFIX = "sec-websocket-";

    private final List<String> offered;
    /** The compression of messages, or null. */
    private final DeflateAgreement deflate;

    // guarded by this
    private String subprotocol;
    private final HttpHeaders.Builder fields = HttpHeaders.builder();

    /** Throws HttpException if the offer of the client is malformed. */
    ServerUpgrade(TcpConnection tcp, HttpRequest request, List<String> supported,
            Deflate options) throws HttpException {
        super(tcp, request);
        offered = ServerHandshake.offeredSubprotocols(request);
        subprotocol = ServerHandshake.subprotocol(request, supported);
        deflate = DeflateAgreement.accept(options, request.headers());
    }

    @Override
    public List<String> offeredSubprotocols() {
        return offered;
    }

    @Override
    public synchronized String subprotocol() {
        return subprotocol;
    }

    @Override
    public synchronized UpgradeExchange subprotocol(String name) {
        requireUnanswered();
        if (name != null && !offered.contains(name)) {
            throw new IllegalArgumentException("the client does not offer the subprotocol " + name);
        }
        subprotocol = name;
        return this;
    }

    @Override
    public synchronized UpgradeExchange header(String name, String value) {
        requireUnanswered();
        String lowerCase = name.toLowerCase(Locale.ROOT);
        if (RESERVED.contains(lowerCase) || lowerCase.startsWith(RESERVED_PREFIX)) {
            throw new IllegalArgumentException(name + " belongs to the handshake");
        }
        fields.add(name, value);
        return this;
    }

    @Override
    System.Logger log() {
        return ServedUpgrade.LOG;
    }

    DeflateAgreement deflate() {
        return deflate;
    }

    /** The fields that the application adds to the 101. */
    synchronized HttpHeaders fields() {
        return fields.build();
    }

    private void requireUnanswered() {
        if (isAnswered()) {
            throw new IllegalStateException("the handshake was answered");
        }
    }
}
