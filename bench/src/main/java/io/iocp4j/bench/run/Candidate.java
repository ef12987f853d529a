package io.iocp4j.bench.run;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.server.ServerMain;
import io.iocp4j.bench.server.Servers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A server that can be measured.
 *
 * @param name its name in tables
 * @param features the features that it can be measured with: {@code tcp}, {@code tls}, {@code ws}, {@code fan-out},
 *        {@code deflate}, {@code file}, {@code relay}
 * @param command the words of the command that starts it; empty for a server of this module. Placeholders are
 *        {@code {port}}, {@code {protocol}}, {@code {workers}}, {@code {java}} and, as a word, {@code {flags}}
 * @param directory where the command runs; null is where the lab runs
 */
public record Candidate(String name, Set<String> features, List<String> command, Path directory) {
    private static final String BASELINE = "bare-";

    /** Copies the collections. */
    public Candidate {
        features = Set.copyOf(features);
        command = List.copyOf(command);
    }

    /** A server of this module. */
    static Candidate own(String name, Set<String> features) {
        return new Candidate(name, features, List.of(), null);
    }

    /**
     * Tells whether it is a server of this module, which prints its port and its counters.
     *
     * @return false for a server that only listens
     */
    public boolean isOwn() {
        return command.isEmpty();
    }

    /**
     * Tells whether others are compared with it.
     *
     * @return true for the servers on the JDK alone, without a planted slowdown
     */
    public boolean isBaseline() {
        return isOwn() && name.startsWith(BASELINE) && !Servers.isPlanted(name);
    }

    /**
     * Tells whether it can serve a workload.
     *
     * @param workload the workload
     * @return whether it has the feature
     */
    public boolean serves(Workload workload) {
        return features.contains(workload.feature());
    }

    /**
     * Returns the command line without pinning.
     *
     * @param protocol {@code tcp}, {@code ws}, {@code tls} or {@code relay}
     * @param port the port; a server of this module chooses its own
     * @param settings workers and flags
     * @return the words
     */
    List<String> commandLine(String protocol, String port, Settings settings) {
        List<String> words = new ArrayList<>();
        if (isOwn()) {
            words.add(Programs.java());
            words.addAll(settings.jvmFlags());
            // for the engines of jna-native
            words.add("--enable-native-access=ALL-UNNAMED");
            words.addAll(List.of("-cp", System.getProperty("java.class.path"), ServerMain.class.getName(), name,
                    "protocol=" + protocol, "workers=" + settings.workers()));
            return words;
        }
        for (String word : command) {
            if (word.equals("{flags}")) {
                words.addAll(settings.jvmFlags());
            } else {
                words.add(word.replace("{port}", port).replace("{protocol}", protocol)
                        .replace("{workers}", Integer.toString(settings.workers())).replace("{java}", Programs.java()));
            }
        }
        return words;
    }

    /** Returns the command for the file of results, without the class path of the lab. */
    String described(Settings settings) {
        List<String> words = new ArrayList<>(commandLine("PROTOCOL", "PORT", settings));
        int path = words.indexOf("-cp");
        if (isOwn()) {
            words.set(path + 1, "...");
        }
        words.replaceAll(word -> word.equals(Programs.java()) ? "java" : word);
        return String.join(" ", words);
    }
}
