package io.iocp4j.bench.server;

import io.iocp4j.core.CompletionPort;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The servers under test by name. */
public final class Servers {
    private static final String BLOCKING = "-blocking";
    private static final Set<String> OURS = Set.of("tcp", "tls", "ws", "fan-out", "deflate", "file");

    private Servers() {
    }

    /**
     * Lists the servers that can run here: each engine with callbacks and with the blocking API, then the baselines.
     *
     * @return their names
     */
    public static List<String> names() {
        List<String> names = new ArrayList<>();
        for (String engine : CompletionPort.engines()) {
            names.add(engine);
            names.add(engine + BLOCKING);
        }
        names.addAll(List.of("bare-aio", "bare-selector", "bare-threads"));
        return names;
    }

    /**
     * Returns the features that a server can be measured with.
     *
     * @param name one of {@link #names()}, or a baseline with a planted slowdown such as {@code bare-selector+150ns}
     * @return features, as the description of the package lists them
     * @throws IllegalArgumentException if there is no such server; the message lists those that exist
     */
    public static Set<String> features(String name) {
        if (PlantedEcho.isPlanted(name)) {
            return Set.of("tcp");
        }
        if (!names().contains(name)) {
            throw new IllegalArgumentException("no server is called " + name + "; there are " + names());
        }
        return switch (name) {
            case "bare-aio", "bare-selector" -> Set.of("tcp", "ws", "fan-out");
            case "bare-threads" -> Set.of("tcp", "ws");
            default -> name.equals(CompletionPort.engines().getFirst()) ? with(OURS, "relay") : OURS;
        };
    }

    private static Set<String> with(Set<String> some, String more) {
        List<String> all = new ArrayList<>(some);
        all.add(more);
        return Set.copyOf(all);
    }

    /**
     * Tells whether this is the name of the baseline on selectors with a slowdown that was planted in its echo. Such
     * servers are not among the {@link #names()}.
     *
     * @param name a name
     * @return whether it is {@code bare-selector+Nns}, with N nanoseconds from 0 to 999,999 for each echo
     */
    public static boolean isPlanted(String name) {
        return PlantedEcho.isPlanted(name);
    }

    /**
     * Starts a server on an ephemeral port of the loopback address.
     *
     * @param name as for {@link #features}
     * @param protocol {@code tcp}, {@code ws} (which includes fan-out, deflate and file), {@code tls} or {@code relay}
     * @param workers the number of threads that serve, 1 or more. The selector baseline takes only 1. Virtual threads
     *        run on as many threads as the JVM gives them, and the relay has a worker for each processor
     * @return the server, which is listening
     * @throws IOException if it cannot listen
     * @throws IllegalArgumentException if the server does not exist or cannot do that
     */
    public static RunningServer start(String name, String protocol, int workers) throws IOException {
        if (!features(name).contains(protocol)) {
            throw new IllegalArgumentException(name + " does not serve the protocol " + protocol);
        }
        if (name.startsWith("bare-selector") && workers != 1) {
            throw new IllegalArgumentException(name + " has one worker, not " + workers);
        }
        return switch (name) {
            case "bare-aio" -> new BareAsyncServer(protocol.equals("ws"), workers);
            case "bare-selector" -> new BareSelectorServer(protocol.equals("ws"));
            case "bare-threads" -> new BareThreadServer(protocol.equals("ws"));
            default -> PlantedEcho.isPlanted(name) ? PlantedEcho.start(name) : ours(name, protocol, workers);
        };
    }

    private static RunningServer ours(String name, String protocol, int workers) throws IOException {
        if (protocol.equals("relay")) {
            return EngineServer.relay();
        }
        boolean blocking = name.endsWith(BLOCKING);
        String engine = blocking ? name.substring(0, name.length() - BLOCKING.length()) : name;
        return EngineServer.start(engine, blocking, protocol, workers);
    }
}
