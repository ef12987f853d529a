package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.websocket.http.HttpException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The streams of a relay by path. A stream is here from its first publisher until it has ended. */
final class RelayHub {
    /** Up to four names of up to 64 characters; each repetition is followed by another character, so nothing is tried twice. */
    private static final Pattern PATH = Pattern.compile("[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}");

    /** Streams at a time; a publisher of one more is answered 503. */
    static final int STREAMS_MAX = 100;

    private final RelayOptions options;
    private final CompletionPort port;
    private final Clock clock;
    private final Map<String, RelayStream> streams = new TreeMap<>();

    RelayHub(RelayOptions options, CompletionPort port, Clock clock) {
        this.options = options;
        this.port = port;
        this.clock = clock;
    }

    /** Whether a path may name a stream. */
    static boolean isPath(String path) {
        return PATH.matcher(path).matches();
    }

    /** The stream of this path; null if there is none. */
    synchronized RelayStream find(String path) {
        return streams.get(path);
    }

    /** Publishes, on the stream that is there or a new one. */
    RelayStream publish(String path, String container, RelayStream.Publisher publisher, String mime, int width, int height,
            ByteBuffer initBytes) throws HttpException {
        RelayStream stream = findOrMake(path, container);
        while (!stream.publish(publisher, mime, width, height, initBytes)) {
            // it ended between the two; an ended stream is no longer in the map, or will not be in a moment
            remove(path, stream);
            stream = findOrMake(path, container);
        }
        return stream;
    }

    private RelayStream findOrMake(String path, String container) throws HttpException {
        RelayStream other;
        synchronized (this) {
            RelayStream stream = streams.get(path);
            if (stream == null && streams.size() >= STREAMS_MAX) {
                throw new HttpException(503, "there are " + STREAMS_MAX + " streams, which is the most");
            }
            if (stream == null || stream.container().equals(container)) {
                return streams.computeIfAbsent(path, p -> make(p, container));
            }
            other = stream;
        }
        other.end(Viewer.STREAM_ENDED, "a publisher of " + container + " took over");
        // whoever ends it may not have come to this yet
        remove(path, other);
        return findOrMake(path, container);
    }

    private RelayStream make(String path, String container) {
        RelayStream[] self = new RelayStream[1];
        self[0] = new RelayStream(path, container, options, port, clock, () -> remove(path, self[0]));
        return self[0];
    }

    private synchronized void remove(String path, RelayStream stream) {
        streams.remove(path, stream);
    }

    /** Ends every stream. */
    void endAll(int code, String reason) {
        Map<String, RelayStream> all;
        synchronized (this) {
            all = Map.copyOf(streams);
        }
        all.values().forEach(stream -> stream.end(code, reason));
    }

    /** The answer to {@code GET /api/v1/streams}. */
    String json() {
        Map<String, RelayStream> all;
        synchronized (this) {
            all = new TreeMap<>(streams);
        }
        return all.values().stream().map(RelayStream::json).collect(Collectors.joining(",", "{\"streams\":[",
                "],\"version\":" + Json.quote(RelayServer.version()) + "}"));
    }
}
