package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.observe.Observer;
import io.iocp4j.websocket.http.HttpException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.LinkedHashSet;
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

    private final Settings settings;
    private final Admission admission;
    private final ClientLog clientLog;
    private final CompletionPort port;
    private final Clock clock;
    private final Observer observer;
    /** Guarded by this. */
    private final Map<String, RelayStream> streams = new TreeMap<>();
    /** The names of streams that have ended, the oldest first. Guarded by this. */
    private final LinkedHashSet<String> endedNames = new LinkedHashSet<>();

    /** Creates a hub with an observer of its own, for tests. */
    RelayHub(Settings settings, CompletionPort port, Clock clock) {
        this(settings, port, clock, new Observer(clock, RelayServer.version(), port.engine(), 0));
    }

    RelayHub(Settings settings, CompletionPort port, Clock clock, Observer observer) {
        this.observer = observer;
        this.settings = settings;
        this.admission = new Admission(settings, port::nanoTime);
        admission.onReached(limit -> observer.limitHit(limit.label()));
        this.clientLog = new ClientLog(port::nanoTime);
        this.port = port;
        this.clock = clock;
    }

    /** Tells whether a path may name a stream. */
    static boolean isPath(String path) {
        return PATH.matcher(path).matches();
    }

    /** Returns the observer of the relay. */
    Observer observer() {
        return observer;
    }

    Admission admission() {
        return admission;
    }

    ClientLog clientLog() {
        return clientLog;
    }

    /** Tells whether there was a stream of this path. The names of the last ones are kept. */
    synchronized boolean hasEnded(String path) {
        return endedNames.contains(path);
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

    /**
     * Admits the first frame of a publisher. A stream counts from its first frame, so that nobody can take all places
     * with connections that send nothing.
     */
    synchronized void admitFrame(RelayStream stream) throws HttpException {
        if (stream.countIfNew(() -> streams.values().stream().filter(RelayStream::isCounted).count()
                < admission.max(RelayLimit.STREAMS))) {
            return;
        }
        throw admission.full(RelayLimit.STREAMS);
    }

    private RelayStream make(String path, String container) {
        RelayStream[] self = new RelayStream[1];
        self[0] = new RelayStream(path, container, settings, this, port, clock, () -> remove(path, self[0]));
        return self[0];
    }

    private synchronized void remove(String path, RelayStream stream) {
        if (streams.remove(path, stream) && stream.isCounted()) {
            endedNames.remove(path);
            endedNames.add(path);
            while (endedNames.size() > admission.max(RelayLimit.NAMES)) {
                endedNames.removeFirst();
                admission.reached(RelayLimit.NAMES);
            }
        }
    }

    synchronized List<RelayStream> all() {
        return List.copyOf(streams.values());
    }

    /** Returns the viewers of all streams. */
    List<Viewer> viewers() {
        return all().stream().flatMap(stream -> stream.viewerList().stream()).toList();
    }

    /** Returns the viewer with this id, or null if there is none. */
    Viewer viewer(String id) {
        return viewers().stream().filter(viewer -> viewer.id().equals(id)).findFirst().orElse(null);
    }

    /** Ends every stream. */
    void endAll(int code, String reason) {
        all().forEach(stream -> stream.end(code, reason));
    }

    /** Returns what each stream is, in the order of their paths. */
    List<StreamReport> reports() {
        return all().stream().map(RelayStream::report).toList();
    }
}
