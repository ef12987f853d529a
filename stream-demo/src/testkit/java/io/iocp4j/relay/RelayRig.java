package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.relay.access.Grant;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.JsonTree;
import io.iocp4j.websocket.http.HttpHeaders;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A relay on a free port, and its clients. Closing it checks that no memory is left in use. */
final class RelayRig implements AutoCloseable {
    static final int DEADLINE_SECONDS = 10;

    final RelayServer server;
    final HttpClient http = HttpClient.newHttpClient();
    private final List<AutoCloseable> clients = Collections.synchronizedList(new ArrayList<>());

    private RelayRig(Settings settings) throws IOException {
        server = RelayServer.start(settings);
    }

    static Settings settings() {
        return Settings.defaults().with(ServeSettings.PORT, 0).with(ServeSettings.TEST_PICTURE, false);
    }

    /** Returns a visit from this machine, for viewers and publishers that a test makes itself. */
    static Visit visit() {
        var request = new io.iocp4j.websocket.http.HttpRequest("GET", "/", "/", null, HttpHeaders.empty(), true);
        Pass pass = new Pass(Grant.ANYONE, null, null, new Pass.Places());
        return new Visit(request, "/", InetAddress.getLoopbackAddress(), pass);
    }

    /** Returns settings with long time limits, because a busy machine may stop for longer than the default lag. */
    static Settings patientSettings() {
        Duration minute = Duration.ofMinutes(1);
        return settings().with(ServeSettings.MAX_LAG, Duration.ofSeconds(20))
                .with(ServeSettings.MAX_GOP_TIME, minute).with(ServeSettings.GRACE, minute)
                .with(ServeSettings.PUBLISHER_TIMEOUT, minute);
    }

    static RelayRig start() throws IOException {
        return new RelayRig(patientSettings());
    }

    static RelayRig start(Settings settings) throws IOException {
        return new RelayRig(settings);
    }

    InetSocketAddress address() {
        return server.address();
    }

    URI uri(String scheme, String path) {
        return URI.create(scheme + "://127.0.0.1:" + address().getPort() + path);
    }

    TestPublisher publish(String path) throws IOException {
        return add(TestPublisher.open(address(), path));
    }

    TestPublisher publish(String path, String fields) throws IOException {
        return add(TestPublisher.open(address(), path, fields));
    }

    TestViewer watch(String path, String... lessPreferred) {
        return add(TestViewer.open(http, uri("ws", "/live/" + path), RelayServer.SUBPROTOCOL, lessPreferred));
    }

    HttpResponse<String> send(String method, String path, String... fields) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri("http", path))
                .method(method, HttpRequest.BodyPublishers.noBody()).timeout(Duration.ofSeconds(DEADLINE_SECONDS));
        if (fields.length > 0) {
            request.headers(fields);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Opens a WebSocket to another path. */
    TestViewer subscribe(String path) {
        return add(TestViewer.open(http, uri("ws", path), RelayServer.SUBPROTOCOL));
    }

    RawPeer connect() throws IOException {
        return add(new RawPeer(address()));
    }

    private <T extends AutoCloseable> T add(T client) {
        clients.add(client);
        return client;
    }

    /** Returns the streams of the list, in its order. */
    @SuppressWarnings("unchecked")
    List<Map<String, Object>> streams() {
        Map<String, Object> list = JsonTree.readObject(get("/api/v1/streams"));
        assertTrue(list.get("version") instanceof String, list::toString);
        return (List<Map<String, Object>>) (List<?>) list.get("streams");
    }

    /** Returns the content of an answer. */
    String get(String path) {
        HttpRequest request = HttpRequest.newBuilder(uri("http", path)).build();
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofString()).orTimeout(DEADLINE_SECONDS,
                TimeUnit.SECONDS).join().body();
    }

    /** Waits until the first stream has received exactly this number of frames. */
    void awaitFrames(int count) throws InterruptedException {
        await(count + " frames", () -> number("framesIn") == count);
    }

    /** Returns a number from the entry of the first stream; -1 while there is no stream. */
    double number(String name) {
        List<Map<String, Object>> streams = streams();
        return streams.isEmpty() ? -1 : (Double) streams.getFirst().get(name);
    }

    /** Waits until a condition holds, for events without a callback. A timer of the port evaluates it repeatedly. */
    void await(String what, BooleanSupplier condition) throws InterruptedException {
        CountDownLatch met = new CountDownLatch(1);
        ask(condition, met, System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS));
        assertTrue(met.await(DEADLINE_SECONDS + 1, TimeUnit.SECONDS), () -> "did not happen in time: " + what);
    }

    private void ask(BooleanSupplier condition, CountDownLatch met, long deadline) {
        if (condition.getAsBoolean()) {
            met.countDown();
        } else if (deadline - System.nanoTime() > 0) {
            server.completionPort().schedule(Duration.ofMillis(2),
                    () -> Thread.ofVirtual().start(() -> ask(condition, met, deadline)));
        }
    }

    long usedBytes() {
        return server.completionPort().buffers().usedBytes();
    }

    /** Closes plain sockets first, because they do not answer a FIN. The relay closes its viewers. */
    @Override
    public void close() {
        close(RawPeer.class);
        server.close();
        close(TestViewer.class);
        http.shutdownNow();
        http.close();
        assertEquals(0, usedBytes(), "memory in use after the end");
        assertEquals(0, server.completionPort().counters().handlerFailures());
    }

    private void close(Class<? extends AutoCloseable> kind) {
        for (AutoCloseable client : List.copyOf(clients)) {
            try {
                if (kind.isInstance(client)) {
                    client.close();
                }
            } catch (Exception e) {
                throw new AssertionError("a client could not be closed", e);
            }
        }
    }
}
