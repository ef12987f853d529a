package io.iocp4j.bench.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A process with one server under test:
 * <pre>
 * java -cp ... io.iocp4j.bench.server.ServerMain NAME [workers=1] [protocol=tcp]
 * java -cp ... io.iocp4j.bench.server.ServerMain list
 * </pre>
 * The second form prints each name with its features. The first prints the number of the port that it listens on, then
 * one line for each line on standard input:
 * <ul>
 * <li>{@code counters}: bytes that all threads have allocated, garbage collections, and the milliseconds they took;
 * <li>{@code memory}: heap in use after two collections plus direct memory, in bytes.
 * </ul>
 * The end of standard input ends the process with exit code 0. Exit code 2 means that the arguments are wrong, 1 that
 * the server could not start. Reasons are on standard error.
 */
public final class ServerMain {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private ServerMain() {
    }

    /**
     * Runs the server.
     *
     * @param args as above
     */
    public static void main(String[] args) {
        int code = serve(args, System.in, System.out, System.err);
        System.out.flush();
        // a thread of a baseline may block in a system call for ever, so do not wait for it
        Runtime.getRuntime().halt(code);
    }

    /** Runs the server until the input ends. Returns the exit code. */
    static int serve(String[] args, InputStream in, PrintStream out, PrintStream err) {
        try {
            if (List.of(args).equals(List.of("list"))) {
                for (String name : Servers.names()) {
                    out.println(name + " " + String.join(" ", Servers.features(name).stream().sorted().toList()));
                }
                return 0;
            }
            return serve(args, new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII)), out);
        } catch (IllegalArgumentException e) {
            err.println("server: " + e.getMessage());
            return USAGE;
        } catch (IOException e) {
            err.println("server: " + e);
            return FAILED;
        }
    }

    private static int serve(String[] args, BufferedReader in, PrintStream out) throws IOException {
        if (args.length == 0) {
            throw new IllegalArgumentException("usage: ServerMain NAME [workers=1] [protocol=tcp|ws|tls|relay]");
        }
        int workers = 1;
        String protocol = "tcp";
        for (String arg : List.of(args).subList(1, args.length)) {
            if (arg.matches("workers=[1-9]\\d{0,2}")) {
                workers = Integer.parseInt(arg.substring("workers=".length()));
            } else if (arg.startsWith("protocol=")) {
                protocol = arg.substring("protocol=".length());
            } else {
                throw new IllegalArgumentException(arg + " is neither workers=1 to 999 nor protocol=...");
            }
        }
        // the JDK reads this when the first virtual thread starts. Blocking servers then have as many threads as the
        // others
        System.setProperty("jdk.virtualThreadScheduler.parallelism", Integer.toString(workers));
        try (RunningServer server = Servers.start(args[0], protocol, workers)) {
            out.println(server.port());
            for (String line; (line = in.readLine()) != null;) {
                out.println(answer(line));
            }
        }
        return 0;
    }

    private static String answer(String line) {
        return switch (line) {
            case "counters" -> counters();
            case "memory" -> Long.toString(memory());
            default -> throw new IllegalArgumentException("no line " + line + "; there are counters and memory");
        };
    }

    private static String counters() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
        return threads.getTotalThreadAllocatedBytes()
                + " " + collectors.stream().mapToLong(GarbageCollectorMXBean::getCollectionCount).sum()
                + " " + collectors.stream().mapToLong(GarbageCollectorMXBean::getCollectionTime).sum();
    }

    private static long memory() {
        MemoryMXBean heap = ManagementFactory.getMemoryMXBean();
        // the cleaners of the first collection make more objects unreachable, which the second one frees
        heap.gc();
        heap.gc();
        return heap.getHeapMemoryUsage().getUsed() + ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)
                .stream().filter(pool -> pool.getName().equals("direct")).mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
