package io.iocp4j.relay;

import java.time.Duration;

/**
 * Settings and limits of a relay.
 *
 * @param host address to listen on
 * @param tcpPort 0 lets the system choose
 * @param testPicture whether the stream {@code test} is published by the relay itself
 * @param maxLag how long media may wait for a viewer before frames are skipped
 * @param minQueueBytes what a viewer's queue may hold at least, in bytes; it grows with the GOP cache up to
 *     {@code maxQueueBytes}
 * @param maxQueueBytes what a viewer's queue may hold at the most, in bytes
 * @param maxGopBytes what the cache for late joiners may hold per stream, in bytes; a longer GOP is not cached
 * @param maxGop how much time it may hold
 * @param grace how long viewers wait for a publisher that is gone
 * @param publisherTimeout silence after which a publisher is taken for gone
 * @param maxHeadBytes what the head of a request may have in bytes: its first line and its fields, cookies of other
 *     programs on the same host among them; 64 to 1 MiB
 */
public record RelayOptions(String host, int tcpPort, boolean testPicture, Duration maxLag, int minQueueBytes,
        int maxQueueBytes,
        int maxGopBytes, Duration maxGop, Duration grace, Duration publisherTimeout, int maxHeadBytes) {

    /** Checks the ranges. */
    public RelayOptions {
        if (tcpPort < 0 || tcpPort > 65_535) {
            throw new IllegalArgumentException("a TCP port is 0 to 65535: " + tcpPort);
        }
        if (minQueueBytes < 1 || maxQueueBytes < minQueueBytes || maxGopBytes < 1) {
            throw new IllegalArgumentException("byte limits must be above 0, and the largest queue not below the smallest");
        }
        if (maxLag.isNegative() || maxLag.isZero() || maxGop.isNegative() || grace.isNegative() || publisherTimeout.isNegative()
                || publisherTimeout.isZero()) {
            throw new IllegalArgumentException("times must not be negative, and the lag and the publisher's time not zero");
        }
        if (maxHeadBytes < 64 || maxHeadBytes > 1 << 20) {
            throw new IllegalArgumentException("the head of a request may have 64 to 1048576 bytes: " + maxHeadBytes);
        }
    }

    /**
     * 127.0.0.1:8080 with the test picture; 500 ms lag, queues of 2 to 16 MiB, GOP cache of 8 MiB or 10 s, grace 15 s,
     * publisher timeout 10 s, heads of 32 KiB.
     *
     * @return the defaults
     */
    public static RelayOptions defaults() {
        return new RelayOptions("127.0.0.1", 8080, true, Duration.ofMillis(500), 2 << 20, 16 << 20, 8 << 20,
                Duration.ofSeconds(10), Duration.ofSeconds(15), Duration.ofSeconds(10), 32 << 10);
    }

    /**
     * Where to listen.
     *
     * @param name a name or an address
     * @return a copy
     */
    public RelayOptions host(String name) {
        return new RelayOptions(name, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, maxHeadBytes);
    }

    /**
     * Where to listen.
     *
     * @param number 0 lets the system choose
     * @return a copy
     */
    public RelayOptions tcpPort(int number) {
        return new RelayOptions(host, number, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, maxHeadBytes);
    }

    /**
     * Whether to publish the test picture.
     *
     * @param on or off
     * @return a copy
     */
    public RelayOptions testPicture(boolean on) {
        return new RelayOptions(host, tcpPort, on, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop, grace,
                publisherTimeout, maxHeadBytes);
    }

    /**
     * How far a viewer may fall behind.
     *
     * @param lag above 0
     * @return a copy
     */
    public RelayOptions maxLag(Duration lag) {
        return new RelayOptions(host, tcpPort, testPicture, lag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, maxHeadBytes);
    }

    /**
     * How long viewers wait for a publisher, and how long a publisher may be silent.
     *
     * @param forViewers 0 or more
     * @param forPublishers above 0
     * @return a copy
     */
    public RelayOptions patience(Duration forViewers, Duration forPublishers) {
        return new RelayOptions(host, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                forViewers, forPublishers, maxHeadBytes);
    }

    /**
     * The bounds of the cache for late joiners.
     *
     * @param bytes above 0
     * @param time 0 or more
     * @return a copy
     */
    public RelayOptions gop(int bytes, Duration time) {
        return new RelayOptions(host, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, bytes, time, grace,
                publisherTimeout, maxHeadBytes);
    }

    /**
     * How large the head of a request may be.
     *
     * @param bytes 64 to 1 MiB
     * @return a copy
     */
    public RelayOptions maxHead(int bytes) {
        return new RelayOptions(host, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, bytes);
    }
}
