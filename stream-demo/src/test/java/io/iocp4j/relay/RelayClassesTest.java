package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.core.JavaProgram;
import io.iocp4j.relay.config.Settings;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A relay that runs from folders of classes")
class RelayClassesTest {
    private static final String SUFFIX = ".class";

    /** A relay that prints its port number as soon as it listens. */
    static final class Relay {
        private Relay() {
        }

        public static void main(String[] args) throws IOException {
            System.out.println(RelayServer.start(Settings.defaults().with(ServeSettings.PORT, 0)).address().getPort());
        }
    }

    @Test
    @DisplayName("has loaded all its classes when it listens, because later no file descriptor may be left")
    void loaded() throws Exception {
        Path folder = Path.of(RelayServer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assumeTrue(Files.isDirectory(folder), "a jar stays open, so its classes can always be loaded");
        Path log = Files.createTempFile("iocp4j-classes", ".log");
        Process relay = new ProcessBuilder(JavaProgram.command("-Xlog:class+load:file=" + log + ":none",
                "-cp", System.getProperty("java.class.path"), Relay.class.getName()))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader out = relay.inputReader()) {
            assertTrue(Integer.parseInt(out.readLine()) > 0);
            Set<String> loaded = Files.readAllLines(log).stream().map(line -> line.replaceFirst(" .*", ""))
                    .collect(Collectors.toSet());
            assertEquals(List.of(), names(folder).stream().filter(name -> !loaded.contains(name)).toList());
        } finally {
            relay.destroyForcibly().waitFor();
            Files.delete(log);
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(file -> folder.relativize(file).toString())
                    .filter(name -> name.endsWith(SUFFIX) && name.contains("iocp4j"))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                    .map(name -> name.replace(File.separatorChar, '.')).toList();
        }
    }
}
