package io.iocp4j.relay;

import io.iocp4j.core.ConnectionFilter;
import io.iocp4j.relay.access.AccessSettings;
import io.iocp4j.relay.access.Proxies;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Decides who may come in, by the {@link LimitSettings} in force, and counts how often each limit was reached. Nobody
 * may join or publish any more once the relay drains. Any thread.
 */
final class Admission implements ConnectionFilter {
    /** The wait that a refused client is asked for, in seconds: the first of a range of this size. */
    private static final int RETRY_SECONDS = 2;

    private final LongSupplier nanos;
    private final AtomicLongArray reached = new AtomicLongArray(RelayLimit.values().length);
    private final AddressShares connections = new AddressShares();
    private final AddressShares publishersOf = new AddressShares();
    private final AddressShares requests = new AddressShares();
    private final AddressShares joins = new AddressShares();
    private final AtomicInteger viewers = new AtomicInteger();
    private final AtomicInteger publishers = new AtomicInteger();
    private final AtomicLong queuedBytes = new AtomicLong();
    /** By the ordinal of the limit; replaced as a whole. */
    private volatile long[] values;
    private volatile boolean limitsLoopback;
    private volatile boolean closesSlow;
    /** They bring the connections of many clients, so they have no share of one address. */
    private final Proxies proxies;
    private volatile boolean draining;
    private volatile Consumer<RelayLimit> observer = limit -> { };

    /** @param nanos the clock of the completion port */
    Admission(Settings settings, LongSupplier nanos) {
        this.nanos = nanos;
        this.proxies = new Proxies(settings.get(AccessSettings.TRUSTED_PROXY));
        reload(settings);
    }

    /** Puts other limits in force. They hold for what comes later; nobody is sent away. */
    void reload(Settings settings) {
        values = Arrays.stream(RelayLimit.values()).mapToLong(limit -> limit.value(settings)).toArray();
        limitsLoopback = settings.get(LimitSettings.LIMIT_LOOPBACK);
        closesSlow = settings.get(LimitSettings.ON_SLOW).equals("close");
    }

    /** Returns the value of a limit: a number, bytes, or milliseconds. */
    long max(RelayLimit limit) {
        return values[limit.ordinal()];
    }

    /** Tells about each limit that is reached. The consumer must not wait. */
    void onReached(Consumer<RelayLimit> consumer) {
        observer = consumer;
    }

    /** Tells whether a viewer for which most frames are dropped is closed. */
    boolean closesSlow() {
        return closesSlow;
    }

    /** Counts that a limit was reached, where another class has noticed it. */
    void reached(RelayLimit limit) {
        reached.incrementAndGet(limit.ordinal());
        observer.accept(limit);
    }

    /** Returns how often a limit was reached. */
    long timesReached(RelayLimit limit) {
        return reached.get(limit.ordinal());
    }

    int viewers() {
        return viewers.get();
    }

    int publishers() {
        return publishers.get();
    }

    /** Returns the bytes that are queued to all viewers. A unit counts once for each viewer. */
    long queuedBytes() {
        return queuedBytes.get();
    }

    /** Refuses joins and publishers from now on. */
    void drain() {
        draining = true;
    }

    boolean isDraining() {
        return draining;
    }

    private boolean isLimited(InetAddress address) {
        return limitsLoopback || !address.isLoopbackAddress();
    }

    // ------------------------------------------------------------------ connections and requests

    @Override
    public boolean admits(InetSocketAddress local, InetSocketAddress remote) {
        InetAddress peer = remote.getAddress();
        long share = isLimited(peer) && !proxies.trusts(peer) ? max(RelayLimit.CONNECTIONS) : Long.MAX_VALUE;
        return connections.take(peer, share) || refuse(RelayLimit.CONNECTIONS);
    }

    @Override
    public void onGone(InetSocketAddress remote) {
        connections.giveBack(remote.getAddress());
    }

    private boolean refuse(RelayLimit limit) {
        reached(limit);
        return false;
    }

