package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.relay.observe.Observer;
import io.iocp4j.relay.observe.RelayEvent;
import io.iocp4j.websocket.JsonTree;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("What a running relay reports to operators and programs")
@Timeout(120)
class ReportsTest {
    private static final int FRAMES = 17;

    private RelayRig rig;

    @BeforeEach
    void start() throws IOException {
        rig = RelayRig.start();
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    private HttpResponse<String> get(String path, String... fields) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(rig.uri("http", path))
                .timeout(Duration.ofSeconds(RelayRig.DEADLINE_SECONDS));
        if (fields.length > 0) {
            request.headers(fields);
        }
        return rig.http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    /** Returns the samples of a scrape: name with labels -> value. */
    private Map<String, Double> scrape() {
        Map<String, Double> samples = new HashMap<>();
        rig.get("/metrics").lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            int space = line.lastIndexOf(' ');
            assertNull(samples.put(line.substring(0, space), Double.valueOf(line.substring(space + 1))), line);
        });
        return samples;
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(String json, String name) {
        return (List<Map<String, Object>>) JsonTree.readObject(json).get(name);
    }

    private List<Map<String, Object>> viewers(String query) {
        return list(rig.get("/api/v1/viewers" + query), "viewers");
    }

    /** Publishes frames to a viewer that takes all of them. */
    private TestPublisher publishTo(String path, int frames) throws Exception {
        TestPublisher publisher = rig.publish(path).init();
        rig.await("a stream", () -> rig.streams().stream().anyMatch(stream -> path.equals(stream.get("path"))));
        TestViewer viewer = rig.watch(path).greeted();
        viewer.stream("live", 1);
        publisher.frames(frames);
        for (int i = 0; i <= frames; i++) {
            viewer.next();
        }
        rig.awaitFrames(frames);
        return publisher;
    }

    @Test
    @Shows("E1")
    @DisplayName("a scrape has the values of what was sent, and what it counts never falls")
    void values() throws Exception {
        Map<String, Double> before = scrape();
        TestPublisher publisher = publishTo("cam1", FRAMES);
        long bytes = 0;
        for (int i = 0; i < FRAMES; i++) {
            bytes += Sample.unit(i).length + MediaUnit.HEADER_BYTES;
        }
        // the viewer may have the frames before the relay knows that its socket has taken them
        rig.await("taken", () -> scrape().get("relay_join_seconds_count{path=\"cam1\"}") == 1);
        Map<String, Double> live = scrape();
        assertEquals(bytes, live.get("relay_ingest_bytes_total{path=\"cam1\"}"));
        assertEquals(2, live.get("relay_ingest_frames_total{path=\"cam1\",track=\"video\",key=\"true\"}"));
        assertEquals(FRAMES - 2, live.get("relay_ingest_frames_total{path=\"cam1\",track=\"video\",key=\"false\"}"));
        assertEquals(0, live.get("relay_ingest_frames_total{path=\"cam1\",track=\"audio\",key=\"true\"}"));
        double init = Sample.INIT.length + MediaUnit.HEADER_BYTES;
        double texts = live.get("relay_egress_bytes_total{path=\"cam1\"}") - bytes - init;
        assertTrue(texts > 100 && texts < 1_000, "a hello text and a stream text: " + texts);
        assertEquals(1, live.get("relay_viewers{path=\"cam1\"}"));
        assertEquals(1, live.get("relay_publisher_up{path=\"cam1\"}"));
        assertEquals(1, live.get("relay_streams{state=\"live\"}"));
        assertEquals(1, live.get("relay_joins_total{result=\"ok\"}"));
        assertEquals(1, live.get("relay_publisher_epochs_total{path=\"cam1\"}"));
        assertTrue(live.get("relay_viewer_lag_seconds_count{path=\"cam1\"}") >= 1);
        assertEquals(live.get("relay_viewer_lag_seconds_bucket{path=\"cam1\",le=\"+Inf\"}"),
                live.get("relay_viewer_lag_seconds_count{path=\"cam1\"}"));
        assertEquals(0, live.get("relay_frames_dropped_total{path=\"cam1\",reason=\"slow\"}"));

        rig.watch("nothing").end(Viewer.NO_SUCH_STREAM);
        publisher.end();
        rig.await("waiting", () -> scrape().get("relay_publisher_up{path=\"cam1\"}") == 0);
        Map<String, Double> after = scrape();
        assertEquals(1, after.get("relay_streams{state=\"waiting\"}"));
        assertEquals(1, after.get("relay_joins_total{result=\"not_found\"}"));
        for (Map<String, Double> earlier : List.of(before, live)) {
            earlier.forEach((name, value) -> {
                if (name.matches("[a-z_]+_(total|count|bucket)\\b.*")) {
                    assertTrue(after.getOrDefault(name, -1.0) >= value, name + " fell from " + value);
                }
            });
        }
    }

