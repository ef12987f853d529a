package io.iocp4j.relay;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The viewers of one stream. Guarded by the stream. */
final class Audience {
    /**
     * The largest number of joins in a second that get the cached frames. In a storm of reloads, later ones begin with
     * the next key frame, so that the burst of each does not delay the viewers that are there.
     */
    static final int BURSTS_PER_SECOND_MAX = 200;
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final List<Viewer> viewers = new ArrayList<>();
    private long droppedByFormer;
    private long burstsNanos;
    private int bursts;

    /** Adds a viewer, unless it is here already. */
    void add(Viewer viewer) {
        if (!viewers.contains(viewer)) {
            viewers.add(viewer);
        }
    }

    void remove(Viewer viewer) {
        if (viewers.remove(viewer)) {
            droppedByFormer += viewer.framesDropped();
        }
    }

    int size() {
        return viewers.size();
    }

    List<Viewer> list() {
        return List.copyOf(viewers);
    }

    /** Runs an action for every viewer. A viewer for which it throws is removed; the others go on. */
    void forEach(Consumer<Viewer> action) {
        for (int i = 0; i < viewers.size(); i++) {
            Viewer viewer = viewers.get(i);
            try {
                action.accept(viewer);
            } catch (RuntimeException | Error thrown) {
                viewers.remove(i);
                i--;
                droppedByFormer += viewer.fail(thrown);
            }
        }
    }

    /** Returns the frames that were dropped for viewers that have left. */
    long droppedByFormer() {
        return droppedByFormer;
    }

    /** Counts a join; false if it has to begin with the next key frame. */
    boolean takeBurst(long now) {
        if (bursts == 0 || now - burstsNanos >= SECOND_NANOS) {
            bursts = 0;
            burstsNanos = now;
        }
        bursts++;
        return bursts <= BURSTS_PER_SECOND_MAX;
    }
}
