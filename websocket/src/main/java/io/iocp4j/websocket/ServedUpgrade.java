package io.iocp4j.websocket;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.handshake.ServerHandshake;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpRequest;
import java.lang.System.Logger.Level;
import java.util.Objects;

/**
 * One opening handshake of an {@link HttpConnection}, from its head to the decision of the application. The application
 * sees it as a {@link ServerUpgrade}. Strand only.
 */
final class ServedUpgrade {
    static final System.Logger LOG = new GuardedLog(UpgradeHandler.class);

    private final HttpConnection connection;
    private final TcpConnection tcp;
    private final ServerOptions options;
    private final ServerUpgrade exchange;

    /** Throws HttpException if it is no valid handshake. */
    ServedUpgrade(HttpConnection connection, TcpConnection tcp, ServerOptions options, HttpRequest head)
            throws HttpException {
        ServerHandshake.check(head, options.origins());
        this.connection = connection;
        this.tcp = tcp;
        this.options = options;
        this.exchange = new ServerUpgrade(tcp, head, options.subprotocols(), options.deflate());
    }

    /** Asks the application. Returns its listener, or null if it decides later. Throws its refusal. */
    WebSocketListener decide(UpgradeHandler handler) throws HttpException {
        UpgradeAnswer answer = exchange.call(
                () -> Objects.requireNonNull(handler.onUpgrade(exchange), "no listener"));
        if (answer instanceof WebSocketListener listener) {
            exchange.answered();
            return listener;
        }
        LaterListener later = (LaterListener) answer;
        if (options.responseTimeout().isPositive()) {
            connection.startLimit(options.responseTimeout(), this::missed);
        }
        exchange.onCancel(later::cancel);
        later.whenDone((listener, thrown) -> tcp.execute(() -> decided(listener, thrown)));
        return null;
    }

    private void missed() {
        if (exchange.cancel()) {
            LOG.log(Level.WARNING, exchange.request() + " of " + tcp.remote() + " was not decided in "
                    + options.responseTimeout());
            connection.refuse(new HttpException(503, "there was no answer in time"));
        }
    }

    private void decided(WebSocketListener listener, Throwable thrown) {
        if (!connection.awaits(this)) {
            return;
        }
        exchange.answered();
        if (thrown == null && listener != null) {
            connection.opened(this, listener);
        } else {
            Throwable why = thrown != null ? thrown : new NullPointerException("no listener");
            connection.refuse(exchange.failure(why));
        }
    }

    /** The application's side, with its decisions about the answer. */
    ServerUpgrade exchange() {
        return exchange;
    }

    /** Ends the handshake: the decision is not needed any more. */
    void end() {
        exchange.cancel();
    }
}
