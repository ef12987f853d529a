package io.iocp4j.relay.observe;

import io.iocp4j.core.GuardedLog;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Posts events to one HTTP service, one at a time and in order, on a virtual thread of its own. An event is tried
 * {@value #TRIES} times; then it is lost, counted and logged. Events that arrive while {@value #QUEUE_MAX} wait are
 * dropped and counted.
 *
 * <p>Each request has the fields {@code X-Relay-Event} (the type), {@code X-Relay-Delivery} (the same for each try of
 * one event) and, with a secret, {@code X-Relay-Signature: sha256=} and the HMAC-SHA256 of the body in hexadecimal.
 */
final class Webhooks implements AutoCloseable {
    static final int TRIES = 3;
    static final int QUEUE_MAX = 256;
    /** The types that are posted. The others are as frequent as viewers, and are for subscribers. */
    static final Set<String> TYPES = Set.of(RelayEvent.STREAM_LIVE, RelayEvent.STREAM_WAITING,
            RelayEvent.STREAM_ENDED, RelayEvent.LIMIT_HIT);

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final System.Logger LOG = new GuardedLog(Webhooks.class);

    /** An event to post; the last one ends the thread. */
    private record Delivery(String type, String json) {
        private static final Delivery END = new Delivery("", "");
    }

    private final URI target;
    private final byte[] secret;
    private final Duration pause;
    private final RelayMetrics metrics;
    private final HttpClient http;
    private final BlockingQueue<Delivery> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /**
     * Starts the thread.
     *
     * @param target an http or https address
     * @param secret the key of the signature; null for none
     * @param pause the wait before the second try; four times as long before the third
     */
    Webhooks(URI target, String secret, Duration pause, RelayMetrics metrics) {
        this.target = target;
        this.secret = secret == null ? null : secret.getBytes(StandardCharsets.UTF_8);
        this.pause = pause;
        this.metrics = metrics;
        http = HttpClient.newBuilder().connectTimeout(CONNECT_LIMIT).version(HttpClient.Version.HTTP_1_1)
                .executor(Executors.newVirtualThreadPerTaskExecutor()).build();
        thread = Thread.ofVirtual().name("relay-webhooks").start(this::deliverAll);
    }

    /** Queues an event, without waiting. */
    void offer(RelayEvent event) {
        if (TYPES.contains(event.type()) && closing.getCount() > 0
                && !queue.offer(new Delivery(event.type(), event.json()))) {
            metrics.webhooks.add(1, "dropped");
        }
    }

    private void deliverAll() {
        try {
            for (Delivery next = queue.take(); next != Delivery.END; next = queue.take()) {
                deliver(next);
            }
        } catch (InterruptedException e) {
            metrics.webhooks.add(queue.size(), "dropped");
            LOG.log(Level.WARNING, "webhooks that were not delivered when the relay stopped: {0}",
                    String.valueOf(queue.size()));
        }
    }

    private void deliver(Delivery delivery) throws InterruptedException {
        String id = UUID.randomUUID().toString();
        String failure = "";
        for (int tried = 0; tried < TRIES; tried++) {
            if (tried > 0) {
                // when the relay stops, the next try follows at once
                closing.await(pause.toMillis() << 2 * (tried - 1), TimeUnit.MILLISECONDS);
            }
            failure = attempt(delivery, id);
            if (failure == null) {
                metrics.webhooks.add(1, "delivered");
                return;
            }
        }
        metrics.webhooks.add(1, "failed");
        LOG.log(Level.WARNING, "webhook {0} to {1} failed: {2}", delivery.type(), shownTarget(), failure);
    }

    /** Posts once; returns null, or the reason why that failed. */
    private String attempt(Delivery delivery, String id) throws InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(target).timeout(ANSWER_LIMIT)
                .header("Content-Type", "application/json").header("X-Relay-Event", delivery.type())
                .header("X-Relay-Delivery", id).POST(BodyPublishers.ofString(delivery.json()));
        if (secret != null) {
            request.header("X-Relay-Signature", "sha256=" + signature(delivery.json(), secret));
        }
        try {
            int status = http.send(request.build(), BodyHandlers.discarding()).statusCode();
            return status / 100 == 2 ? null : "status " + status;
        } catch (IOException e) {
            return e.toString();
        }
    }

    static String signature(String body, byte[] secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(body.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            // every Java platform has it
            throw new IllegalStateException(e);
        }
    }

    /** The target without its user, path and query, which may be secrets. */
    private String shownTarget() {
        return target.getScheme() + "://" + target.getHost() + (target.getPort() < 0 ? "" : ":" + target.getPort());
    }

    /** Gives the thread one second for what waits, then interrupts it. */
    @Override
    public void close() {
        closing.countDown();
        if (!queue.offer(Delivery.END)) {
            thread.interrupt();
        }
        try {
            if (!thread.join(Duration.ofSeconds(1))) {
                thread.interrupt();
                thread.join();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
        http.shutdownNow();
    }
}
