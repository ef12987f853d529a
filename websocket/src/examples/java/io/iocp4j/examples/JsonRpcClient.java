package io.iocp4j.examples;

import io.iocp4j.websocket.Message;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketClient;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A JSON-RPC 2.0 client for virtual threads. Any number of them call at the same time over one WebSocket, each with a
 * time limit; the id tells which answer belongs to which call. Parameters and results are JSON text.
 */
public final class JsonRpcClient implements AutoCloseable {
    /** An answer whose id is its second or its last member, and no other. With a JSON library, use that instead. */
    private static final Pattern ANSWER = Pattern.compile("""
            (?xs) \\s* \\{ \\s* "jsonrpc" \\s* : \\s* "2[.]0" \\s* , (?: \\s* "id" \\s* : \\s* (\\d+) \\s* , )?
            \\s* "(result|error)" \\s* : \\s* (.*?) \\s* (?: , \\s* "id" \\s* : \\s* (\\d+) \\s* )? \\} \\s*""");

    private final WebSocket socket;
    private final AtomicLong ids = new AtomicLong();
    private final ConcurrentHashMap<String, CompletableFuture<Matcher>> calls = new ConcurrentHashMap<>();

    JsonRpcClient(String uri) throws IOException {
        socket = WebSocketClient.connect(uri);
        Thread.startVirtualThread(this::readAnswers);
    }

    /** Waits for the result of a method, whose name needs no escapes in JSON. The limit holds for the sending too. */
    String call(String method, String params, Duration limit) throws IOException, InterruptedException {
        String id = Long.toString(ids.incrementAndGet());
        CompletableFuture<Matcher> answer = calls.computeIfAbsent(id, first -> new CompletableFuture<>());
        try {
            socket.trySend("""
                    {"jsonrpc":"2.0","method":"%s","params":%s,"id":%s}""".formatted(method, params, id));
            if (socket.closeStatus() != null) {
                throw new IOException("the WebSocket has ended: " + socket.closeStatus());
            }
            Matcher found = answer.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            if (found.group(2).equals("result")) {
                return found.group(3);
            }
            throw new IOException(method + ": " + found.group(3));
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("no answer to " + method, e);
        } finally {
            calls.remove(id);
        }
    }

    private void readAnswers() {
        try (socket) { // closed before the calls fail: a later call sees that
            for (Message message; (message = socket.receive()) != null; ) {
                Matcher found = ANSWER.matcher(message.text());
                if (found.matches()) {
                    String id = String.valueOf(found.group(1) == null ? found.group(4) : found.group(1));
                    calls.getOrDefault(id, new CompletableFuture<>()).complete(found);
                }
            }
        } catch (IOException e) {
            // its close status says the same
        } finally {
            IOException end = new IOException("the WebSocket has ended: " + socket.closeStatus());
            calls.values().forEach(call -> call.completeExceptionally(end));
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
