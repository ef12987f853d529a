package io.iocp4j.relay.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Settings")
class SettingsTest {
    private static final Setting<Integer> VIEWERS =
            Setting.of("max-viewers", Takes.number(1, 1_000), 100, "Limits", "serve this many viewers").whileRunning();
    private static final Setting<Long> QUEUE =
            Setting.of("max-queue", Takes.bytes(1, 1L << 40), 16L << 20, "Limits", "let this much wait");
    private static final Setting<Duration> LAG =
            Setting.of("max-lag", Takes.time(Duration.ZERO, Duration.ofDays(7)), Duration.ofMillis(500), "Limits",
                    "let a viewer fall behind by this time, which is a long sentence that needs more than one line");
    private static final Setting<Boolean> PICTURE =
            Setting.of("test-picture", Takes.onOff(), true, "Streams", "publish the picture");
    private static final Setting<String> KEY =
            Setting.of("key", Takes.text("TEXT"), null, "Login", "sign with this").hidden();
    private static final Setting<List<String>> ALLOW =
            Setting.list("allow", Takes.text("WHO ACTION PATH"), "Login", "allow this");
    private static final List<Setting<?>> ALL = List.of(VIEWERS, QUEUE, LAG, PICTURE, KEY, ALLOW);

    @TempDir
    private Path directory;

    private Settings read(String... args) throws SettingException {
        return Settings.read(ALL, List.of(args), Map.of(), directory);
    }

    private void file(String... lines) throws IOException {
        Files.write(directory.resolve(Settings.FILE), List.of(lines));
    }

    private String refused(Map<String, String> environment, String... args) {
        return assertThrows(SettingException.class,
                () -> Settings.read(ALL, List.of(args), environment, directory)).getMessage();
    }

    @Test
    @DisplayName("flags replace the environment, then the file, then defaults; each names its source")
    void order() throws Exception {
        file("# a comment", "", "max-viewers = 1", "max-queue=2k", " max-lag  =  3 s ");
        Map<String, String> environment = Map.of("RELAY_MAX_VIEWERS", "10", "RELAY_MAX_QUEUE", "20k", "PATH", "/bin");
        Settings settings = Settings.read(ALL, List.of("--max-viewers=100"), environment, directory);
        assertEquals(100, settings.get(VIEWERS));
        assertEquals("flag --max-viewers", settings.source(VIEWERS));
        assertEquals(20 << 10, settings.get(QUEUE));
        assertEquals("environment RELAY_MAX_QUEUE", settings.source(QUEUE));
        assertEquals(Duration.ofSeconds(3), settings.get(LAG));
        assertEquals("relay.properties, line 5", settings.source(LAG));
        assertEquals(true, settings.get(PICTURE));
        assertEquals("default", settings.source(PICTURE));
        assertNull(settings.get(KEY));
    }

    @Test
    @DisplayName("a setting that is on or off stands alone as a flag")
    void switches() throws Exception {
        assertEquals(false, read("--no-test-picture").get(PICTURE));
        assertEquals(true, read("--no-test-picture", "--test-picture").get(PICTURE));
        assertEquals(false, read("--test-picture=off").get(PICTURE));
        file("test-picture = off");
        assertEquals(false, read().get(PICTURE));
    }

    @Test
    @DisplayName("a repeatable setting has all values of the strongest source, in order")
    void lists() throws Exception {
        file("allow = a view /", "allow = b view /");
        assertEquals(List.of("a view /", "b view /"), read().get(ALLOW));
        assertEquals(List.of("c view /", "d view /"), Settings.read(ALL, List.of(),
                Map.of("RELAY_ALLOW", "c view /; d view /;"), directory).get(ALLOW));
        assertEquals(List.of("e view /"), read("--allow", "e view /").get(ALLOW));
    }

    @Test
    @DisplayName("another file can be named, relative to the directory, and must then be there")
    void namedFile() throws Exception {
        file("max-viewers = 1");
        Files.writeString(directory.resolve("other"), "max-viewers = 2\n");
        assertEquals(2, read("--config", "other").get(VIEWERS));
        assertEquals(2, Settings.read(ALL, List.of(), Map.of("RELAY_CONFIG", "other"), directory).get(VIEWERS));
        assertTrue(refused(Map.of(), "--config", "none").contains("none"), "the message names no file");
    }

