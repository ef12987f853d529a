package io.iocp4j.websocket;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The programs of the system that end-to-end checks need. A test is skipped where one is missing, unless
 * {@code -De2e.required=true} says that this run has to have them all.
 */
public final class Installed {
    private static final boolean REQUIRED = Boolean.getBoolean("e2e.required");

    private Installed() {
    }

    public static void require(String... programs) {
        List<String> missing = Stream.of(programs).filter(program -> !isOnPath(program)).toList();
        if (!missing.isEmpty()) {
            miss("not installed: " + String.join(", ", missing));
        }
    }

    /** The same for what a script of ours installs. */
    public static void requireFile(Path file, String script) {
        if (!Files.exists(file)) {
            miss("not there: " + file + ", to be had with " + script);
        }
    }

    private static void miss(String reason) {
        if (REQUIRED) {
            Assertions.fail(reason);
        }
        System.out.println("e2e: skipped, " + reason);
        Assumptions.abort(reason);
    }

    private static boolean isOnPath(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory).resolve(program)));
    }
}
