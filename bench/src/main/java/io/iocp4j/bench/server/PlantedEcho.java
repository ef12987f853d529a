package io.iocp4j.bench.server;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An echo that also adds numbers for a known time. With it, the lab checks that its comparison finds a slowdown of a
 * known size. {@code bare-selector+150ns} is the baseline with 150 ns more for each echo, and {@code bare-selector+0ns}
 * is equal to it.
 */
final class PlantedEcho extends Conversation.Echo {
    private static final Pattern NAME = Pattern.compile("bare-selector\\+(\\d{1,6})ns");
    /** The length of a loop while the time of an addition is measured, and how often it runs: a millisecond or so. */
    private static final int LOOP = 200;
    private static final int LOOPS = 5_000;
    /** The first of these measurements also compile the loop. The shortest one counts. */
    private static final int MEASUREMENTS = 20;

    private final int additions;
    /** Is never read. Without it the compiler could leave out the loop. */
    private long sum;

    private PlantedEcho(int additions) {
        this.additions = additions;
    }

    /** Tells whether this is the name of a server with such an echo. */
    static boolean isPlanted(String name) {
        return NAME.matcher(name).matches();
    }

    /** Starts a server of such a name. */
    static RunningServer start(String name) throws IOException {
        Matcher planted = NAME.matcher(name);
        if (!planted.matches()) {
            throw new IllegalArgumentException(name + " has no planted echo");
        }
        int additions = additions(Long.parseLong(planted.group(1)));
        return new BareSelectorServer(false, () -> new PlantedEcho(additions));
    }

    @Override
    ByteBuffer output() {
        sum = add(sum, additions);
        return super.output();
    }

    /** Returns how many additions take this CPU time on this machine, in nanoseconds. */
    static int additions(long nanos) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long sum = 0;
        long least = Long.MAX_VALUE;
        for (int i = 0; i < MEASUREMENTS; i++) {
            long before = threads.getCurrentThreadCpuTime();
            for (int loop = 0; loop < LOOPS; loop++) {
                sum = add(sum, LOOP);
            }
            least = Math.min(least, threads.getCurrentThreadCpuTime() - before);
        }
        if (sum == 0) {
            throw new IllegalStateException("nothing was added");
        }
        return (int) Math.round((double) nanos * LOOP * LOOPS / least);
    }

    /** Each addition needs the result of the one before, so no compiler can make one of them. */
    private static long add(long start, int additions) {
        long sum = start;
        for (int i = 0; i < additions; i++) {
            sum += sum >>> 1 ^ i;
        }
        return sum;
    }
}
