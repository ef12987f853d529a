package io.iocp4j.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The report is one page that everybody can read")
class ReportTest {
    private static final Pattern TAG = Pattern.compile("<(/?)([a-z0-9]+)([^<>]*)>");
    private static final Pattern SVG = Pattern.compile("(?s)<svg .*?</svg>");
    private static final Set<String> WITHOUT_END = Set.of("meta");

    private static Run run() {
        return new Synthetic(1).servers("bare", "a", "b")
                .rounds(Synthetic.ECHO, 10, Map.of("bare", 5.0, "a", 5.2, "b", 40.0))
                .rounds("fan-out:viewers=200", 1, Map.of("bare", 5.0, "a", 5.2))
                .rounds(Synthetic.IDLE, 4, Map.of("a", 2.0, "b", 1.0)).run();
    }

    @Test
    @DisplayName("every element is closed, and every id is there once")
    void wellFormed() {
        String page = Report.html(run());
        Deque<String> open = new ArrayDeque<>();
        for (MatchResult tag : TAG.matcher(page).results().toList()) {
            if (tag.group(1).isEmpty() && !WITHOUT_END.contains(tag.group(2))) {
                open.push(tag.group(2));
            } else if (!tag.group(1).isEmpty()) {
                assertEquals(open.pop(), tag.group(2), "before " + page.substring(tag.start()).lines().findFirst());
            }
        }
        assertEquals(List.of(), List.copyOf(open));
        Set<String> ids = new HashSet<>();
        Pattern.compile(" id=\"([^\"]+)\"").matcher(page).results()
                .forEach(id -> assertTrue(ids.add(id.group(1)), id.group()));
        Pattern.compile(" href=\"#([^\"]+)\"").matcher(page).results()
                .forEach(link -> assertTrue(ids.contains(link.group(1)), link.group()));
    }

    @Test
    @DisplayName("it loads nothing, and runs nothing")
    void selfContained() {
        String page = Report.html(run());
        assertFalse(Pattern.compile("(?i)<(script|link|img|iframe|object)|url\\(|@import|https?:|src=").matcher(page)
                .find());
    }

