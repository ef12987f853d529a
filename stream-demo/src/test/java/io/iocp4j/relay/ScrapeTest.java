package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.JsonTree;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("e2e")
@DisplayName("A scrape of the metrics")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ScrapeTest {
    private static final Path PYTHON = Path.of("target", "tools", "python");
    private static final int FRAMES = 40;
    private static final int VIEWERS = 1_000;
    private static final long FRAME_MILLIS = 100;
    private static final Duration SCRAPE_LIMIT = Duration.ofMillis(50);
    /** The most by which scrapes may delay the slowest frame in a hundred. */
    private static final Duration SPIKE_LIMIT = Duration.ofMillis(100);

    /** Lets the official client parse a scrape: family -> samples, each a name, labels and a value. */
    private static Map<String, Object> parse(String format, String scrape) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("python3", Path.of("tools", "scrape.py").toString(), format);
        builder.environment().put("PYTHONPATH", PYTHON.toString());
        Process parser = builder.redirectErrorStream(true).start();
        try (var in = parser.getOutputStream()) {
            in.write(scrape.getBytes(StandardCharsets.UTF_8));
        }
        String answer = new String(parser.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, parser.waitFor(), answer);
        return JsonTree.readObject(answer);
    }

    private static String scrape(RelayRig rig, String accept) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(rig.uri("http", "/metrics")).header("Accept", accept)
                .timeout(Duration.ofSeconds(RelayRig.DEADLINE_SECONDS)).build();
        return rig.http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    @SuppressWarnings("unchecked")
    private static double value(Map<String, Object> families, String family, String sample,
            Map<String, String> labels) {
        List<List<Object>> samples = (List<List<Object>>) families.get(family);
        return samples.stream().filter(each -> each.get(0).equals(sample) && each.get(1).equals(labels))
                .map(each -> (Double) each.get(2)).findFirst().orElseThrow();
    }

    @ParameterizedTest
    @Shows("E1")
    @ValueSource(strings = {"text", "openmetrics"})
    @DisplayName("is read by the official parser, with the values of what the test sent")
    void parser(String format) throws Exception {
        Installed.require("python3");
        Installed.requireFile(PYTHON, "stream-demo/tools/install");
        String accept = format.equals("text") ? "text/plain" : "application/openmetrics-text";
        try (RelayRig rig = RelayRig.start()) {
            Map<String, Object> before = parse(format, scrape(rig, accept));
            rig.publish("hall/cam1").init().frames(FRAMES);
            rig.awaitFrames(FRAMES);
            rig.watch("hall/cam1").greeted().stream("live", 1);
            rig.await("a viewer that has all", () -> rig.get("/api/v1/viewers").contains("\"queueBytes\":0"));
            Map<String, Object> after = parse(format, scrape(rig, accept));
            assertTrue(after.keySet().containsAll(before.keySet()) && after.size() > 30, after.keySet()::toString);
            double bytes = 0;
            for (int i = 0; i < FRAMES; i++) {
                bytes += Sample.unit(i).length + MediaUnit.HEADER_BYTES;
            }
            Map<String, String> path = Map.of("path", "hall/cam1");
            // the parsers name a family of counters without _total
            assertEquals(bytes, value(after, "relay_ingest_bytes", "relay_ingest_bytes_total", path));
            assertEquals(1, value(after, "relay_viewers", "relay_viewers", path));
            assertEquals(1, value(after, "relay_joins", "relay_joins_total", Map.of("result", "ok")));
            assertEquals(1, value(after, "relay_streams", "relay_streams", Map.of("state", "live")));
            assertEquals(1, value(after, "relay_join_seconds", "relay_join_seconds_count", path));
            assertEquals(1, value(after, "relay_join_seconds", "relay_join_seconds_bucket",
                    Map.of("path", "hall/cam1", "le", "+Inf")));
        }
    }

    @Test
    @Shows("E2")
    @DisplayName("takes less than 50 ms with 1,000 viewers, and delays none of their frames")
    void thousandViewers() throws Exception {
        RealTime.check(ScrapeTest::scrapeUnderLoad);
    }

    /** A viewer that notes how long each frame took from the test's publisher. */
    private static final class Timed implements AutoCloseable {
        private final ViewerSocket socket;
        private final long[] sentNanos;
        private final List<Long> delays = Collections.synchronizedList(new ArrayList<>());

        Timed(RelayRig rig, long[] sentNanos) throws IOException {
            this.sentNanos = sentNanos;
            socket = new ViewerSocket(rig.uri("http", "/").toString(), "cam1");
        }

        void read(CountDownLatch joined, int last) {
            try {
                for (WireMessage message = socket.next();; message = socket.next()) {
                    if (message.isText("stream")) {
                        joined.countDown();
                    } else if (message.isMedia()) {
                        delays.add(System.nanoTime() - sentNanos[(int) message.seq()]);
                        if (message.seq() == last) {
                            return;
                        }
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static void scrapeUnderLoad() throws IOException, InterruptedException {
        List<Timed> viewers = new ArrayList<>();
        long[] sent = new long[2 * FRAMES];
        List<Long> scrapes = Collections.synchronizedList(new ArrayList<>());
        try (RelayRig rig = RelayRig.start();
                ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();
                ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            try {
                TestPublisher publisher = rig.publish("cam1").init();
                rig.await("a stream", () -> !rig.streams().isEmpty());
                CountDownLatch joined = new CountDownLatch(VIEWERS);
                CountDownLatch ended = new CountDownLatch(VIEWERS);
                for (int i = 0; i < VIEWERS; i++) {
                    Timed viewer = new Timed(rig, sent);
                    viewers.add(viewer);
                    readers.execute(() -> {
                        viewer.read(joined, sent.length - 1);
                        ended.countDown();
                    });
                }
                TooLate.unless(joined.await(1, TimeUnit.MINUTES), "not all viewers joined in time");
                publish(clock, publisher, sent, 0, () -> { });
                publish(clock, publisher, sent, FRAMES, () -> readers.execute(() -> scrapes.add(timeScrape(rig))));
                TooLate.unless(ended.await(1, TimeUnit.MINUTES), "not all viewers got all frames in time");
            } finally {
                for (Timed viewer : viewers) {
                    viewer.close();
                }
            }
        }
        long without = delay(viewers, 0);
        long with = delay(viewers, FRAMES);
        long middle = scrapes.stream().sorted().toList().get(scrapes.size() / 2);
        System.out.printf("e2e: scrape: %d viewers, %d scrapes of at least %d us, median %d us; p99 of frames %d us"
                + " without scrapes, %d us with them%n", VIEWERS, scrapes.size(), Collections.min(scrapes) / 1_000,
                middle / 1_000, without / 1_000, with / 1_000);
        TooLate.unless(middle < SCRAPE_LIMIT.toNanos(), "a scrape took " + middle / 1_000_000 + " ms");
        TooLate.unless(with - without < SPIKE_LIMIT.toNanos(), "frames came later while the metrics were scraped");
    }

    private static long timeScrape(RelayRig rig) {
        long began = System.nanoTime();
        rig.get("/metrics");
        return System.nanoTime() - began;
    }

    /** Sends frames at a steady pace, and does something between two of them. */
    private static void publish(ScheduledExecutorService clock, TestPublisher publisher, long[] sent, int first,
            Runnable between) throws InterruptedException {
        CountDownLatch left = new CountDownLatch(FRAMES);
        var task = clock.scheduleAtFixedRate(() -> {
            int number = first + FRAMES - (int) left.getCount();
            if (left.getCount() == 0) {
                return;
            }
            sent[number] = System.nanoTime();
            try {
                publisher.frames(1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            if (number % 2 == 1) {
                between.run();
            }
            left.countDown();
        }, 0, FRAME_MILLIS, TimeUnit.MILLISECONDS);
        TooLate.unless(left.await(1, TimeUnit.MINUTES), "the frames were not sent in time");
        task.cancel(false);
    }

    /** Returns the delay of the slowest frame in a hundred, over all viewers. */
    private static long delay(List<Timed> viewers, int first) {
        List<Long> delays = new ArrayList<>();
        viewers.forEach(viewer -> delays.addAll(viewer.delays.subList(first, first + FRAMES)));
        Collections.sort(delays);
        return delays.get(delays.size() * 99 / 100);
    }
}
