package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The table of rows that tests show")
class CoverageTest {
    private static final String GATE = "CVE-2000-90";
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    // the suite shows B1, B3 and more; nothing shows this gate
    private final Coverage coverage = new Coverage(List.of("B1", "B3", GATE));

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("ranges name their rows, everything else is a row by itself")
    void ranges() {
        assertEquals(List.of("B9", "B10", "B11", "E3", "CVE-2020-13935", "Accept storms", "B1-C3"),
                Coverage.rows("B9-B11", "E3-E3", "CVE-2020-13935", "Accept storms", "B1-C3"));
    }

    @Test
    @DisplayName("a test shows the rows of its annotation, whatever its name says, and none whose name only begins "
            + "like them")
    void annotation() {
        Coverage named = new Coverage(List.of("B1", "B14", "CVE-2000-1", "CVE-2000-12", "ranges"));
        named.scan(Samples.class);
        assertFalse(named.print(out));
        for (String line : List.of("B1           MISSING", "B14          Samples.shows", "CVE-2000-1   MISSING",
                "CVE-2000-12  Samples.shows", "ranges       MISSING",
                "MISTAKE: Samples.unknown shows Z1, which is no row",
                "MISTAKE: Samples.noTest is no test")) {
            assertTrue(printed().contains(line), this::printed);
        }
    }

    /** Run by nobody: JUnit does not look into classes that are private. */
    private static final class Samples {
        @Test
        @Shows({"B14", "CVE-2000-12"})
        @DisplayName("ranges, B1, CVE-2000-1")
        void shows() {
        }

        @Test
        @Shows({"C3", "Z1"})
        void unknown() {
        }

        @Shows("B14")
        void noTest() {
        }
    }

    @Test
    @DisplayName("the modules together have to show every behaviour of the table, and no other")
    void table() throws IOException {
        Set<String> demanded = new TreeSet<>();
        for (String module : List.of("iocp-core", "websocket")) {
            Pattern.compile("<argument>([A-E]\\d+-[A-E]\\d+)</argument>")
                    .matcher(Files.readString(Path.of("").toAbsolutePath().resolveSibling(module).resolve("pom.xml")))
                    .results()
                    .forEach(range -> demanded.addAll(Coverage.rows(range.group(1))));
        }
        assertEquals(demanded, new TreeSet<>(Coverage.behaviours().keySet()));
        assertEquals(149, demanded.size());
    }

    @Test
    @DisplayName("a row is shown by the tests that name it, or impossible with the reason")
    void complete() {
        coverage.scan(CompletionPortContract.class);
        coverage.impossible(List.of("# why", "", GATE + " no engine tells"));
        assertTrue(coverage.print(out), this::printed);
        assertTrue(printed().contains("B1           CompletionPortContract.closeIdle"), this::printed);
        assertTrue(printed().contains(GATE + "  impossible here: no engine tells"), this::printed);
        assertTrue(printed().contains("3, of these 2 shown by tests, 1 impossible here, 0 missing"), this::printed);
    }

    @Test
    @DisplayName("a row that nobody names fails the build")
    void missing() {
        coverage.scan(CompletionPortContract.class);
        assertFalse(coverage.print(out));
        assertTrue(printed().contains(GATE + "  MISSING"), this::printed);
    }

    @Test
    @DisplayName("so does an impossible row without a reason, beside a test, listed twice, or not of this module")
    void mistakes() {
        for (List<String> list : List.of(List.of(GATE), List.of(GATE + " reason", "B1 reason"),
                List.of(GATE + " reason", GATE + " other"), List.of(GATE + " reason", "D91 reason"))) {
            Coverage checked = new Coverage(List.of("B1", "B3", GATE));
            checked.scan(CompletionPortContract.class);
            checked.impossible(list);
            assertFalse(checked.print(out), list::toString);
        }
        assertEquals(4, printed().split("MISTAKE").length - 1, this::printed);
    }

    @Test
    @DisplayName("a column for each engine in the reports names the engine where the row was shown on it")
    void engines(@TempDir Path reports) throws IOException {
        Files.writeString(reports.resolve("TEST-one.xml"), "<property name=\"iocp4j.shown.aio\" value=\"B1,B4\"/>");
        Files.writeString(reports.resolve("TEST-two.xml"), "<property name=\"iocp4j.shown.aio\" value=\"B3\"/>\n"
                + "<property name=\"iocp4j.shown.selector\" value=\"B3\"/>");
        Files.writeString(reports.resolve("other.xml"), "<property name=\"iocp4j.shown.none\" value=\"B1\"/>");
        coverage.scan(CompletionPortContract.class);
        coverage.impossible(List.of(GATE + " no engine tells"));
        coverage.readReports(reports);
        assertTrue(coverage.print(out), this::printed);
        for (String line : List.of("B1           aio  --------  CompletionPortContract.closeIdle",
                "B3           aio  selector  CompletionPortContract", GATE + "  ---  --------  impossible here",
                "Rows shown on aio in this run: 2", "Rows shown on selector in this run: 1")) {
            assertTrue(printed().contains(line), this::printed);
        }
    }

    @Test
    @DisplayName("the engine of a port that a test opens is noted, and no other")
    void noted() throws Exception {
        String engine;
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1))) {
            engine = port.engine();
        }
        assertTrue(ShownOn.isOpened(engine));
        assertFalse(ShownOn.isOpened("none"));
    }
}
