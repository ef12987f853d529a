package io.iocp4j.bench.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process that runs one workload against one server:
 * <pre>
 * java -cp ... io.iocp4j.bench.load.LoadMain WORKLOAD HOST PORT
 * </pre>
 * It opens its connections and prints {@code ready N}, with the number of connections. Then it answers each line of
 * standard input with one line:
 * <ul>
 * <li>{@code run SECONDS}, perhaps with a fraction: the {@linkplain LoadResult#line() result} of a run of that time;
 * <li>{@code rest}: {@code rest}, at once. The connections stay, as they do whenever no run goes on.
 * </ul>
 * The end of standard input closes the connections and ends the process with exit code 0. Exit code 2 means that the
 * arguments or a line are wrong, 1 that the connections could not be opened. Reasons are on standard error, and so are
 * those of the first failures of each run.
 */
public final class LoadMain {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final String RUN = "run ";
    private static final double SECONDS_MAX = 86_400;
    /** Stands for the end of the input. */
    private static final String END = "\n";

    private LoadMain() {
    }

    /**
     * Runs the load.
     *
     * @param args as above
     */
    public static void main(String[] args) {
        int code = serve(args, System.in, System.out, System.err);
        System.out.flush();
        System.exit(code);
    }

    /** Runs the load until the input ends. Returns the exit code. */
    static int serve(String[] args, InputStream in, PrintStream out, PrintStream err) {
        try {
            if (args.length != 3 || !args[2].matches("\\d{1,5}")) {
                throw new IllegalArgumentException("usage: LoadMain WORKLOAD HOST PORT");
            }
            Workload workload = Workload.parse(args[0]);
            try (Load load = Load.of(workload, new InetSocketAddress(args[1], Integer.parseInt(args[2])))) {
                out.println("ready " + load.open());
                serve(load, in, out);
            }
            return 0;
        } catch (IllegalArgumentException e) {
            err.println("load: " + e.getMessage());
            return USAGE;
        } catch (IOException e) {
            err.println("load: " + e);
            return FAILED;
        }
    }

    /** Carries out the lines of the input. Another thread reads them, so pings are answered while no line arrives. */
    private static void serve(Load load, InputStream in, PrintStream out) throws IOException {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> read(in, lines, load), "iocp4j bench commands");
        reader.setDaemon(true);
        reader.start();
        while (true) {
            load.rest();
            for (String line; (line = lines.poll()) != null;) {
                if (line.equals(END)) {
                    return;
                }
                out.println(answer(load, line));
            }
        }
    }

    private static void read(InputStream in, BlockingQueue<String> lines, Load load) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
            for (String line; (line = reader.readLine()) != null;) {
                lines.add(line);
                load.wakeup();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            lines.add(END);
            load.wakeup();
        }
    }

    private static String answer(Load load, String line) {
        if (line.equals("rest")) {
            return line;
        }
        if (!line.startsWith(RUN) || !line.substring(RUN.length()).matches("\\d{1,5}(\\.\\d{1,9})?")) {
            throw new IllegalArgumentException("no line \"" + line + "\"; there are run SECONDS and rest");
        }
        double seconds = Double.parseDouble(line.substring(RUN.length()));
        if (seconds > SECONDS_MAX) {
            throw new IllegalArgumentException("a run takes at most " + SECONDS_MAX + " s: " + seconds);
        }
        return load.run((long) (seconds * TimeUnit.SECONDS.toNanos(1))).line();
    }
}
