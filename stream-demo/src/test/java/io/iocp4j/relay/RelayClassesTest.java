package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.core.JavaProgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A relay that listens, run from folders of classes")
class RelayClassesTest {
    private static final String SUFFIX = ".class";

    /** What it prints when it listens is its port. */
    static final class Relay {
        private Relay() {
        }

        public static void main(String[] args) throws IOException {
            System.out.println(RelayServer.start(RelayOptions.defaults().tcpPort(0)).address().getPort());
        }
    }

    @Test
    @DisplayName("has loaded its classes: its first viewer or publisher may come when no descriptor is left to load one with")
    void loaded() throws Exception {
        Path folder = Path.of(RelayServer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assumeTrue(Files.isDirectory(folder), "an archive is open for as long as the process runs");
        Path log = Files.createTempFile("iocp4j-classes", ".log");
        Process relay = new ProcessBuilder(JavaProgram.command("-Xlog:class+load:file=" + log + ":none",
                "-cp", System.getProperty("java.class.path"), Relay.class.getName()))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader out = relay.inputReader()) {
            assertTrue(Integer.parseInt(out.readLine()) > 0);
            Set<String> loaded = Files.readAllLines(log).stream().map(line -> line.replaceFirst(" .*", "")).collect(Collectors.toSet());
            assertEquals(List.of(), names(folder).stream().filter(name -> !loaded.contains(name)).toList());
        } finally {
            relay.destroyForcibly().waitFor();
            Files.delete(log);
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(file -> folder.relativize(file).toString()).filter(name -> name.endsWith(SUFFIX) && name.contains("iocp4j"))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length()).replace('/', '.').replace('\\', '.')).toList();
        }
    }
}
