package io.iocp4j.relay.observe;

/** Sees what happens to one stream. Any thread; never waits. */
public final class StreamObserver {
    private final Observer observer;
    private final String path;
    private final PathMetrics metrics;

    StreamObserver(Observer observer, String path) {
        this.observer = observer;
        this.path = path;
        this.metrics = observer.metrics().path(path);
    }

    /**
     * A publisher has begun or come back.
     *
     * @param epoch its number, from 1
     * @param publisher its address, or null
     */
    public void live(int epoch, String publisher) {
        metrics.epochs.increment();
        FlightEvents.PublisherEpoch.commit(path, epoch, publisher);
        FlightEvents.StreamState.commit(path, "live", null);
        observer.tell(RelayEvent.STREAM_LIVE, path, "epoch", epoch, "peer", publisher);
    }

    /**
     * The publisher is gone.
     *
     * @param epoch its number
     */
    public void waiting(int epoch) {
        FlightEvents.StreamState.commit(path, "waiting", null);
        observer.tell(RelayEvent.STREAM_WAITING, path, "epoch", epoch);
    }

    /**
     * The stream is over.
     *
     * @param code the code with which its viewers are closed
     * @param reason in words
     */
    public void ended(int code, String reason) {
        FlightEvents.StreamState.commit(path, "ended", reason);
        observer.tell(RelayEvent.STREAM_ENDED, path, "code", code, "reason", reason);
    }

    /**
     * A publisher has sent a unit.
     *
     * @param bytes its size
     * @param picture whether it has a picture; otherwise it has sound
     * @param key whether a decoder can start with it
     * @param lost units that were lost before it on the way to the relay, 0 or more
     */
    public void ingested(int bytes, boolean picture, boolean key, long lost) {
        metrics.ingestBytes.add(bytes);
        (picture ? key ? metrics.keyPictures : metrics.otherPictures : metrics.sounds).increment();
        if (lost > 0) {
            metrics.droppedIngest.add(lost);
        }
    }

    /** A viewer was refused because a limit is reached. */
    public void refused() {
        observer.metrics().joins.add(1, "limit");
    }

    /**
     * Returns the observer of a new viewer.
     *
     * @param id its id
     * @param nowNanos the time of the port
     * @return for this viewer
     */
    public ViewerObserver viewer(String id, long nowNanos) {
        return new ViewerObserver(observer, path, metrics, id, nowNanos);
    }
}