    @Test
    @DisplayName("names and commands are text, whatever stands in them")
    void escaped() {
        String bad = "<script>alert('1')</script>\"onload=\"&amp;\u0000\ud800";
        Run run = new Synthetic(2).servers("bare" + bad, bad)
                .rounds("ws-echo:" + bad, 3, Map.of("bare" + bad, 5.0, bad, 6.0)).run();
        Machine machine = new Machine(bad, bad, bad, bad, 2, 1, bad, bad);
        String page = Report.html(new Run(bad, 1, bad, machine, run.started(), run.written(), false, 0, run.servers(),
                run.workloads(), run.samples(), List.of(new Run.Benchmark(bad, bad, 1, 1, bad))));
        assertFalse(page.contains("<script"));
        assertFalse(page.contains("\"onload"));
        assertTrue(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;onload=&quot;&amp;amp;"
                + "\ufffd\ufffd"));
        assertTrue(page.contains("did not come to its end"));
    }

    @Test
    @DisplayName("each drawing has a title, a description with its numbers, a form for phones, and a table beside it")
    void accessible() {
        String page = Report.html(run());
        List<String> drawings = SVG.matcher(page).results().map(MatchResult::group)
                .filter(svg -> !svg.contains("aria-hidden")).toList();
        // bars, latency and memory for echo and fan-out, bars and memory when idle, each twice
        assertEquals(16, drawings.size());
        for (String drawing : drawings) {
            Matcher names = Pattern.compile("role=\"img\".* aria-labelledby=\"(\\S+) (\\S+)\"").matcher(drawing);
            assertTrue(names.find(), drawing);
            assertTrue(drawing.contains("<title id=\"" + names.group(1) + "\">"), drawing);
            assertTrue(Pattern.compile("<desc id=\"" + names.group(2) + "\">[^<]*\\d[^<]*</desc>").matcher(drawing)
                    .find(), drawing);
            assertFalse(drawing.contains("NaN") || drawing.contains("Infinity"), drawing);
        }
        assertEquals(8, drawings.stream().filter(drawing -> drawing.contains("class=\"narrow\"")).count());
        assertEquals(3, Pattern.compile("Numbers of the drawings").matcher(page).results().count());
        assertEquals(Pattern.compile("<table").matcher(page).results().count(),
                Pattern.compile("role=\"region\" aria-label=").matcher(page).results().count());
    }

    @Test
    @DisplayName("what is drawn is within the drawing, however far servers are apart")
    void within() {
        Run run = new Synthetic(3).servers("bare", "tiny", "huge")
                .rounds(Synthetic.ECHO, 40, Map.of("bare", 5.0, "tiny", 0.01, "huge", 4_000.0)).run();
        for (MatchResult svg : SVG.matcher(Report.html(run)).results().toList()) {
            Matcher size = Pattern.compile("viewBox=\"0 0 (\\d+) (\\d+)\"").matcher(svg.group());
            assertTrue(size.find());
            within(svg.group(), "(?:x|x1|x2|cx)=\"([^\"]+)\"", Integer.parseInt(size.group(1)));
            within(svg.group(), "(?:y|y1|y2|cy)=\"([^\"]+)\"", Integer.parseInt(size.group(2)));
            within(svg.group(), "[ML]([-\\d.]+) ", Integer.parseInt(size.group(1)));
            within(svg.group(), "[ML][-\\d.]+ ([-\\d.]+)", Integer.parseInt(size.group(2)));
        }
    }

    private static void within(String svg, String coordinate, int size) {
        Pattern.compile("\\b" + coordinate).matcher(svg).results()
                .mapToDouble(found -> Double.parseDouble(found.group(1)))
                .forEach(value -> assertTrue(value >= 0 && value <= size, value + " of " + size + ": " + svg));
    }

    @Test
    @DisplayName("text and series have a contrast of 4.5 (WCAG 2.2, 1.4.3) on each background, light and dark")
    void contrast() {
        for (String colors : List.of(Style.LIGHT, Style.DARK)) {
            Map<String, Double> luminances = new HashMap<>();
            Pattern.compile("--(\\w+):#(\\w{6});").matcher(colors).results()
                    .forEach(color -> luminances.put(color.group(1), luminance(Integer.parseInt(color.group(2), 16))));
            assertEquals(11 + Style.COLORS, luminances.size());
            for (String text : List.of("text", "soft", "accent", "good", "bad", "mark")) {
                List.of("card", "page", "wash").forEach(ground -> contrast(luminances, text, ground));
            }
            IntStream.range(0, Style.COLORS).forEach(i -> contrast(luminances, "s" + i, "card"));
        }
    }

    private static void contrast(Map<String, Double> luminances, String text, String ground) {
        double one = luminances.get(text) + 0.05;
        double other = luminances.get(ground) + 0.05;
        assertTrue(Math.max(one, other) / Math.min(one, other) >= 4.5, text + " on " + ground);
    }

    private static double luminance(int color) {
        double[] weights = {0.0722, 0.7152, 0.2126};
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            double part = (color >> 8 * i & 0xff) / 255.0;
            sum += weights[i] * (part <= 0.04045 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4));
        }
        return sum;
    }

    @Test
    @DisplayName("a run without samples has a page, and results of JMH have ratios to their baseline")
    void extremes(@TempDir Path directory) throws IOException {
        Run run = new Synthetic(4).servers("bare").run();
        Report.write(directory, new Run(run.command(), 1, run.commit(), run.machine(), run.started(), run.written(),
                true, 0, run.servers(), List.of("tcp-echo"), List.of(),
                List.of(new Run.Benchmark("A.baseline", "size=1", 2, 0.1, "ops/ns"),
                        new Run.Benchmark("A.mask", "size=1", 3, Double.NaN, "ops/ns"))));
        String page = Files.readString(directory.resolve("report.html"));
        assertTrue(page.contains("<th scope=\"row\">A.mask</th><td class=\"words\">size=1</td><td>3.00</td><td>-</td>"
                + "<td class=\"words\">ops/ns</td><td>1.50</td>"), page);
        assertFalse(page.contains("NaN"));
    }
}
