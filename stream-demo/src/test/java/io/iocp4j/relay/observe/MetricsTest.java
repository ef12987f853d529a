package io.iocp4j.relay.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.time.Clock;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Metrics are written as Prometheus reads them")
class MetricsTest {
    private final Metrics metrics = new Metrics();

    private String text() {
        return metrics.text(false);
    }

    @Test
    @DisplayName("a counter has help, a type and a sample for each combination of labels, and begins at 0")
    void counter() {
        Counter counter = metrics.counter("a_total", "Things.", "path", "why");
        assertEquals("# HELP a_total Things.\n# TYPE a_total counter\n", text());
        counter.of("x", "y");
        counter.add(3, "x", "\"\\\n");
        assertEquals("# HELP a_total Things.\n# TYPE a_total counter\n"
                + "a_total{path=\"x\",why=\"\\\"\\\\\\n\"} 3\na_total{path=\"x\",why=\"y\"} 0\n", text());
    }

    @Test
    @DisplayName("the buckets of a histogram are cumulative, and a bound belongs to its bucket")
    void histogram() {
        Histogram.Cell cell = metrics.histogram("b_seconds", "Times.", new double[] {0.5, 1}, "path").of("p");
        cell.observe(0.25);
        cell.observe(1);
        cell.observe(7);
        assertEquals("""
                # HELP b_seconds Times.
                # TYPE b_seconds histogram
                b_seconds_bucket{path="p",le="0.5"} 1
                b_seconds_bucket{path="p",le="1.0"} 2
                b_seconds_bucket{path="p",le="+Inf"} 3
                b_seconds_sum{path="p"} 8.25
                b_seconds_count{path="p"} 3
                """, text());
    }

    @Test
    @DisplayName("samples of a gauge with equal labels are added")
    void gauge() {
        metrics.gauge("c", "Sizes.", out -> {
            out.add(1, "p");
            out.add(2.5, "p");
            out.add(Double.NaN, "q");
        }, "path");
        assertEquals("# HELP c Sizes.\n# TYPE c gauge\nc{path=\"p\"} 3.5\nc{path=\"q\"} NaN\n", text());
    }

    @Test
    @DisplayName("OpenMetrics describes a counter without _total, and ends with a mark")
    void openMetrics() {
        metrics.counter("a_total", "Things.").add(1);
        assertEquals("# HELP a Things.\n# TYPE a counter\na_total 1\n# EOF\n", metrics.text(true));
    }

    @Test
    @DisplayName("a name that is declared twice, or that is none, is refused")
    void names() {
        metrics.counter("a_total", "Things.");
        assertThrows(IllegalArgumentException.class, () -> metrics.counter("a_total", "Things."));
        assertThrows(IllegalArgumentException.class, () -> metrics.counter("a", "Things."));
        assertThrows(IllegalArgumentException.class, () -> metrics.counter("A_total", "Things."));
        Counter labelled = metrics.counter("b_total", "Things.", "path");
        assertThrows(IllegalArgumentException.class, () -> labelled.add(1));
    }

    @Test
    @DisplayName("a family has no more series than its limit; the others are counted together")
    void series() {
        Counter counter = metrics.counter("a_total", "Things.", "path");
        for (int i = 0; i < Counter.SERIES_MAX + 5; i++) {
            counter.add(1, "p" + i);
        }
        assertEquals(5, counter.of(Metrics.OTHER).sum());
        assertEquals(Counter.SERIES_MAX + 3, text().lines().count());
    }

    @Test
    @Shows("E1")
    @DisplayName("1,000 paths have labels of their own; streams of further paths are counted as other")
    void paths() {
        RelayMetrics relay = new RelayMetrics("1", "selector", 0);
        IntStream.range(0, RelayMetrics.PATHS_MAX + 2).forEach(i -> relay.path("p" + i).ingestBytes.add(i));
        relay.streams(() -> List.of(new StreamReading("p1", "live", 2, 3, 4),
                new StreamReading("p1000", "live", 1, 0, 0), new StreamReading("p1001", "waiting", 4, 0, 0)));
        List<String> lines = relay.all().text(false).lines().toList();
        assertEquals(RelayMetrics.PATHS_MAX + 1,
                lines.stream().filter(line -> line.startsWith("relay_ingest_bytes_total{")).count());
        assertTrue(lines.contains("relay_ingest_bytes_total{path=\"p999\"} 999"));
        assertTrue(lines.contains("relay_ingest_bytes_total{path=\"other\"} 2001"));
        assertTrue(lines.contains("relay_viewers{path=\"p1\"} 2"));
        assertTrue(lines.contains("relay_viewers{path=\"other\"} 5"));
        assertTrue(lines.contains("relay_publisher_up{path=\"other\"} 1"));
        assertTrue(lines.contains("relay_streams{state=\"live\"} 2"));
        assertTrue(lines.contains("relay_streams{state=\"waiting\"} 1"));
    }

