package io.iocp4j.relay.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.JsonTree;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The log")
class LogTest {
    private static final int SECONDS = 10;
    private static final String TOKEN = "abcd1234efgh5678";

    private static LogRecord line(String format, Object... parameters) {
        LogRecord line = new LogRecord(Level.INFO, format);
        line.setLoggerName("io.iocp4j.relay.Viewer");
        line.setParameters(parameters);
        return line;
    }

    private static Map<String, Object> json(LogRecord line) {
        String text = new LogLines(true).format(line);
        assertTrue(text.endsWith("}\n") && text.indexOf('\n') == text.length() - 1, text);
        return JsonTree.readObject(text);
    }

    @Test
    @Shows("E5")
    @DisplayName("has one JSON object for each line, with the fields that are known")
    void fields() {
        Map<String, Object> json = json(line("viewer {0} from {1} left {2}: {3} {4}", LogField.viewer("v1"),
                LogField.peer("192.0.2.1"), LogField.path("cam1"), LogField.code(1001), "\"x\"\n\u00e9"));
        Instant.parse((String) json.remove("ts"));
        assertEquals(Map.of("level", "info", "logger", "io.iocp4j.relay.Viewer", "viewer", "v1", "peer", "192.0.2.1",
                "path", "cam1", "code", 1001.0, "msg", "viewer v1 from 192.0.2.1 left cam1: 1001 \"x\"\n\u00e9"), json);
    }

    @Test
    @Shows("E5")
    @DisplayName("has the exception of a line, with its cause")
    void exception() {
        LogRecord line = line("it broke");
        line.setThrown(new IllegalStateException("a \"b\"", new RuntimeException("c")));
        String error = (String) json(line).get("err");
        assertTrue(error.startsWith("java.lang.IllegalStateException: a \"b\"\n\tat " + LogTest.class.getName()),
                error);
        assertTrue(error.endsWith("Caused by: java.lang.RuntimeException: c"), error);
        String text = new LogLines(false).format(line);
        assertTrue(text.matches("(?s)\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} INFO    it broke\\R"
                + "java\\.lang\\.Illegal.*"), text);
    }

    @ParameterizedTest
    @Shows("E5")
    @CsvSource(delimiter = '|', value = {"GET /live/cam1?token=@ HTTP/1.1 | GET /live/cam1?token=abcd... HTTP/1.1",
        "?exp=1&sig=@&max=2 | ?exp=1&sig=abcd...&max=2", "Authorization: Bearer @ | Authorization: Bearer abcd...",
        "{\"password\": \"@\"} | {\"password\": \"abcd...\"}", "PASSWORD=@ | PASSWORD=abcd...",
        "no secret here = 12345678 | no secret here = 12345678",
        "no key frame for more than PT10S | no key frame for more than PT10S"})
    @DisplayName("shows no secret in full, in a message, a field or an exception")
    void redaction(String given, String expected) {
        String text = given.replace("@", TOKEN);
        assertEquals(expected, Redaction.of(text));
        LogRecord line = line("{0}", LogField.peer(text));
        line.setThrown(new IllegalStateException(text));
        Map<String, Object> json = json(line);
        assertEquals(expected, json.get("msg"));
        assertEquals(expected, json.get("peer"));
        assertFalse(json.toString().contains(TOKEN));
        assertFalse(new LogLines(false).format(line).contains(TOKEN));
    }

    @Test
    @DisplayName("has at most 50 lines of a kind in a second, and then their count")
    void rate() {
        LogRate rate = new LogRate();
        for (int i = 0; i < LogRate.LINES_PER_SECOND; i++) {
            assertTrue(rate.admit(line("a {0}", i), 0).logged());
        }
        assertEquals(new LogRate.Verdict(false, true), rate.admit(line("a {0}", "x"), 1));
        assertEquals(new LogRate.Verdict(false, false), rate.admit(line("a {0}", "y"), 2));
        assertTrue(rate.admit(line("b {0}", "y"), 2).logged(), "another kind");
        // the count is not lost when the second is over before it is asked for
        assertFalse(rate.admit(line("a {0}", "z"), 2_000_000_000L).logged());
        LogRecord count = rate.count(line("a {0}", "z"));
        assertEquals("lines like this one that were left out: 3 - a (0)", new LogLines(true).formatMessage(count));
        assertTrue(rate.admit(line("a {0}", "x"), 2_000_000_001L).logged());
    }