    @Test
    @DisplayName("a file that is too long is refused before it is read")
    void longFile() throws Exception {
        Files.writeString(directory.resolve(Settings.FILE), "#".repeat(Settings.FILE_BYTES_MAX + 1));
        assertTrue(refused(Map.of()).contains("longer than"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            max-viewer = 5       | unknown setting max-viewer in PLACE; the nearest that exists is max-viewers
            config = other       | config cannot stand in the file that it names, in PLACE
            colour = red         | unknown setting colour in PLACE
            max-viewers          | max-viewers needs = and a value, in PLACE
            max-viewers = many   | max-viewers needs a number, not many, in PLACE
            max-viewers = 0      | max-viewers needs a number from 1 to 1000, not 0, in PLACE
            max-queue = 5 apples | max-queue needs a number of bytes such as 65536, 64k or 8m, not 5 apples, in PLACE
            max-lag = 5          | max-lag needs a time with its unit, such as 500ms, 10s or 2h, not 5, in PLACE
            test-picture = maybe | test-picture needs on or off, not maybe, in PLACE
            key =                | key has a value of the wrong form, in PLACE
            """)
    @DisplayName("a wrong line is refused with its place, and an unknown name with the nearest one")
    void wrongLine(String line, String message) throws Exception {
        file("# the first line", line);
        assertEquals(message.replace("PLACE", "relay.properties, line 2"), refused(Map.of()));
    }

    @Test
    @DisplayName("an unknown variable of the environment is refused, unless scripts that start the relay read it")
    void wrongVariable() throws Exception {
        assertEquals("unknown variable RELAY_MAX_VIEWER in the environment; the nearest that exists is "
                + "RELAY_MAX_VIEWERS", refused(Map.of("RELAY_MAX_VIEWER", "1")));
        Settings.read(ALL, List.of(), Map.of("RELAY_HOME", "/opt", "RELAY_JAVA_OPTS", "-Xmx1g"), directory);
    }

    @Test
    @DisplayName("are printed with value and source; secrets are masked, and stand in no message")
    void print() throws Exception {
        Settings settings = read("--key", "swordfish", "--allow", "a view /", "--allow", "b view /",
                "--max-lag", "1500ms");
        List<String> lines = settings.print();
        assertFalse(String.join("\n", lines).contains("swordfish"));
        assertTrue(lines.contains("%-50s (%s)".formatted("key = ********", "flag --key")), lines::toString);
        assertTrue(lines.contains("%-50s (%s)".formatted("max-lag = 1500ms", "flag --max-lag")), lines::toString);
        assertTrue(lines.contains("%-50s (%s)".formatted("max-queue = 16m", "default")), lines::toString);
        assertEquals(2, lines.stream().filter(line -> line.startsWith("allow = ")).count(), lines::toString);
    }

    @Test
    @DisplayName("the help lists each setting with its form and default, in lines of at most 100 columns")
    void help() {
        String help = SettingsHelp.of(ALL);
        for (String part : List.of("Limits:\n", "--max-viewers N", "(default 100)", "(default 500ms)",
                "--[no-]test-picture", "--allow WHO ACTION PATH ..")) {
            assertTrue(help.contains(part), help);
        }
        assertTrue(help.lines().allMatch(line -> line.length() <= 100), help);
    }

    @Test
    @DisplayName("are read again with the same arguments, and tell which values changed")
    void again() throws Exception {
        file("max-viewers = 1", "max-queue = 1k");
        Settings before = read("--max-queue", "2k");
        file("max-viewers = 2", "max-queue = 3k");
        Settings after = before.again();
        assertEquals(2, after.get(VIEWERS));
        assertEquals(List.of(VIEWERS), after.changedFrom(before));
        file("max-viewers = none");
        assertThrows(SettingException.class, after::again);
    }

    @Test
    @DisplayName("of a program are checked like those of an operator")
    void program() {
        Settings settings = Settings.defaults().with(VIEWERS, 5).with(ALLOW, List.of("x"));
        assertEquals(5, settings.get(VIEWERS));
        assertEquals(List.of("x"), settings.get(ALLOW));
        assertThrows(IllegalArgumentException.class, () -> settings.with(VIEWERS, 0));
        assertThrows(IllegalArgumentException.class, () -> settings.with(VIEWERS, null));
    }
}
