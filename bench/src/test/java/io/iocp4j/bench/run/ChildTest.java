package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A process that the lab starts")
class ChildTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @BeforeAll
    static void needsShell() {
        assumeTrue(File.separator.equals("/"), "the processes of this test are shells");
    }

    private Child shell(String script) throws IOException {
        return new Child("the shell", List.of("/bin/sh", "-c", script), null, directory.resolve("shell.log"));
    }

    @Test
    @DisplayName("answers line by line and ends when its input ends")
    void answers() throws Exception {
        Child child = shell("while read line; do echo \"got $line\"; done");
        assertEquals("got one", child.ask("one", LONG));
        assertEquals("got two", child.ask("two", LONG));
        child.close();
        assertFalse(child.isAlive());
    }

    @Test
    @DisplayName("is ended by force if the end of its input is not enough")
    void forced() throws Exception {
        Child child = shell("trap '' TERM; echo ready; exec tail -f /dev/null");
        assertEquals("ready", child.line(LONG));
        child.close();
        assertFalse(child.isAlive());
    }

    @Test
    @DisplayName("that ends too early is reported with the last lines of its errors, each time anew")
    void ended() throws Exception {
        try (Child child = shell("echo why >&2")) {
            IOException first = assertThrows(IOException.class, () -> child.line(LONG));
            assertTrue(first.getMessage().matches("(?s)the shell has ended.*why"), first.getMessage());
            assertThrows(IOException.class, () -> child.line(LONG));
        }
    }

    @Test
    @DisplayName("that says nothing is not waited for longer than the limit")
    void silent() throws Exception {
        try (Child child = shell("cat >/dev/null")) {
            IOException late = assertThrows(IOException.class, () -> child.line(Duration.ofMillis(1)));
            assertTrue(late.getMessage().contains("printed nothing"), late.getMessage());
        }
    }
}
