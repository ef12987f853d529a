package io.iocp4j.bench.load;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The kinds of workload, with their parameters. */
public enum WorkloadKind {
    /**
     * Echo of bytes over TCP. With a rate of 0 it is a closed loop, else an open loop with this many messages/s in
     * total.
     */
    TCP_ECHO("tcp", "tcp", "connections=64 inFlight=1 size=64 rate=0"),
    /** Echo of binary WebSocket messages. */
    WS_ECHO("ws", "ws", "connections=64 inFlight=1 size=64 rate=0"),
    /** Echo of WebSocket text in UTF-8, some of it not ASCII. */
    WS_TEXT("ws", "ws", "connections=64 inFlight=1 size=64 rate=0"),
    /** Echo of WebSocket text like JSON, compressed with permessage-deflate. */
    WS_DEFLATE("ws", "deflate", "connections=64 inFlight=1 size=4096 rate=0"),
    /** Echo of bytes over TLS. */
    TLS_ECHO("tls", "tls", "connections=64 inFlight=1 size=64 rate=0"),
    /**
     * One publisher on /pub, and viewers on /view. With a rate of 0 the next message leaves when all have the previous
     * one.
     */
    FAN_OUT("ws", "fan-out", "viewers=200 size=50000 rate=0"),
    /** Connects, upgrades if it is a WebSocket, echoes one message of 64 bytes, and closes. */
    CONNECT_STORM("tcp", "tcp", "websocket=0 connections=16"),
    /**
     * Opens connections, echoes one message of 64 bytes on each, and rests. A WebSocket may also agree on
     * permessage-deflate: with 1 its message is too short to be compressed. With 2 it echoes one long message and both
     * sides keep no context. With 3 it echoes more than a window holds and the server keeps both contexts.
     */
    IDLE("tcp", "tcp", "websocket=0 connections=1000 deflate=0"),
    /** Echoes on some connections, while slow ones send and never read. */
    SLOW_READER("tcp", "tcp", "websocket=0 connections=16 slow=4 size=16384"),
    /** Sends GET /file?size=N over HTTP/1.1, one request after the other on each connection. */
    FILE("ws", "file", "connections=4 size=10000000"),
    /**
     * Sends a fragmented MP4 to the relay, at a rate in units/s, with viewers. Stalled viewers never read. Joins are
     * per second.
     */
    RELAY("relay", "relay", "viewers=50 stalled=0 joins=0 rate=30");

    private final String protocol;
    private final String feature;
    private final TreeMap<String, Long> defaults = new TreeMap<>();

    WorkloadKind(String protocol, String feature, String defaults) {
        this.protocol = protocol;
        this.feature = feature;
        for (String parameter : defaults.split(" ")) {
            String[] pair = parameter.split("=");
            this.defaults.put(pair[0], Long.valueOf(pair[1]));
        }
    }

    /**
     * Returns the word for it in the text form of a workload.
     *
     * @return for example {@code tcp-echo}
     */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns the parameters with their defaults.
     *
     * @return a copy, sorted by name
     */
    public Map<String, Long> defaults() {
        return new TreeMap<>(defaults);
    }

    String protocol() {
        return protocol;
    }

    String feature() {
        return feature;
    }

    /** Finds a kind by its word. */
    static WorkloadKind of(String word) {
        return Arrays.stream(values()).filter(kind -> kind.word().equals(word)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no workload is called " + word + suggestion(word,
                        Arrays.stream(values()).map(WorkloadKind::word).toList()) + "; there are "
                        + Arrays.stream(values()).map(WorkloadKind::word).collect(Collectors.joining(", "))));
    }

    /** Returns the nearest word as a suggestion, if it is near enough. */
    static String suggestion(String wrong, Iterable<String> words) {
        String best = "";
        int least = Math.max(2, wrong.length() / 2) + 1;
        for (String word : words) {
            int distance = distance(wrong, word);
            if (distance < least) {
                least = distance;
                best = ", did you mean " + word + "?";
            }
        }
        return best;
    }

    /** The number of characters to add, drop or replace (Levenshtein distance). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
