package io.iocp4j.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A machine is described by what is to be had")
class MachineTest {
    @Test
    @DisplayName("this machine has a system, cores, memory and a JVM")
    void here() {
        Machine machine = Machine.here();
        assertEquals(System.getProperty("os.name"), machine.system());
        assertTrue(machine.cores() > 0 && machine.memoryBytes() > 0, machine.toString());
        assertTrue(machine.jvm().contains(System.getProperty("java.vm.version")), machine.jvm());
        assertFalse(machine.processor().isBlank());
    }

    @Test
    @DisplayName("the model of the processor is read from a file like that of Linux")
    void processor(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("cpuinfo");
        Files.writeString(file,
                "processor\t: 0\nmodel name\t: Some CPU @ 2.0 GHz\nprocessor\t: 1\nmodel name\t: Other\n");
        assertEquals("Some CPU @ 2.0 GHz", Machine.processor(file));
        String elsewhere = System.getenv("PROCESSOR_IDENTIFIER");
        assertEquals(elsewhere == null ? "unknown" : elsewhere, Machine.processor(directory.resolve("none")));
    }

    @Test
    @DisplayName("outside of a work tree, and in a directory that is not there, the commit is unknown")
    void noCommit(@TempDir Path directory) throws InterruptedException {
        assertEquals("unknown", Machine.commit(directory));
        assertEquals("unknown", Machine.commit(directory.resolve("none")));
    }

    @Test
    @DisplayName("in a work tree the commit has 40 digits, and says whether files were changed")
    void commit(@TempDir Path directory) throws IOException, InterruptedException {
        assumeTrue(git(directory, "--version"), "git is not installed");
        Path file = Files.writeString(directory.resolve("file"), "one");
        assertTrue(git(directory, "init") && git(directory, "add", "file")
                && git(directory, "-c", "user.name=a", "-c", "user.email=b",
                "-c", "commit.gpgsign=false", "commit", "-m", "c"), "git makes no commit");
        String commit = Machine.commit(directory);
        assertTrue(commit.matches("[0-9a-f]{40}"), commit);
        Files.writeString(file, "two, and longer");
        assertEquals(commit + "-dirty", Machine.commit(directory));
    }

    private static boolean git(Path directory, String... arguments) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        try {
            Process git = new ProcessBuilder(command).directory(directory.toFile())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            return git.waitFor(30, TimeUnit.SECONDS) && git.exitValue() == 0;
        } catch (IOException e) {
            return false; // there is no such program
        }
    }
}
