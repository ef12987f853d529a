package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The table of rows that tests show")
class CoverageTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    // the suite shows B1, B3 and more; nothing shows D90 to D92
    private final Coverage coverage = new Coverage(List.of("B1", "B3", "D90"));

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
    @DisplayName("a row is found by its name in whole words, anywhere in the display name, and not in a part of a longer one")
    void words() {
        Coverage named = new Coverage(List.of("Ranges", "ranges", "CVE-2000-1", "CVE-2000-12", "whole words", "row is found", "D9"));
        named.scan(CoverageTest.class);
        assertFalse(named.print(out));
        assertTrue(printed().contains("whole words   CoverageTest.words"), this::printed);
        assertTrue(printed().contains("row is found  CoverageTest.words"), this::printed);
        assertTrue(printed().contains("ranges        CoverageTest.ranges"), this::printed);
        assertTrue(printed().contains("CVE-2000-12   CoverageTest.longer"), this::printed);
        for (String missing : List.of("Ranges    ", "CVE-2000-1", "D9        ")) {
            assertTrue(printed().contains(missing + "    MISSING"), this::printed);
        }
    }

    @Test
    @DisplayName("CVE-2000-12 and D90 do not name the rows that they begin with")
    void longer() {
        assertEquals(List.of("D90"), Coverage.rows("D90-D90"));
    }

    @Test
    @DisplayName("a row is shown by the tests that name it, or impossible with the reason")
    void complete() {
        coverage.scan(CompletionPortContract.class);
        coverage.impossible(List.of("# why", "", "D90 no engine tells"));
        assertTrue(coverage.print(out), this::printed);
        assertTrue(printed().contains("B1   CompletionPortContract.closeIdle"), this::printed);
        assertTrue(printed().contains("D90  impossible here: no engine tells"), this::printed);
        assertTrue(printed().contains("3, of these 2 shown by tests, 1 impossible here, 0 missing"), this::printed);
    }

    @Test
    @DisplayName("a row that nobody names fails the build")
    void missing() {
        coverage.scan(CompletionPortContract.class);
        assertFalse(coverage.print(out));
        assertTrue(printed().contains("D90  MISSING"), this::printed);
    }

    @Test
    @DisplayName("so does an impossible row without a reason, beside a test, listed twice, or not of this module")
    void mistakes() {
        for (List<String> list : List.of(List.of("D90"), List.of("D90 reason", "B1 reason"), List.of("D90 reason", "D90 other"),
                List.of("D90 reason", "D91 reason"))) {
            Coverage checked = new Coverage(List.of("B1", "B3", "D90"));
            checked.scan(CompletionPortContract.class);
            checked.impossible(list);
            assertFalse(checked.print(out), list::toString);
        }
        assertEquals(4, printed().split("MISTAKE").length - 1, this::printed);
    }
}
