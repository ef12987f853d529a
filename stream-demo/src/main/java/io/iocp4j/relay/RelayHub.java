package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.observe.Observer;
import io.iocp4j.websocket.http.HttpException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The streams of a relay by path. A stream is listed from its first publisher until it has ended. Any thread. */
final class RelayHub {
    /**
     * One to four names of 1 to 64 characters. The character after each repetition cannot belong to it, so the match
     * never backtracks over the same text.
     */
    private static final Pattern PATH = Pattern.compile("[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}");

    /** The largest number of streams at a time. A publisher of one more gets status 503. */
    static final int STREAMS_MAX = 100;

    private final Settings settings;
    private final CompletionPort port;
    private final Clock clock;
    private final Observer observer;
    /** Guarded by this. */
    private final Map<String, RelayStream> streams = new TreeMap<>();

    /** Creates a hub with an observer of its own, for tests. */
    RelayHub(Settings settings, CompletionPort port, Clock clock) {
        this(settings, port, clock, new Observer(clock, RelayServer.version(), port.engine(), 0));
    }

    RelayHub(Settings settings, CompletionPort port, Clock clock, Observer observer) {
        this.observer = observer;
        this.settings = settings;
        this.port = port;
        this.clock = clock;
    }

    /** Tells whether a path may name a stream. */
    static boolean isPath(String path) {
        return PATH.matcher(path).matches();
    }

    /** Returns the stream of this path, or null if there is none. */
    synchronized RelayStream find(String path) {
        return streams.get(path);
    }

    /** Publishes on the existing stream of this path or on a new one. */
    RelayStream publish(String path, String container, RelayStream.Publisher publisher, String mime,
            int width, int height, ByteBuffer initBytes) throws HttpException {
        RelayStream stream = findOrMake(path, container);
        while (!stream.publish(publisher, mime, width, height, initBytes)) {
            // The stream ended between the two calls. It has left the map or is about to.
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
                throw new HttpException(503, "there are already " + STREAMS_MAX + " streams, which is the limit");
            }
            if (stream == null || stream.container().equals(container)) {
                return streams.computeIfAbsent(path, p -> make(p, container));
            }
            other = stream;
        }
        other.end(Viewer.STREAM_ENDED, "a publisher of " + container + " took over");
        // if another thread ends it at this moment, it may not have removed it yet
        remove(path, other);
        return findOrMake(path, container);
    }

    private RelayStream make(String path, String container) {
        RelayStream[] self = new RelayStream[1];
        self[0] = new RelayStream(path, container, settings, port, clock, observer.stream(path),
                () -> remove(path, self[0]));
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

    /** Returns what each stream is, in the order of their paths. */
    List<StreamReport> reports() {
        return all().stream().map(RelayStream::report).toList();
    }

    /** Returns all streams, in the order of their paths. */
    synchronized List<RelayStream> all() {
        return List.copyOf(streams.values());
    }
}
