package io.iocp4j.examples;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.websocket.ClientOptions;
import io.iocp4j.websocket.CloseStatus;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketClient;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.frame.CloseCode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * A client that connects again when its WebSocket was lost or could not be opened, until the server closes it with
 * 1000. The delay doubles with every failure. A random part of it is waited, so that the clients of a restarted server
 * do not all return at once.
 */
public final class Reconnect {
    private static final Duration DELAY_MIN = Duration.ofMillis(500);
    private static final Duration DELAY_MAX = Duration.ofSeconds(30);

    private final CompletionPort port;
    private final URI uri;
    private final Consumer<String> received;
    private final CompletableFuture<CloseStatus> over = new CompletableFuture<>();
    /** Used by one attempt after the other. */
    private Duration delay = DELAY_MIN;

    private Reconnect(CompletionPort port, URI uri, Consumer<String> received) {
        this.port = port;
        this.uri = uri;
        this.received = received;
    }

    /**
     * Prints messages until the server closes with 1000.
     *
     * @param args the URI, which begins with ws:// or wss://
     * @throws IOException if there is no completion port
     */
    public static void main(String[] args) throws IOException {
        try (CompletionPort port = CompletionPort.open()) {
            run(port, URI.create(args[0]), System.out::println).join();
        }
    }

    /** Completes when the server has closed with 1000. */
    static CompletableFuture<CloseStatus> run(CompletionPort port, URI uri, Consumer<String> received) {
        Reconnect client = new Reconnect(port, uri, received);
        client.open();
        return client.over;
    }

    private void open() {
        WebSocketClient.connectAsync(port, ClientOptions.defaults(), uri, new Attempt())
                .whenComplete((socket, failure) -> {
                    if (failure != null) {
                        openLater();
                    }
                });
    }

    private void openLater() {
        long millis = ThreadLocalRandom.current().nextLong(delay.toMillis());
        Duration doubled = delay.multipliedBy(2);
        delay = doubled.compareTo(DELAY_MAX) < 0 ? doubled : DELAY_MAX;
        port.schedule(Duration.ofMillis(millis), this::open);
    }

    /** One WebSocket, or an opening that failed: its result reports that, so {@code onClose} need not. */
    private final class Attempt implements WebSocketListener {
        private boolean opened;

        @Override
        public void onOpen(WebSocket socket) {
            opened = true;
            delay = DELAY_MIN;
        }

        @Override
        public void onText(WebSocket socket, String text) {
            received.accept(text);
        }

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            if (opened && why.code() == CloseCode.NORMAL) {
                over.complete(why);
            } else if (opened) {
                openLater();
            }
        }
    }
}