    @Test
    @Shows("E1")
    @DisplayName("a scrape is OpenMetrics if it is asked for, and text otherwise")
    void formats() throws Exception {
        HttpResponse<String> text = get("/metrics");
        assertEquals("text/plain; version=0.0.4; charset=utf-8", header(text, "Content-Type"));
        assertFalse(text.body().contains("# EOF"));
        HttpResponse<String> open = get("/metrics", "Accept", "application/openmetrics-text;version=1.0.0,*/*;q=0.1");
        assertEquals("application/openmetrics-text; version=1.0.0; charset=utf-8", header(open, "Content-Type"));
        assertTrue(open.body().endsWith("# EOF\n"));
        assertEquals(405, rig.send("POST", "/metrics").statusCode());
    }

    @Test
    @DisplayName("/readyz is ready")
    void ready() throws Exception {
        assertEquals("ready\n", get("/readyz").body());
    }

    @Test
    @DisplayName("one stream can be asked for, with its publisher")
    void stream() throws Exception {
        assertEquals(404, get("/api/v1/streams/hall/cam1").statusCode());
        TestPublisher publisher = rig.publish("hall/cam1").init().frames(FRAMES).skip(3).frames(1);
        rig.awaitFrames(FRAMES + 1);
        Map<String, Object> stream = JsonTree.readObject(get("/api/v1/streams/hall/cam1").body());
        assertEquals("hall/cam1", stream.get("path"));
        assertEquals("avc1.42c00a", stream.get("codecs"));
        assertTrue((Double) stream.get("gopSeconds") >= 0, stream::toString);
        assertEquals(Map.of("address", "127.0.0.1", "agent", "", "bframes", false, "lost", 3.0),
                stream.get("publisher"));
        publisher.end();
        rig.await("waiting", () -> JsonTree.readObject(rig.get("/api/v1/streams/hall/cam1")).get("publisher") == null);
    }

    @Test
    @DisplayName("the list of viewers has the numbers of each viewer, for all streams or one")
    void viewers() throws Exception {
        TestPublisher publisher = publishTo("cam1", FRAMES);
        rig.publish("cam2").init();
        rig.await("cam2", () -> rig.streams().size() == 2);
        TestViewer second = rig.watch("cam2").greeted();
        second.stream("live", 1);
        second.send("{\"t\":\"stat\",\"lag\":230,\"rtt\":12,\"buf\":1}").send("{\"t\":\"pause\"}");
        rig.await("paused", () -> viewers("?path=cam2").getFirst().get("state").equals("paused"));
        List<Map<String, Object>> all = viewers("");
        assertEquals(List.of("v1", "v2"), all.stream().map(viewer -> viewer.get("id")).toList());
        Map<String, Object> first = all.getFirst();
        assertEquals("cam1", first.get("path"));
        assertEquals("live", first.get("state"));
        assertEquals("127.0.0.1", first.get("address"));
        assertTrue(((String) first.get("agent")).startsWith("Java-http-client/"), first::toString);
        assertTrue(Instant.parse((String) first.get("since")).isAfter(Instant.now().minusSeconds(100)));
        assertEquals((double) FRAMES, first.get("framesSent"));
        assertEquals(0.0, first.get("framesDropped"));
        assertTrue((Double) first.get("bytesSent") > 1_000 && (Double) first.get("lagMs") >= 0, first::toString);
        assertNull(first.get("latencyMs"));
        assertEquals(230.0, all.getLast().get("latencyMs"));
        assertTrue((Double) all.getLast().get("rttMs") > 0, "as the page reported it, or measured meanwhile");
        assertEquals(List.of(), viewers("?path=nothing"));
        publisher.end();
    }

    @Test
    @DisplayName("lists come in pages, and a client that has a page already gets 304")
    void pages() throws Exception {
        for (String path : List.of("a", "b", "c")) {
            rig.publish(path).init().frames(1).end();
        }
        rig.await("three streams", () -> rig.streams().size() == 3
                && rig.streams().stream().allMatch(stream -> "waiting".equals(stream.get("state"))));
        List<String> seen = new ArrayList<>();
        String cursor = "";
        for (int i = 0; i < 2; i++) {
            String body = get("/api/v1/streams?limit=2" + cursor).body();
            list(body, "streams").forEach(stream -> seen.add((String) stream.get("path")));
            Object next = JsonTree.readObject(body).get("next");
            assertEquals(i == 0 ? "b" : null, next);
            cursor = "&cursor=" + next;
        }
        assertEquals(List.of("a", "b", "c"), seen);
        for (String limit : List.of("0", "1001", "-1", "x", "")) {
            assertEquals(400, get("/api/v1/streams?limit=" + limit).statusCode(), limit);
        }
        HttpResponse<String> viewers = get("/api/v1/viewers?cursor=bad");
        assertEquals("{\"viewers\":[]}", viewers.body());
        String tag = header(viewers, "ETag");
        assertTrue(tag.matches("\"[0-9a-f]{24}\""), tag);
        assertEquals(304, get("/api/v1/viewers", "If-None-Match", "\"x\", W/" + tag).statusCode());
        assertEquals(200, get("/api/v1/viewers", "If-None-Match", "\"x\"").statusCode());
    }

