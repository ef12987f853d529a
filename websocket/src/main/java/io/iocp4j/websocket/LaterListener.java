package io.iocp4j.websocket;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;

/** The promise of a listener. */
record LaterListener(CompletionStage<? extends WebSocketListener> stage) implements UpgradeAnswer {
    LaterListener {
        Objects.requireNonNull(stage, "stage");
    }

    /** Calls a handler that may block, on a virtual thread. Cancelling the handshake interrupts the thread. */
    static UpgradeAnswer blocking(UpgradeHandler handler, UpgradeExchange exchange) {
        CompletableFuture<WebSocketListener> answer = new CompletableFuture<>();
        Thread thread = Thread.ofVirtual().name("upgrade " + exchange.remote()).unstarted(() -> {
            try {
                deliver(handler.onUpgrade(exchange), (listener, thrown) -> complete(answer, listener, thrown));
            } catch (Throwable thrown) {
                answer.completeExceptionally(thrown);
            }
        });
        exchange.onCancel(thread::interrupt);
        thread.start();
        return new LaterListener(answer);
    }

    /** Passes a listener on, now or when it is known. */
    private static void deliver(UpgradeAnswer answer, BiConsumer<WebSocketListener, Throwable> receiver) {
        if (answer instanceof LaterListener later) {
            later.whenDone(receiver);
        } else {
            receiver.accept((WebSocketListener) answer, null);
        }
    }

    private static void complete(CompletableFuture<WebSocketListener> answer, WebSocketListener listener,
            Throwable thrown) {
        if (thrown == null) {
            answer.complete(listener);
        } else {
            answer.completeExceptionally(thrown);
        }
    }

    /** Reports the outcome, with the exception that the application threw, on any thread. */
    void whenDone(BiConsumer<WebSocketListener, Throwable> receiver) {
        stage.whenComplete((listener, thrown) -> receiver.accept(listener, unwrapped(thrown)));
    }

    /** Cancels the stage, if it is a future: the listener is not needed any more. */
    void cancel() {
        if (stage instanceof CompletableFuture<?> future) {
            future.cancel(true);
        }
    }

    private static Throwable unwrapped(Throwable thrown) {
        boolean wrapped = thrown instanceof CompletionException || thrown instanceof ExecutionException;
        Throwable cause = wrapped ? thrown.getCause() : null;
        return cause == null || cause instanceof CancellationException ? thrown : cause;
    }
}
