package io.iocp4j.websocket;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;

/**
 * The connection to a browser's DevTools: a command gets one answer, events come by themselves, both as JSON texts.
 * Commands are for one thread at a time; events are handed out on the thread of the JDK's WebSocket client.
 */
final class DevTools implements AutoCloseable {
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newHttpClient();
    private final Map<Long, CompletableFuture<Map<String, Object>>> unanswered = new ConcurrentHashMap<>();
    private final Map<String, BiConsumer<String, Map<String, Object>>> listeners = new ConcurrentHashMap<>();
    private final WebSocket socket;
    private long lastId;

    DevTools(URI address) {
        socket = client.newWebSocketBuilder().connectTimeout(ANSWER_LIMIT).buildAsync(address, new Messages()).join();
    }

    /** Calls the listener with the name and the parameters of each event of the session from now on. */
    void onEvent(String session, BiConsumer<String, Map<String, Object>> listener) {
        listeners.put(session, listener);
    }

    /** Sends a command to the browser, or to the page that a session stands for, and returns its result. */
    Map<String, Object> call(String session, String method, Map<String, ?> params) {
        Map<String, Object> command = new LinkedHashMap<>();
        command.put("id", ++lastId);
        command.put("method", method);
        command.put("params", params);
        if (session != null) {
            command.put("sessionId", session);
        }
        CompletableFuture<Map<String, Object>> answer = new CompletableFuture<>();
        unanswered.put(lastId, answer);
        socket.sendText(JsonTree.write(command), true).join();
        Map<String, Object> message;
        try {
            message = answer.orTimeout(ANSWER_LIMIT.toNanos(), TimeUnit.NANOSECONDS).join();
        } catch (CompletionException e) {
            TooLate.unless(!(e.getCause() instanceof TimeoutException),
                    method + " got no answer within " + ANSWER_LIMIT);
            throw new AssertionError(method + " got no answer", e.getCause());
        }
        if (message.containsKey("error")) {
            throw new AssertionError(method + ": " + message.get("error"));
        }
        return object(message, "result");
    }

    /** The member of that name, which is an object too. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Map<String, Object> parent, String name) {
        return (Map<String, Object>) parent.get(name);
    }

    @Override
    public void close() {
        socket.abort();
        client.shutdownNow();
        client.close();
    }

    private void handle(String text) {
        Map<String, Object> message = JsonTree.readObject(text);
        if (message.get("id") instanceof Double id) {
            unanswered.remove(id.longValue()).complete(message);
        } else if (message.get("sessionId") instanceof String session) {
            BiConsumer<String, Map<String, Object>> listener = listeners.get(session);
            if (listener != null) {
                listener.accept((String) message.get("method"), object(message, "params"));
            }
        }
    }

    private void fail(Throwable reason) {
        unanswered.values().forEach(answer -> answer.completeExceptionally(reason));
    }

    private final class Messages implements WebSocket.Listener {
        private final StringBuilder parts = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            parts.append(part);
            if (last) {
                String text = parts.toString();
                parts.setLength(0);
                handle(text);
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            fail(new IOException("the browser closed the connection: " + code + " " + reason));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            fail(error);
        }
    }
}
