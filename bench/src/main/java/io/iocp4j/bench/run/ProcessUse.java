package io.iocp4j.bench.run;

import io.iocp4j.bench.result.Sample;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What a process and its descendants use, from /proc on Linux. */
final class ProcessUse {
    private static final Path PROC = Path.of("/proc");
    /** The unit of /proc/PID/stat. It is 10 ms in every build of Linux for servers (USER_HZ, proc(5)). */
    private static final long TICK_NANOS = 10_000_000;
    /** The places of utime and stime in /proc/PID/stat, counted from the state, which follows the name. */
    private static final int USER_TIME = 11;
    private static final int SYSTEM_TIME = 12;
    private static final int BUSY_COLUMNS = 7;
    private static final int STEAL_COLUMN = 7;
    private static final int IDLE_COLUMN = 3;
    private static final int WAIT_COLUMN = 4;

    /**
     * The load average above the number of cores that a quiet machine may have. Server and load make two, on one core
     * or two.
     */
    private static final double WAITING_MAX = 2;

    private ProcessUse() {
    }

    /**
     * Tells whether other programs wanted the cores in the last minute. A server then finds more or fewer messages each
     * time that it runs, which changes its CPU time per message. A system that does not say is not busy.
     */
    static boolean isMachineBusy() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()
                > Runtime.getRuntime().availableProcessors() + WAITING_MAX;
    }

    /**
     * The time of all cores since the machine was started.
     *
     * @param stolenNanos time that the host took; {@link Sample#UNKNOWN} if the system does not say
     * @param busyNanos time that programs and the kernel ran; as above
     */
    record MachineTime(long stolenNanos, long busyNanos) {
    }

    /**
     * The CPU time of a process and its descendants, in nanoseconds. On Linux, time in which the host took the machine
     * away does not count.
     */
    static long cpuNanos(ProcessHandle process) {
        return Stream.concat(Stream.of(process), process.descendants()).mapToLong(ProcessUse::own).sum();
    }

    private static long own(ProcessHandle process) {
        Path directory = PROC.resolve(Long.toString(process.pid()));
        long ofThreads = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(directory.resolve("task"))) {
            for (Path thread : threads) {
                ofThreads += schedstat(thread.resolve("schedstat"));
            }
            // threads that have ended are only in this file, which has a coarse unit for two times
            return Math.max(ofThreads, statNanos(Files.readString(directory.resolve("stat"))) - 2 * TICK_NANOS);
        } catch (IOException e) {
            // not Linux, or the process has ended
            return process.info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
        }
    }

    private static long schedstat(Path file) {
        try {
            String text = Files.readString(file);
            return Long.parseLong(text.substring(0, text.indexOf(' ')));
        } catch (IOException e) {
            return 0; // the thread has ended since the directory was read
        }
    }

    /** User and system time in /proc/PID/stat. The name of the program may contain spaces, but ends at the last ). */
    static long statNanos(String stat) {
        String[] columns = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(columns[USER_TIME]) + Long.parseLong(columns[SYSTEM_TIME])) * TICK_NANOS;
    }

    /** Physical memory of a process and its descendants, in bytes; {@link Sample#UNKNOWN} where there is no /proc. */
    static long residentBytes(ProcessHandle process) {
        long[] sizes = Stream.concat(Stream.of(process), process.descendants()).mapToLong(ProcessUse::resident)
                .filter(bytes -> bytes != Sample.UNKNOWN).toArray();
        return sizes.length == 0 ? Sample.UNKNOWN : Arrays.stream(sizes).sum();
    }

    private static long resident(ProcessHandle process) {
        try {
            List<String> lines = Files.readAllLines(PROC.resolve(process.pid() + "/status"));
            return lines.stream().filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst()
                    .orElse(Sample.UNKNOWN);
        } catch (IOException e) {
            return Sample.UNKNOWN; // not Linux, or the process has ended
        }
    }

    /** Reads the first line of /proc/stat. */
    static MachineTime machineTime() {
        try (Stream<String> lines = Files.lines(PROC.resolve("stat"))) {
            return machineTime(lines.findFirst().orElse(""));
        } catch (IOException e) {
            return new MachineTime(Sample.UNKNOWN, Sample.UNKNOWN); // not Linux
        }
    }

    /** The columns are user, nice, system, idle, iowait, irq, softirq, steal. */
    static MachineTime machineTime(String line) {
        String[] columns = line.replaceFirst("cpu +", "").split(" ");
        if (columns.length <= STEAL_COLUMN) {
            return new MachineTime(Sample.UNKNOWN, Sample.UNKNOWN);
        }
        long busy = 0;
        for (int i = 0; i < BUSY_COLUMNS; i++) {
            busy += i == IDLE_COLUMN || i == WAIT_COLUMN ? 0 : Long.parseLong(columns[i]);
        }
        return new MachineTime(Long.parseLong(columns[STEAL_COLUMN]) * TICK_NANOS, busy * TICK_NANOS);
    }
}
