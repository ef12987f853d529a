package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.bench.Lab;
import io.iocp4j.bench.result.Report;
import io.iocp4j.bench.result.RunFile;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A lab that is ended in the middle of a run")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KilledLabTest {
    @TempDir
    Path directory;

    @BeforeAll
    static void needsShell() {
        assumeTrue(File.separator.equals("/"), "on Windows a server that does not know the lab can outlive it");
    }

    /** Starts a run of a server of this module and of a foreign one, and returns when a round is in the file. */
    private Process started() throws IOException, InterruptedException {
        Path source = directory.resolve("Idle.java");
        Files.writeString(source, """
                void main(String[] args) throws Exception {
                    var listener = new java.net.ServerSocket(Integer.parseInt(args[0]));
                    while (true) {
                        var socket = listener.accept();
                        Thread.ofPlatform().start(() -> {
                            try (socket) {
                                socket.getInputStream().transferTo(socket.getOutputStream());
                            } catch (java.io.IOException e) {
                                System.err.println(e);
                            }
                        });
                    }
                }
                """);
        Path out = Files.createDirectory(directory.resolve("out"));
        try (WatchService watch = out.getFileSystem().newWatchService()) {
            out.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            Process lab = new ProcessBuilder(Programs.java(), "-cp", System.getProperty("java.class.path"),
                    Lab.class.getName(), "run", "tcp-echo:connections=2", "--servers", "bare-aio", "--server-tcp",
                    "mine=" + Programs.java() + " " + source + " {port}", "--rounds", "100000", "--seconds", "0.1",
                    "--warm-up", "0", "--out", out.toString())
                    .redirectErrorStream(true).redirectOutput(directory.resolve("lab.log").toFile()).start();
            lab.onExit().thenRun(() -> close(watch));
            while (!Files.exists(out.resolve(RunFile.JSON))) {
                WatchKey key = watch.poll(4, TimeUnit.MINUTES);
                assertTrue(key != null, "no round was written");
                key.pollEvents();
                key.reset();
            }
            return lab;
        } catch (ClosedWatchServiceException e) {
            throw new AssertionError("the lab has ended: " + Files.readString(directory.resolve("lab.log")), e);
        }
    }

    private static void close(WatchService watch) {
        try {
            watch.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertAllEnd(List<ProcessHandle> children) throws Exception {
        assertTrue(children.size() >= 4, "too few children: " + children);
        for (ProcessHandle child : children) {
            child.onExit().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    @DisplayName("without warning leaves no process behind, and the rounds it has measured")
    void killed() throws Exception {
        Process lab = started();
        List<ProcessHandle> children = lab.descendants().toList();
        lab.destroyForcibly();
        assertAllEnd(children);
        assertTrue(RunFile.read(directory.resolve("out")).samples().size() >= 2);
    }

    @Test
    @DisplayName("by a signal writes the report of what it has measured, and leaves no process behind")
    void interrupted() throws Exception {
        Process lab = started();
        List<ProcessHandle> children = lab.descendants().toList();
        lab.destroy();
        assertAllEnd(children);
        assertTrue(lab.waitFor(60, TimeUnit.SECONDS));
        assertTrue(Files.exists(directory.resolve("out").resolve(Report.FILE)),
                Files.readString(directory.resolve("lab.log")));
        assertEquals(false, RunFile.read(directory.resolve("out")).complete());
    }
}