    @Test
    @DisplayName("events tell subscribers of publishers, viewers and the ends of both")
    void events() throws Exception {
        assertEquals(426, get("/api/v1/events").statusCode());
        TestViewer all = rig.subscribe("/api/v1/events");
        TestViewer one = rig.subscribe("/api/v1/events?path=cam2");
        all.control("hello");
        one.control("hello");
        TestPublisher publisher = rig.publish("cam1").init().frames(1);
        assertEquals("stream.live", all.control("event").get("type"));
        rig.awaitFrames(1);
        TestViewer viewer = rig.watch("cam1").greeted();
        Map<String, Object> joined = all.control("event");
        assertEquals(List.of("viewer.joined", "cam1", "v1", "127.0.0.1"), List.of(joined.get("type"),
                joined.get("path"), joined.get("viewer"), joined.get("peer")));
        viewer.socket.sendClose(1000, "enough").join();
        Map<String, Object> left = all.control("event");
        assertEquals(List.of("viewer.left", 1000.0, "enough"),
                List.of(left.get("type"), left.get("code"), left.get("reason")));
        publisher.end();
        assertEquals("stream.waiting", all.control("event").get("type"));
        rig.publish("cam2").init();
        assertEquals("cam2", all.control("event").get("path"));
        assertEquals("stream.live", one.control("event").get("type"), "only the events of its path");
    }

    @Test
    @DisplayName("a subscriber that does not read misses events, is told how many, and holds nobody up")
    void slowSubscriber() throws Exception {
        Observer observer = rig.server.hub().observer();
        RelayEvent event = new RelayEvent(RelayEvent.STREAM_LIVE, "cam1", Instant.EPOCH,
                Map.of("reason", "x".repeat(1_000)));
        Callable<Double> dropped = () -> scrape().get("relay_events_dropped_total");
        try (ViewerSocket slow = ViewerSocket.at(rig.uri("http", "/").toString(), "/api/v1/events")) {
            assertTrue(slow.next().isText("hello"));
            int sent = 0;
            while (dropped.call() == 0) {
                assertTrue(sent < 50_000, "there is no limit");
                for (int i = 0; i < 100; i++, sent++) {
                    observer.events().publish(event);
                }
            }
            double lost = dropped.call();
            for (int i = 0; i < sent - lost; i++) {
                assertTrue(slow.next().isText("event"));
            }
            observer.events().publish(event);
            WireMessage told = slow.next();
            assertTrue(told.isText("lost"), told::toString);
            assertEquals(lost, told.text().get("events"));
            assertTrue(slow.next().isText("event"));
        }
    }

    @Test
    @DisplayName("Flight Recorder gets states of streams, epochs and joins")
    void flightRecorder(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("relay.jfr");
        try (Recording recording = new Recording()) {
            recording.start();
            publishTo("cam1", 1).end();
            rig.await("waiting", () -> rig.streams().getFirst().get("state").equals("waiting"));
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("io.iocp4j.relay.")).toList();
        Set<String> told = new TreeSet<>();
        events.forEach(event -> told.add(event.getEventType().getName().substring("io.iocp4j.relay.".length())
                + (event.hasField("state") ? " " + event.getString("state") : "")));
        assertEquals(Set.of("PublisherEpoch", "StreamState live", "StreamState waiting", "ViewerJoin"), told);
        assertTrue(events.stream().allMatch(event -> event.getString("path").equals("cam1")));
    }

    @Test
    @Shows("E1")
    @DisplayName("each metric that the dashboard and the alerts name is in a scrape")
    void dashboards() throws Exception {
        rig.publish("cam1").init().frames(1);
        rig.awaitFrames(1);
        Set<String> known = new TreeSet<>();
        rig.get("/metrics").lines().forEach(line -> known.add(
                line.startsWith("# TYPE ") ? line.split(" ")[2] : line.replaceFirst("[{ ].*", "")));
        Path folder = Path.of("src/main/dist/grafana");
        Pattern name = Pattern.compile("\\b(?:relay|process|jvm)_[a-z_]+\\b(?!\\s*:)");
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> all = files.toList();
            assertEquals(2, all.size(), "a dashboard and rules");
            for (Path file : all) {
                Matcher matcher = name.matcher(Files.readString(file));
                int found = 0;
                for (; matcher.find(); found++) {
                    assertTrue(known.contains(matcher.group()), file + " names " + matcher.group());
                }
                assertTrue(found >= 4, file + " names " + found + " metrics");
            }
        }
    }
}