    /** Counts a request of a client. */
    void request(InetAddress client) throws HttpException {
        if (isLimited(client) && !requests.pass(client, max(RelayLimit.REQUESTS), nanos.getAsLong())) {
            throw tooMany(RelayLimit.REQUESTS, LimitSettings.WINDOW_SECONDS);
        }
    }

    // ------------------------------------------------------------------ viewers

    /** Checks whether one more viewer may join a stream, and counts its join. */
    void join(InetAddress client, int viewersOfStream) throws HttpException {
        refuseWhileDraining();
        if (isLimited(client) && !joins.pass(client, max(RelayLimit.JOINS), nanos.getAsLong())) {
            throw tooMany(RelayLimit.JOINS, LimitSettings.WINDOW_SECONDS);
        }
        requireRoom(RelayLimit.VIEWERS, viewers.get());
        requireRoom(RelayLimit.STREAM_VIEWERS, viewersOfStream);
        requireRoom(RelayLimit.QUEUED, queuedBytes.get());
    }

    /** Takes a place for a viewer whose WebSocket is open; false if others were faster. */
    boolean takeViewer() {
        if (viewers.incrementAndGet() <= max(RelayLimit.VIEWERS)) {
            return true;
        }
        viewers.decrementAndGet();
        return refuse(RelayLimit.VIEWERS);
    }

    void viewerGone() {
        viewers.decrementAndGet();
    }

    /** Notes that the bytes queued to a viewer have changed. */
    void queued(long before, long after) {
        if (before != after) {
            queuedBytes.addAndGet(after - before);
        }
    }

    /**
     * Returns the limit for the queue of one viewer: its own, or an equal share of all that may be queued while there
     * is too much of it. So the viewers that hold most skip first, and those that hold little never notice.
     */
    long queueBytes(long own) {
        if (queuedBytes.get() <= max(RelayLimit.QUEUED)) {
            return own;
        }
        return Math.min(own, max(RelayLimit.QUEUED) / Math.max(1, viewers.get()));
    }

    // ------------------------------------------------------------------ publishers

    /** Takes a place for a publisher. {@link #publisherGone} gives it back. */
    void takePublisher(InetAddress client) throws HttpException {
        refuseWhileDraining();
        if (publishers.incrementAndGet() > max(RelayLimit.PUBLISHERS)) {
            publishers.decrementAndGet();
            throw full(RelayLimit.PUBLISHERS);
        }
        long share = isLimited(client) ? max(RelayLimit.ADDRESS_PUBLISHERS) : Long.MAX_VALUE;
        if (!publishersOf.take(client, share)) {
            publishers.decrementAndGet();
            throw tooMany(RelayLimit.ADDRESS_PUBLISHERS, RETRY_SECONDS);
        }
    }

    void publisherGone(InetAddress client) {
        publishers.decrementAndGet();
        publishersOf.giveBack(client);
    }

    // ------------------------------------------------------------------ answers

    private void refuseWhileDraining() throws HttpException {
        if (draining) {
            throw new HttpException(503, "the relay stops; try again soon", retryAfter(RETRY_SECONDS));
        }
    }

    private void requireRoom(RelayLimit limit, long used) throws HttpException {
        if (used >= max(limit)) {
            throw full(limit);
        }
    }

    /** Counts that a limit of the relay was reached, and makes the answer: status 503. */
    HttpException full(RelayLimit limit) {
        reached(limit);
        return new HttpException(503, words(limit), retryAfter(RETRY_SECONDS));
    }

    /** Counts that a limit of one client was reached, and makes the answer: status 429. */
    HttpException tooMany(RelayLimit limit, int seconds) {
        reached(limit);
        return new HttpException(429, words(limit), retryAfter(seconds));
    }

    /** Returns the reason for a client: which limit was reached. */
    String words(RelayLimit limit) {
        return limit.words(max(limit));
    }

    private static HttpHeaders retryAfter(int seconds) {
        // spread, so that those who were refused together do not come back together
        int spread = seconds + ThreadLocalRandom.current().nextInt(seconds + 1);
        return HttpHeaders.builder().add("Retry-After", String.valueOf(spread)).build();
    }
}
