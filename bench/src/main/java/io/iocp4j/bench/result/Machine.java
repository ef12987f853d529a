package io.iocp4j.bench.result;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The machine and the JVM of a run. Facts that the system does not report are {@link #UNKNOWN}.
 *
 * @param system the name of the operating system
 * @param kernel its version; on Linux, that of the kernel
 * @param processor the model of the processor
 * @param architecture its architecture, as Java names it
 * @param cores the cores that the JVM may use
 * @param memoryBytes physical memory; {@link Sample#UNKNOWN} if the system does not report it
 * @param jvm name and version of the JVM of the lab
 * @param jvmFlags the flags of that JVM. Those of the servers are in their commands
 */
public record Machine(String system, String kernel, String processor, String architecture, int cores, long memoryBytes,
        String jvm, String jvmFlags) {
    /** Stands for a fact that the system does not report. */
    public static final String UNKNOWN = "unknown";
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
    /**
     * The most seconds for {@code git}, which examines each file of a work tree. More time means that something is
     * wrong.
     */
    private static final int GIT_SECONDS = 10;

    /**
     * Describes this machine and this JVM.
     *
     * @return the facts
     */
    public static Machine here() {
        long memory = ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean bean
                ? bean.getTotalMemorySize() : Sample.UNKNOWN;
        return new Machine(property("os.name"), property("os.version"), processor(PROCESSORS), property("os.arch"),
                Runtime.getRuntime().availableProcessors(), memory,
                property("java.vm.name") + " " + property("java.vm.version"),
                String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
    }

    /**
     * Asks git for the commit of a work tree.
     *
     * @param directory a directory of the work tree
     * @return the commit with 40 digits, followed by {@code -dirty} if tracked files were changed since;
     *         {@link #UNKNOWN} without git or outside of a work tree
     * @throws InterruptedException if the thread was interrupted while it waited for git
     */
    public static String commit(Path directory) throws InterruptedException {
        List<String> command = List.of("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*");
        Process git;
        try {
            git = new ProcessBuilder(command).directory(directory.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        } catch (IOException e) {
            return UNKNOWN; // git is not installed, or there is no such directory
        }
        try {
            git.getOutputStream().close();
            // one short line fits into the pipe, so git can end before its output is read
            if (!git.waitFor(GIT_SECONDS, TimeUnit.SECONDS) || git.exitValue() != 0) {
                return UNKNOWN;
            }
            return known(new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return UNKNOWN;
        } finally {
            git.destroyForcibly();
        }
    }

    /** The model in a file like /proc/cpuinfo, else the one that Windows reports, else {@link #UNKNOWN}. */
    static String processor(Path file) {
        try {
            return Files.readAllLines(file).stream().filter(line -> line.startsWith("model name"))
                    .map(line -> known(line.substring(line.indexOf(':') + 1))).findFirst()
                    .orElseGet(() -> known(System.getenv("PROCESSOR_IDENTIFIER")));
        } catch (IOException e) {
            return known(System.getenv("PROCESSOR_IDENTIFIER")); // not Linux
        }
    }

    private static String property(String name) {
        return known(System.getProperty(name));
    }

    private static String known(String fact) {
        return fact == null || fact.isBlank() ? UNKNOWN : fact.strip();
    }
}
