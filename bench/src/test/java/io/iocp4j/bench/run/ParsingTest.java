package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.result.Sample;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What the system and strace print is read")
class ParsingTest {
    @Test
    @DisplayName("the times of a process whose name looks like columns")
    void stat() {
        String stat = "77 (a) b (c)) S 1 77 77 0 -1 4194304 100 0 0 0 12 34 0 0 20 0 1 0 5 6";
        assertEquals(460_000_000, ProcessUse.statNanos(stat));
    }

    @Test
    @DisplayName("the busy and stolen times of the machine, and that an old kernel does not tell them")
    void machine() {
        ProcessUse.MachineTime time = ProcessUse.machineTime("cpu  1 2 3 1000 1000 4 5 6 0 0");
        assertEquals(60_000_000, time.stolenNanos());
        assertEquals(150_000_000, time.busyNanos());
        assertEquals(Sample.UNKNOWN, ProcessUse.machineTime("cpu  1 2 3 4").stolenNanos());
    }

    @Test
    @DisplayName("the calls in strace's table, with and without errors, but not its total")
    void systemCalls() {
        assertEquals(30, SystemCalls.sum("""
                % time     seconds  usecs/call     calls    errors syscall
                ------ ----------- ----------- --------- --------- ----------------
                 99.00    0.000100           5        20         1 read
                  1.00    0.000001           1        10           write
                ------ ----------- ----------- --------- --------- ----------------
                100.00    0.000101           3        30         1 total
                """.lines().toList()));
    }

    @Test
    @DisplayName("lists of cores")
    void cores() {
        assertEquals(List.of(0, 1, 2, 5), Cores.parse("0-2,5"));
        assertEquals(List.of(3), Cores.parse("3"));
        assertEquals(List.of("taskset", "-c", "1", "java"), Cores.pinned("1", List.of("java")));
        assertEquals(List.of("java"), Cores.pinned("", List.of("java")));
    }

    @Test
    @DisplayName("the processor time of this process grows with its work, and its memory is known where /proc is")
    void own() {
        ProcessHandle self = ProcessHandle.current();
        long before = ProcessUse.cpuNanos(self);
        long end = System.nanoTime() + 200_000_000;
        long rounds = 0;
        while (System.nanoTime() < end || ProcessUse.cpuNanos(self) == before) {
            rounds++;
        }
        assertTrue(ProcessUse.cpuNanos(self) > before, rounds + " rounds");
        assertTrue(ProcessUse.residentBytes(self) > 1 << 20 || ProcessUse.residentBytes(self) == Sample.UNKNOWN);
    }

    @Test
    @DisplayName("durations are written as people read them")
    void durations() {
        assertEquals("0:05", Progress.duration(4.6));
        assertEquals("1:05", Progress.duration(65));
        assertEquals("1:02:03", Progress.duration(3723));
        assertEquals("0:00", Progress.duration(-1));
    }
}
