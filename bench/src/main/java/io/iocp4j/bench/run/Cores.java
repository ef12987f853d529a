package io.iocp4j.bench.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cores on which servers and loads run, as {@code taskset -c} takes them. Without pinning, a load would take turns
 * with its server on one core.
 *
 * @param server the cores of the servers; empty if they are not pinned
 * @param load the cores of the loads; empty if they are not pinned
 */
public record Cores(String server, String load) {
    /** Nothing is pinned. */
    public static final Cores ANY = new Cores("", "");
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String ALLOWED = "Cpus_allowed_list:";

    /**
     * Gives the servers as many cores as they have workers, and the load the others.
     *
     * @param workers the workers of a server, 1 or more
     * @return the cores; {@link #ANY} without {@code taskset} or with one core
     */
    public static Cores choose(int workers) {
        List<Integer> cores = allowed();
        if (cores.size() < 2 || !Programs.installed("taskset")) {
            return ANY;
        }
        int ofServer = Math.min(workers, cores.size() - 1);
        return new Cores(list(cores.subList(0, ofServer)), list(cores.subList(ofServer, cores.size())));
    }

    private static String list(List<Integer> cores) {
        return String.join(",", cores.stream().map(String::valueOf).toList());
    }

    private static List<Integer> allowed() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(ALLOWED)).findFirst()
                    .map(line -> parse(line.substring(ALLOWED.length()).strip())).orElse(List.of());
        } catch (IOException e) {
            return List.of(); // not Linux
        }
    }

    /** Reads a list such as {@code 0-2,5}. */
    static List<Integer> parse(String list) {
        List<Integer> cores = new ArrayList<>();
        for (String range : list.split(",")) {
            int hyphen = range.indexOf('-');
            int first = Integer.parseInt(hyphen < 0 ? range : range.substring(0, hyphen));
            int last = Integer.parseInt(range.substring(hyphen + 1));
            for (int core = first; core <= last; core++) {
                cores.add(core);
            }
        }
        return cores;
    }

    /** Puts a command on cores. */
    static List<String> pinned(String cores, List<String> command) {
        if (cores.isEmpty()) {
            return command;
        }
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", cores));
        pinned.addAll(command);
        return pinned;
    }
}