    @Test
    @DisplayName("a close code that is not known is counted as other, because a peer may send any")
    void codes() {
        RelayMetrics relay = new RelayMetrics("1", "selector", 0);
        relay.closed(1001);
        relay.closed(4410);
        relay.closed(3123);
        relay.closed(4999);
        String text = relay.all().text(false);
        assertTrue(text.contains("relay_viewer_closes_total{code=\"1001\"} 1\n"));
        assertTrue(text.contains("relay_viewer_closes_total{code=\"4410\"} 1\n"));
        assertTrue(text.contains("relay_viewer_closes_total{code=\"other\"} 2\n"));
    }

    @Test
    @DisplayName("the process and the virtual machine are shown under the usual names")
    void process() {
        String text = new RelayMetrics("1.2", "aio", 0).all().text(false);
        for (String name : List.of("process_cpu_seconds_total", "process_start_time_seconds",
                "jvm_memory_used_bytes{area=\"heap\"}", "jvm_threads_current", "jvm_gc_collection_seconds_count{")) {
            assertTrue(text.contains("\n" + name), name);
        }
        assertTrue(text.contains("relay_build_info{version=\"1.2\",engine=\"aio\",java=\""), text);
        assertFalse(text.contains("\nrelay_tls_certificate_expiry_timestamp_seconds "), "there is no certificate");
        assertFalse(text.contains("\nrelay_egress_budget_ratio "), "there is no budget");
        RelayMetrics known = new RelayMetrics("1.2", "aio", 1_000);
        known.certificateExpiry(() -> 1_700_000_000L);
        assertTrue(known.all().text(false).contains("\nrelay_tls_certificate_expiry_timestamp_seconds 1700000000\n"));
        assertTrue(known.all().text(false).contains("\nrelay_egress_budget_ratio 0\n"));
    }

    @Test
    @DisplayName("the share of the egress budget is that of the last five seconds or more")
    void egress() {
        long[] total = {0};
        EgressRate rate = new EgressRate(() -> total[0]);
        long now = System.nanoTime();
        total[0] = 1_000_000;
        assertEquals(0, rate.bytesPerSecond(now + 1_000_000_000L));
        assertEquals(100_000, rate.bytesPerSecond(now + 10_000_000_000L), 5_000);
        assertEquals(100_000, rate.bytesPerSecond(now + 11_000_000_000L), 5_000);
        assertEquals(0, rate.bytesPerSecond(now + 20_000_000_000L));
    }

    @Test
    @DisplayName("what a viewer did not get is counted by the reason, and only what is new")
    void viewer() {
        Observer observer = new Observer(Clock.systemUTC(), "1", "selector", 0);
        ViewerObserver viewer = observer.stream("cam").viewer("v1", 0);
        viewer.joined("192.0.2.1", null);
        viewer.queue(3, 2, 1);
        viewer.queue(3, 2, 1);
        viewer.queue(5, 2, 2);
        viewer.evicted(4);
        viewer.left(1000, "");
        String text = observer.metrics().all().text(false);
        assertTrue(text.contains("relay_frames_dropped_total{path=\"cam\",reason=\"slow\"} 5\n"), text);
        assertTrue(text.contains("relay_frames_dropped_total{path=\"cam\",reason=\"join\"} 2\n"));
        assertTrue(text.contains("relay_frames_dropped_total{path=\"cam\",reason=\"budget\"} 4\n"));
        assertTrue(text.contains("relay_trims_total{path=\"cam\"} 2\n"));
        assertTrue(text.contains("relay_joins_total{result=\"ok\"} 1\n"));
        assertTrue(text.contains("relay_viewer_closes_total{code=\"1000\"} 1\n"));
    }
}
