package io.iocp4j.bench.run;

import io.iocp4j.bench.server.Servers;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * All servers by name: those of this module, the peers that have a recipe, and those that the command line adds.
 *
 * <p>A recipe is a property in {@code peers/peers.properties}: the name, and a command with placeholders as in
 * {@link Candidate}. Its property {@code NAME.features} lists its features, if these are not just {@code ws fan-out}.
 * {@code NAME.needs} names a file or directory that exists if the peer is installed. Paths are relative to the
 * directory of the module bench, where the command runs.
 */
public final class Catalogue {
    private static final String FEATURES = ".features";
    private static final String NEEDS = ".needs";
    private static final Path RECIPES = Path.of("peers", "peers.properties");
    /** If only the command of a server is known, the lab tries all features that it may have. */
    private static final Set<String> UNKNOWN_FEATURES = Set.of("ws", "fan-out", "deflate");

    private final Map<String, Candidate> candidates = new LinkedHashMap<>();
    private final Map<String, String> missing = new LinkedHashMap<>();

    /**
     * Reads the catalogue.
     *
     * @param module the directory of the module bench; null if the lab does not run from its sources
     * @throws IOException if there are recipes and they cannot be read
     */
    public Catalogue(Path module) throws IOException {
        for (String name : Servers.names()) {
            candidates.put(name, Candidate.own(name, Servers.features(name)));
        }
        if (module != null && Files.exists(module.resolve(RECIPES))) {
            readRecipes(module);
        }
    }

    private void readRecipes(Path module) throws IOException {
        Properties recipes = new Properties();
        try (Reader reader = Files.newBufferedReader(module.resolve(RECIPES))) {
            recipes.load(reader);
        }
        for (String name : new TreeSet<>(recipes.stringPropertyNames())) {
            if (name.endsWith(FEATURES) || name.endsWith(NEEDS)) {
                continue;
            }
            String features = recipes.getProperty(name + FEATURES, "ws fan-out");
            List<String> command = words(recipes.getProperty(name));
            candidates.put(name, new Candidate(name, Set.of(features.split(" ")), command, module));
            String needs = recipes.getProperty(name + NEEDS);
            if (needs != null && !Files.exists(module.resolve(needs))) {
                missing.put(name, needs.split("/")[1]);
            }
        }
    }

    /**
     * Adds a server of the command line.
     *
     * @param definition {@code name=command {port}}
     * @param tcp whether it echoes bytes over TCP; false is WebSocket
     * @throws IllegalArgumentException if that is not the form, or the name is taken
     */
    public void add(String definition, boolean tcp) {
        int equals = definition.indexOf('=');
        if (equals < 1 || !definition.substring(equals).contains("{port}")) {
            throw new IllegalArgumentException("a server is 'name=command {port}', not '" + definition + "'");
        }
        String name = definition.substring(0, equals).strip();
        Candidate candidate = new Candidate(name, tcp ? Set.of("tcp") : UNKNOWN_FEATURES,
                words(definition.substring(equals + 1)), null);
        if (candidates.putIfAbsent(name, candidate) != null) {
            throw new IllegalArgumentException("there is a server " + name + " already");
        }
    }

    /** Cuts a command at spaces. Quotes, single or double, keep spaces together. */
    static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = null;
        char quote = 0;
        for (char c : command.toCharArray()) {
            if (quote == 0 && Character.isWhitespace(c)) {
                if (word != null) {
                    words.add(word.toString());
                }
                word = null;
                continue;
            }
            word = word == null ? new StringBuilder() : word;
            if (c == quote) {
                quote = 0;
            } else if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
            } else {
                word.append(c);
            }
        }
        if (quote != 0) {
            throw new IllegalArgumentException("a quote does not end: " + command);
        }
        if (word != null) {
            words.add(word.toString());
        }
        return words;
    }

    /**
     * Finds a server.
     *
     * @param name its name
     * @return the server
     * @throws IllegalArgumentException if there is none, or it is not installed; the message says what to do
     */
    public Candidate get(String name) {
        Candidate candidate = candidates.get(name);
        if (candidate == null && Servers.isPlanted(name)) {
            return Candidate.own(name, Servers.features(name));
        }
        if (candidate == null) {
            throw new IllegalArgumentException("no server is called " + name + Suggestion.of(name, candidates.keySet())
                    + "; there are " + String.join(", ", candidates.keySet()));
        }
        if (missing.containsKey(name)) {
            throw new IllegalArgumentException(
                    name + " is not installed; bench/peers/install " + missing.get(name) + " fetches it");
        }
        return candidate;
    }

    /**
     * Lists all servers.
     *
     * @return all, those of this module first
     */
    public List<Candidate> all() {
        return List.copyOf(candidates.values());
    }

    /**
     * Tells whether a server can be started.
     *
     * @param name the name of a server
     * @return false for a peer that was not fetched
     */
    public boolean isInstalled(String name) {
        return candidates.containsKey(name) && !missing.containsKey(name);
    }
}