    @Test
    @DisplayName("begins anew to count the lines of a kind in each second, and forgets kinds that are too many")
    void seconds() {
        LogRate rate = new LogRate();
        for (int i = 0; i < 3 * LogRate.LINES_PER_SECOND; i++) {
            assertTrue(rate.admit(line("a {0}", i), i * 30_000_000L).logged(), "line " + i);
        }
        for (int i = 0; i < LogRate.LINES_PER_SECOND + 1; i++) {
            rate.admit(line("b {0}", i), 0);
        }
        for (int i = 0; i < LogRate.KINDS_MAX; i++) {
            rate.admit(line("c" + i + " {0}", i), 0);
        }
        assertEquals("lines like this one that were left out: 0 - b (0)",
                rate.count(line("b {0}", 1)).getMessage());
    }

    @Test
    @DisplayName("goes to the terminal and the file, as text or as JSON, and tells how many lines it left out")
    void handler() throws InterruptedException {
        CountDownLatch counted = new CountDownLatch(1);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        ByteArrayOutputStream json = new ByteArrayOutputStream() {
            @Override
            public void write(byte[] data) {
                writeBytes(data);
                if (new String(data, StandardCharsets.UTF_8).contains("left out")) {
                    counted.countDown();
                }
            }
        };
        LogHandler handler = new LogHandler(List.of(new LogHandler.Target(text, new LogLines(false)),
                new LogHandler.Target(json, new LogLines(true))));
        for (int i = 0; i < LogRate.LINES_PER_SECOND + 7; i++) {
            handler.publish(line("line {0}", i));
        }
        assertTrue(counted.await(SECONDS, TimeUnit.SECONDS));
        assertEquals(LogRate.LINES_PER_SECOND + 1, text.toString(StandardCharsets.UTF_8).lines().count());
        List<String> lines = json.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(LogRate.LINES_PER_SECOND + 1, lines.size());
        lines.forEach(JsonTree::readObject);
        assertEquals("lines like this one that were left out: 7 - line (0)",
                JsonTree.readObject(lines.getLast()).get("msg"));
    }

    @Test
    @DisplayName("begins a new file when the current one is full, keeps as many as it is told, and splits no line")
    void files(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("logs/relay.log");
        try (RotatingFile log = new RotatingFile(file, 10, 3)) {
            byte[] lines = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n"
                    .getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < lines.length; i += 5) {
                log.write(lines, i, Math.min(5, lines.length - i));
            }
        }
        assertEquals("ten\n", Files.readString(file));
        assertEquals("eight\nnine\n", Files.readString(folder.resolve("logs/relay.log.1")));
        assertEquals("six\nseven\n", Files.readString(folder.resolve("logs/relay.log.2")));
        assertFalse(Files.exists(folder.resolve("logs/relay.log.3")));
        try (RotatingFile log = new RotatingFile(file, 10, 3)) {
            log.write('x');
        }
        assertEquals("ten\nx", Files.readString(file), "a file that is there is continued");
    }

    @Test
    @DisplayName("has a level for each logger")
    void levels() {
        assertEquals(new Logging.LevelOf("", "debug"), Logging.LevelOf.parse("DEBUG"));
        assertEquals(new Logging.LevelOf("io.iocp4j.relay", "trace"), Logging.LevelOf.parse("io.iocp4j.relay = trace"));
        assertEquals("a.b=off", Logging.LevelOf.parse("a.b=off").toString());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Logging.LevelOf.parse("loud")).getMessage()
                .endsWith("not loud"));
    }
}
