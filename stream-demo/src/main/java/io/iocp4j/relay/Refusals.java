package io.iocp4j.relay;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.relay.observe.LogField;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpRequest;
import java.lang.System.Logger.Level;
import java.net.InetAddress;

/**
 * The log of requests that were refused: what a publisher or viewer wanted, and why it did not get it. Without it, an
 * operator sees only that nothing happens. Any thread.
 */
final class Refusals {
    private static final System.Logger LOG = new GuardedLog(Refusals.class);
    /** The longest part of a path in the log, in characters. A client may send any path. */
    private static final int PATH_MAX = 100;

    private final ClientLog rate;

    Refusals(ClientLog rate) {
        this.rate = rate;
    }

    /** Logs a refusal if it is of interest, and returns it. */
    HttpException log(HttpException refusal, HttpRequest request, InetAddress client) {
        int status = refusal.status();
        boolean media = request.path().contains(Routes.PUBLISH) || request.path().contains(Routes.LIVE);
        // a page that is not there, or a redirect, is nobody's trouble
        if (status >= 500 || status == 421 || status == 429 || status == 403 || media && status >= 400) {
            String path = request.path().replaceAll("[^\\x21-\\x7e]", "?");
            rate.log(LOG, Level.WARNING, "refused", client.getHostAddress(), "refused {0} {1} from {2} with {3}: {4}",
                    request.method(), path.substring(0, Math.min(PATH_MAX, path.length())),
                    LogField.peer(client.getHostAddress()), LogField.code(status), refusal.getMessage());
        }
        return refusal;
    }
}
