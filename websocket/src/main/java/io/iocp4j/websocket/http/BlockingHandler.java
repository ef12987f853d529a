package io.iocp4j.websocket.http;

import io.iocp4j.core.GuardedLog;
import java.lang.System.Logger.Level;
import java.util.Objects;

/** Calls another handler on a virtual thread for each request. Any thread. */
final class BlockingHandler implements HttpHandler {
    private static final System.Logger LOG = new GuardedLog(HttpHandler.class);

    private final HttpHandler handler;

    BlockingHandler(HttpHandler handler) {
        this.handler = Objects.requireNonNull(handler);
    }

    @Override
    public void onRequest(HttpExchange exchange) {
        Thread thread = Thread.ofVirtual().name("request " + exchange.remote()).unstarted(() -> run(exchange));
        exchange.onCancel(thread::interrupt);
        thread.start();
    }

    private void run(HttpExchange exchange) {
        try {
            handler.onRequest(exchange);
        } catch (HttpException refusal) {
            if (!exchange.respond(refusal.response())) {
                log(exchange, Level.DEBUG, refusal);
            }
        } catch (Throwable thrown) {
            // after a cancellation, the interrupt or the cut body is the most likely cause
            log(exchange, exchange.isCancelled() ? Level.DEBUG : Level.WARNING, thrown);
            exchange.respond(new HttpException(500, "internal error").response());
        }
    }

    private static void log(HttpExchange exchange, Level level, Throwable thrown) {
        LOG.log(level, "the handler of " + exchange.request() + " of " + exchange.remote() + " threw", thrown);
    }
}
