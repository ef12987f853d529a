package io.iocp4j.bench;

import io.iocp4j.bench.run.Benchmarks;
import io.iocp4j.bench.run.Suggestion;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The help of the lab. */
final class Help {
    private static final String OPTIONS = """
            Options:
              --servers A,B,..          the servers, as in lab list
              --server 'NAME=COMMAND'   one more: a WebSocket server with /echo, /pub and /view. {port} in the command
                                        becomes the port that it has to listen on, on 127.0.0.1
              --server-tcp 'NAME=COMMAND'  the same with a server that echoes bytes over TCP
              --rounds N                rounds of each server in each launch (5)
              --launches N              how often all processes are started anew (1)
              --seconds S               length of a round (2)
              --warm-up S               how long each load runs before its first round (3)
              --workers N               threads that serve in each server (1)
              --server-cores LIST       cores of the servers, as taskset takes them (as many as workers)
              --load-cores LIST         cores of the loads (the others)
              --jvm-flags 'FLAG ..'     flags of servers in Java (-XX:+UseSerialGC -Xmx512m)
              --syscalls                count system calls in an extra round, where strace is installed
              --seed N                  seed of the order of the servers; it is printed
              --out DIR                 where the files go (bench/target/lab/TIME-COMMAND)
            """;

    /** The commands with their helps. */
    static final Map<String, String> COMMANDS = commands();

    /** The help of the lab itself. */
    static final String ALL = """
            lab measures servers beside one another, in the same run, on the same machine.

            lab list                 workloads, servers and sets of benchmarks
            lab quick                the first look, in less than 2 minutes
            lab run WORKLOAD..       some workloads with some servers
            lab full                 all workloads, with all servers that are installed
            lab compare DIR1 DIR2    what is different between two runs
            lab report DIR           draws the report of a run again
            lab jmh SET              benchmarks of the parts
            lab gate                 fails if an engine has become much slower than its baseline
            lab check load           the load of the lab against a load in C
            lab check verdicts       whether the lab finds a planted slowdown

            lab COMMAND --help       the help of a command
            """;

    private Help() {
    }

    private static Map<String, String> commands() {
        Map<String, String> commands = new LinkedHashMap<>();
        commands.put("list", """
                lab list
                Lists workloads with their parameters, servers with their features, and sets of benchmarks.
                """);
        commands.put("run", """
                lab run WORKLOAD.. [option..]
                Measures workloads. A workload is its name, perhaps with parameters: ws-echo:size=1024,connections=16.
                Without --servers it takes a baseline and both APIs of the default engine.
                """ + OPTIONS);
        commands.put("quick", """
                lab quick [option..]
                Measures an echo over TCP and WebSocket, a fan-out, and the memory of an idle connection, in less than 2
                minutes. It says what is much faster or slower, and no more. The defaults are 24 rounds of 0.1 s, and
                1 s to warm up.
                """ + OPTIONS);
        commands.put("full", """
                lab full [option..]
                Measures all workloads, with all servers that are installed. It takes about an hour.
                """ + OPTIONS);
        commands.put("compare", """
                lab compare DIR1 DIR2
                Compares each server of two runs with the baseline of its own run, and these ratios with each other.
                """);
        commands.put("report", """
                lab report DIR [--table]
                Draws the report of a run again, and prints its comparisons. With --table it only prints the run as one
                table in Markdown, as it stands in bench/README.md.
                """);
        commands.put("jmh", """
                lab jmh SET [--out DIR] [-- OPTION..]
                Runs a set of benchmarks of the parts, with JMH. Its results join the report in DIR. What follows --
                goes to JMH: lab jmh codec -- -f 1 -wi 2.
                Sets:
                """ + Benchmarks.describeSets());
        commands.put("gate", """
                lab gate [--out DIR] [--seed N] [--server-cores LIST] [--load-cores LIST]
                Measures the default engine and a bare baseline, in less than 4 minutes. The exit code is 1 if a ratio
                of CPU time per message is above its limit for sure, twice. A busy machine makes it warn, not fail.
                """);
        commands.put("check", """
                lab check load [option..]
                Runs the load of the lab and a load in C against the same server, in turn. It says whether they find the
                same CPU time per message and the same rate, within 5 percent. The exit code is 1 if they surely do not.
                It needs Linux and a C compiler, and takes half a minute.

                lab check verdicts [option..]
                Compares a server with one that is equal to it, and with one that was made 3 percent slower, 20 times.
                The exit code is 1 unless each try finds the slowdown and none calls the equal servers different. It
                takes a quarter of an hour.

                Options:
                  --percent P       the slowdown (3), or how far the loads may differ (5)
                  --tries N         how often the verdicts are tried (20)
                  --rounds N        rounds in each launch (40; 20 of each load)
                  --launches N      how often all processes are started anew in a try (4; always 1 for the loads)
                  --seconds S       length of a round (0.05; 0.4 of each load)
                  --warm-up S       how long each load runs before its first round (1; 3)
                  --out, --seed, --server-cores, --load-cores  as for lab run
                """);
        commands.put("path", """
                lab path
                Prints the class path of the lab, for the script that starts it.
                """);
        return commands;
    }

    /** The help of a command. */
    static String of(String command) {
        String help = COMMANDS.get(command);
        if (help == null) {
            throw new IllegalArgumentException("no command is called " + command
                    + Suggestion.of(command, COMMANDS.keySet()) + "; there are "
                    + COMMANDS.keySet().stream().collect(Collectors.joining(", ")));
        }
        return help;
    }
}
