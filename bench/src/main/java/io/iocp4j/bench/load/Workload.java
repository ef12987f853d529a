package io.iocp4j.bench.load;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The work of a load: a kind and its parameters. The text form is the kind, a colon, and the parameters sorted by name:
 * {@code fan-out:rate=0,size=50000,viewers=200}.
 *
 * @param kind the kind
 * @param parameters all parameters of the kind, sorted by name; sizes in bytes, rates per second
 */
public record Workload(WorkloadKind kind, Map<String, Long> parameters) {
    private static final String RATE = "rate";
    private static final String SIZE = "size";
    private static final String WEBSOCKET = "websocket";
    private static final String DEFLATE = "deflate";
    private static final long DEFLATE_MAX = 3;
    private static final long CONNECTIONS_MAX = 100_000;
    private static final long IN_FLIGHT_MAX = 1_024;
    private static final long RATE_MAX = 10_000_000;
    /** The longest message, in bytes: the default limit of the servers. */
    private static final long MESSAGE_MAX = 1 << 20;
    private static final long FILE_MAX = 1L << 40;
    /** A message of a fan-out begins with its number. */
    private static final long NUMBERED_MIN = Long.BYTES;

    /**
     * Fills in defaults and checks names and ranges.
     *
     * @throws IllegalArgumentException if the kind has no such parameter, or a value is out of its range
     */
    public Workload {
        Map<String, Long> all = kind.defaults();
        for (Map.Entry<String, Long> parameter : parameters.entrySet()) {
            String name = parameter.getKey();
            if (!all.containsKey(name)) {
                throw new IllegalArgumentException(kind.word() + " has no parameter " + name
                        + WorkloadKind.suggestion(name, all.keySet()) + "; it has " + String.join(", ", all.keySet()));
            }
            require(kind, name, parameter.getValue());
            all.put(name, parameter.getValue());
        }
        if (all.getOrDefault(DEFLATE, 0L) > 0 && all.get(WEBSOCKET) == 0) {
            throw new IllegalArgumentException(DEFLATE + " needs " + WEBSOCKET + "=1");
        }
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(all));
    }

    private static void require(WorkloadKind kind, String name, long value) {
        long least = switch (name) {
            case SIZE -> kind == WorkloadKind.FAN_OUT ? NUMBERED_MIN : 1;
            case RATE -> kind == WorkloadKind.RELAY ? 1 : 0;
            case WEBSOCKET, DEFLATE, "stalled", "joins" -> 0;
            default -> 1;
        };
        long most = switch (name) {
            case SIZE -> kind == WorkloadKind.FILE ? FILE_MAX : MESSAGE_MAX;
            case RATE -> RATE_MAX;
            case WEBSOCKET -> 1;
            case DEFLATE -> DEFLATE_MAX;
            case "inFlight" -> IN_FLIGHT_MAX;
            case "joins" -> 1_000;
            default -> CONNECTIONS_MAX;
        };
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    name + " of " + kind.word() + " must be " + least + " to " + most + ": " + value);
        }
    }

    /**
     * Reads the text form.
     *
     * @param text a kind, perhaps with a colon and parameters in any order; the others have their defaults
     * @return the workload
     * @throws IllegalArgumentException if there is no such kind or parameter; the message lists those that exist
     */
    public static Workload parse(String text) {
        int colon = text.indexOf(':');
        WorkloadKind kind = WorkloadKind.of(colon < 0 ? text : text.substring(0, colon));
        Map<String, Long> parameters = new TreeMap<>();
        for (String parameter : colon < 0 ? new String[0] : text.substring(colon + 1).split(",", -1)) {
            int equals = parameter.indexOf('=');
            if (equals < 0 || !parameter.substring(equals + 1).matches("\\d{1,15}")) {
                throw new IllegalArgumentException("a parameter is NAME=NUMBER, not \"" + parameter + "\"; "
                        + kind.word() + " has " + String.join(", ", kind.defaults().keySet()));
            }
            String name = parameter.substring(0, equals);
            if (parameters.put(name, Long.valueOf(parameter.substring(equals + 1))) != null) {
                throw new IllegalArgumentException("the parameter " + name + " is there twice");
            }
        }
        return new Workload(kind, parameters);
    }

    /**
     * Returns one parameter.
     *
     * @param name one that the kind has
     * @return its value
     * @throws IllegalArgumentException if the kind does not have it
     */
    public long get(String name) {
        Long value = parameters.get(name);
        if (value == null) {
            throw new IllegalArgumentException(kind.word() + " has no parameter " + name);
        }
        return value;
    }

    /** A parameter that the limits hold within int. */
    int number(String name) {
        return Math.toIntExact(get(name));
    }

    /** Tells whether messages are WebSocket messages. */
    boolean isWebSocket() {
        return parameters.containsKey(WEBSOCKET) ? get(WEBSOCKET) == 1 : kind.protocol().equals("ws");
    }

    /**
     * Returns the protocol that the server must be started with.
     *
     * @return {@code tcp}, {@code ws}, {@code tls} or {@code relay}
     */
    public String protocol() {
        return parameters.containsKey(WEBSOCKET) && get(WEBSOCKET) == 1 ? "ws" : kind.protocol();
    }

    /**
     * Returns the feature that a server needs for this workload.
     *
     * @return {@code tcp}, {@code ws}, {@code tls}, {@code deflate}, {@code fan-out}, {@code file} or {@code relay}
     */
    public String feature() {
        if (parameters.getOrDefault(DEFLATE, 0L) > 0) {
            return DEFLATE;
        }
        return parameters.containsKey(WEBSOCKET) && get(WEBSOCKET) == 1 ? "ws" : kind.feature();
    }

    /** Returns the text form, with all parameters. */
    @Override
    public String toString() {
        return kind.word() + ":" + parameters.entrySet().stream().map(p -> p.getKey() + "=" + p.getValue())
                .collect(Collectors.joining(","));
    }
}
