package io.iocp4j.relay;

import io.iocp4j.core.PortOptions;
import java.time.Duration;
import java.util.Objects;

/**
 * Settings and limits of a relay.
 *
 * @param host address to listen on
 * @param tcpPort port to listen on, 0 to 65535; 0 lets the system choose
 * @param testPicture whether the relay itself publishes the stream {@code test}
 * @param maxLag how long media may wait for a viewer before frames are skipped; above 0
 * @param minQueueBytes the smallest limit of a viewer's queue, in bytes, above 0; the limit grows with the group of
 *     pictures up to {@code maxQueueBytes}
 * @param maxQueueBytes the largest limit of a viewer's queue, in bytes, not below {@code minQueueBytes}
 * @param maxGopBytes the limit of the cache for late joiners, in bytes per stream, above 0; a longer group of pictures
 *     is not cached
 * @param maxGop the limit of that cache in time; 0 or more
 * @param grace how long viewers wait for a publisher that is gone; 0 or more
 * @param publisherTimeout silence after which a publisher counts as gone; above 0
 * @param maxHeadBytes the limit of a request's head, in bytes, 64 to 1 MiB; the head is the first line and the header
 *     fields, which include the cookies of other programs on the same host
 * @param engine the name of the engine of the completion port, or {@link PortOptions#ENGINE_BEST}
 */
public record RelayOptions(String host, int tcpPort, boolean testPicture, Duration maxLag, int minQueueBytes,
        int maxQueueBytes, int maxGopBytes, Duration maxGop, Duration grace, Duration publisherTimeout,
        int maxHeadBytes, String engine) {

    /** Checks the ranges. */
    public RelayOptions {
        if (tcpPort < 0 || tcpPort > 65_535) {
            throw new IllegalArgumentException("a TCP port must be 0 to 65535: " + tcpPort);
        }
        if (minQueueBytes < 1 || maxQueueBytes < minQueueBytes || maxGopBytes < 1) {
            throw new IllegalArgumentException(
                    "byte limits must be above 0, and maxQueueBytes must not be below minQueueBytes");
        }
        if (maxLag.isNegative() || maxLag.isZero() || maxGop.isNegative() || grace.isNegative()
                || publisherTimeout.isNegative() || publisherTimeout.isZero()) {
            throw new IllegalArgumentException(
                    "times must not be negative, and the lag and the publisher timeout must not be zero");
        }
        if (maxHeadBytes < 64 || maxHeadBytes > 1 << 20) {
            throw new IllegalArgumentException(
                    "the limit of a request's head must be 64 to 1048576 bytes: " + maxHeadBytes);
        }
        Objects.requireNonNull(engine);
    }

    /**
     * Returns the defaults: 127.0.0.1:8080 with the test picture, 500 ms lag, queues of 2 to 16 MiB, a GOP cache of
     * 8 MiB or 10 s, 15 s grace, 10 s publisher timeout, heads of 32 KiB,
     * the best engine.
     *
     * @return the defaults
     */
    public static RelayOptions defaults() {
        return new RelayOptions("127.0.0.1", 8080, true, Duration.ofMillis(500), 2 << 20, 16 << 20, 8 << 20,
                Duration.ofSeconds(10), Duration.ofSeconds(15), Duration.ofSeconds(10), 32 << 10,
                PortOptions.ENGINE_BEST);
    }

    /**
     * Sets the host to listen on.
     *
     * @param name a name or an address
     * @return a copy
     */
    public RelayOptions host(String name) {
        return new RelayOptions(name, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, maxHeadBytes, engine);
    }

    /**
     * Sets the port to listen on.
     *
     * @param number 0 to 65535; 0 lets the system choose
     * @return a copy
     */
    public RelayOptions tcpPort(int number) {
        return new RelayOptions(host, number, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, maxHeadBytes, engine);
    }

    /**
     * Sets whether the relay publishes the test picture.
     *
     * @param on true to publish it
     * @return a copy
     */
    public RelayOptions testPicture(boolean on) {
        return new RelayOptions(host, tcpPort, on, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop, grace,
                publisherTimeout, maxHeadBytes, engine);
    }

    /**
     * Sets how far a viewer may fall behind.
     *
     * @param lag above 0
     * @return a copy
     */
    public RelayOptions maxLag(Duration lag) {
        return new RelayOptions(host, tcpPort, testPicture, lag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, maxHeadBytes, engine);
    }

    /**
     * Sets how long viewers wait for a publisher, and how long a publisher may be silent.
     *
     * @param forViewers the grace time, 0 or more
     * @param forPublishers the publisher timeout, above 0
     * @return a copy
     */
    public RelayOptions patience(Duration forViewers, Duration forPublishers) {
        return new RelayOptions(host, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                forViewers, forPublishers, maxHeadBytes, engine);
    }

    /**
     * Sets the bounds of the cache for late joiners.
     *
     * @param bytes above 0
     * @param time 0 or more
     * @return a copy
     */
    public RelayOptions gop(int bytes, Duration time) {
        return new RelayOptions(host, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, bytes, time, grace,
                publisherTimeout, maxHeadBytes, engine);
    }

    /**
     * Sets the limit of a request's head.
     *
     * @param bytes 64 to 1 MiB
     * @return a copy
     */
    public RelayOptions maxHead(int bytes) {
        return new RelayOptions(host, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, bytes, engine);
    }

    /**
     * Sets the engine of the completion port.
     *
     * @param name a name as of {@link PortOptions#engine(String)}
     * @return a copy
     */
    public RelayOptions engine(String name) {
        return new RelayOptions(host, tcpPort, testPicture, maxLag, minQueueBytes, maxQueueBytes, maxGopBytes, maxGop,
                grace, publisherTimeout, maxHeadBytes, name);
    }
}
