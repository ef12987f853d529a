package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.ChildProcess;
import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The zips, unpacked into an empty directory. They have to be built before:
 * {@code mvn -Pdist,image -DskipTests package -pl stream-demo -am}.
 */
@Tag("e2e")
@DisplayName("The packages run on their own")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DistributionTest {
    private static final String BUILD = "mvn -Pdist,image -DskipTests package";
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
    private static final int COLOURS_MIN = 50;
    private static final Pattern VERSION = Pattern.compile("version \"(\\d+)");
    /** Programs that the launcher needs beside Java. */
    private static final String[] PROGRAMS = {"sh", "sed", "head", "dirname", "readlink"};

    @TempDir
    private Path directory;

    /** Unpacks a zip with its permissions, and returns the only directory in it. */
    private Path unpack(String kind) throws IOException {
        Path zip = null;
        if (Files.isDirectory(Path.of("target"))) {
            try (DirectoryStream<Path> found = Files.newDirectoryStream(Path.of("target"), "*-" + kind + ".zip")) {
                for (Path each : found) {
                    zip = each;
                }
            }
        }
        Installed.requireFile(zip == null ? Path.of("target", "iocp4j-relay-" + kind + ".zip") : zip, BUILD);
        try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("enablePosixFileAttributes", true));
                Stream<Path> all = Files.walk(files.getPath("/"))) {
            for (Path each : (Iterable<Path>) all.skip(1)::iterator) {
                Files.copy(each, directory.resolve(each.toString().substring(1)), StandardCopyOption.COPY_ATTRIBUTES,
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
        try (Stream<Path> top = Files.list(directory)) {
            List<Path> only = top.toList();
            assertEquals(1, only.size(), only::toString);
            return only.getFirst();
        }
    }

    /** A directory with nothing but the programs that the launcher needs, and a java if there is one. */
    private Path programs(Path java) throws IOException {
        Path bin = Files.createDirectory(directory.resolve("bin"));
        for (String program : PROGRAMS) {
            Files.createSymbolicLink(bin.resolve(program), Path.of("/usr/bin", program).toRealPath());
        }
        if (java != null) {
            Files.createSymbolicLink(bin.resolve("java"), java);
        }
        return bin;
    }

    private ChildProcess start(Path home, String path, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(home.resolve("relay").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.directory(Files.createDirectories(directory.resolve("empty")).toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("RELAY_") || name.startsWith("JAVA_"));
        builder.environment().put("PATH", path);
        return ChildProcess.start("distribution", builder);
    }

    /** Serves the picture to a browser, and stops on SIGTERM. */
    private void serves(Path home, String path) throws IOException, InterruptedException {
        Installed.require("chromium");
        try (Chromium chromium = Chromium.start(); ChildProcess relay = start(home, path, "serve", "--port", "0")) {
            String address = RelayProcess.address(relay.awaitLine(RelayProcess.ADDRESS, START_LIMIT));
            relay.awaitLine(", engine selector$", START_LIMIT);
            try (PlayerPage page = new PlayerPage(chromium.open(address + "watch/test"))) {
                page.until("stats.framesShown > 10", START_LIMIT);
                assertTrue(page.colours("canvas") > COLOURS_MIN, "the picture is black");
                assertEquals(List.of(), page.problems());
            }
            relay.terminate();
            relay.awaitExit(STOP_LIMIT);
            assertTrue(relay.lines().stream().anyMatch(line -> line.text().equals("relay stops")));
        }
    }

    /** The oldest Java of this machine, and its version. */
    private static Map.Entry<Path, Integer> oldest() throws IOException {
        TreeMap<Integer, Path> found = new TreeMap<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/usr/lib/jvm"))) {
            for (Path each : all) {
                Path java = each.resolve("bin/java");
                if (Files.isExecutable(java)) {
                    try (ChildProcess asked = ChildProcess.start("version", new ProcessBuilder(java.toString(),
                            "-version"))) {
                        asked.awaitExit(START_LIMIT);
                        Matcher version = VERSION.matcher(asked.lines().getFirst().text());
                        found.put(version.find() ? Integer.parseInt(version.group(1)) : 0, java.toRealPath());
                    }
                }
            }
        }
        Map.Entry<Integer, Path> first = found.firstEntry();
        boolean old = first != null && first.getKey() < Runtime.version().feature();
        Installed.requireFile(old ? first.getValue() : Path.of("/usr/lib/jvm", "a Java before 25"),
                "apt-get install default-jre-headless");
        return Map.entry(first.getValue(), first.getKey());
    }

    @Test
    @DisplayName("the zip finds a Java that can run it, although the first on the path is too old")
    void zip() throws IOException, InterruptedException {
        serves(unpack("dist"), System.getenv("PATH"));
    }

    @Test
    @Shows("G2")
    @DisplayName("on a machine with an older Java only, the zip says so in one sentence, with exit code 2")
    void oldJava() throws IOException {
        Map.Entry<Path, Integer> old = oldest();
        Path home = unpack("dist");
        Path launcher = home.resolve("relay");
        // this machine has a Java that is new enough where the launcher looks for it
        String script = Files.readString(launcher);
        assertTrue(script.contains("/usr/lib/jvm/*/"), script);
        Files.writeString(launcher, script.replace("/usr/lib/jvm/*/", directory.resolve("no-jvm") + "/*/"));
        String path = programs(old.getKey()).toString();
        try (ChildProcess relay = start(home, path, "serve", "--port", "0")) {
            assertEquals(2, relay.awaitExit(START_LIMIT));
            String sentence = "relay: Java 25 or later is needed, and " + path + "/java is Java " + old.getValue()
                    + "; name one in JAVA_HOME or RELAY_JAVA";
            assertEquals(List.of(sentence), relay.lines().stream().map(ChildProcess.Line::text).toList());
        }
    }

    @Test
    @Shows("G2")
    @DisplayName("without any Java, the zip says so in one sentence, with exit code 2")
    void noJava() throws IOException {
        Path home = unpack("dist");
        Path launcher = home.resolve("relay");
        Files.writeString(launcher, Files.readString(launcher).replace("/usr/lib/jvm/*/",
                directory.resolve("no-jvm") + "/*/"));
        try (ChildProcess relay = start(home, programs(null).toString(), "serve")) {
            assertEquals(2, relay.awaitExit(START_LIMIT));
            assertEquals(List.of("relay: Java 25 or later is needed; name one in JAVA_HOME or RELAY_JAVA"),
                    relay.lines().stream().map(ChildProcess.Line::text).toList());
        }
    }

    @Test
    @Shows("G3")
    @DisplayName("the image needs no Java: it serves the picture from an empty directory, and makes certificates")
    void image() throws IOException, InterruptedException {
        Path home = unpack("image");
        String path = programs(null).toString();
        serves(home, path);
        try (ChildProcess cert = start(home, path, "cert", "--host", "localhost")) {
            assertEquals(0, cert.awaitExit(START_LIMIT), () -> cert.lines().toString());
        }
        assertTrue(Files.exists(directory.resolve("empty/relay-tls/relay.pem")));
        try (ChildProcess service = start(home, path, "service", "install")) {
            assertEquals(2, service.awaitExit(START_LIMIT));
            assertEquals(List.of("relay: " + ServiceCommand.NEEDS_WINDOWS),
                    service.lines().stream().map(ChildProcess.Line::text).toList());
        }
    }

    @Test
    @DisplayName("systemd finds nothing wrong in the unit")
    void unit() throws IOException {
        Installed.require("systemd-analyze");
        Path home = unpack("dist");
        Path unit = directory.resolve("relay.service");
        Files.writeString(unit, Files.readString(home.resolve("lib/systemd/relay.service")).replace("/opt/relay",
                home.toString()));
        try (ChildProcess analyze = ChildProcess.start("systemd-analyze",
                new ProcessBuilder("systemd-analyze", "verify", "--man=no", unit.toString()))) {
            assertEquals(0, analyze.awaitExit(START_LIMIT), () -> analyze.lines().toString());
            assertEquals(List.of(), analyze.lines());
        }
    }
}
