package io.iocp4j.core;

import java.util.Optional;

/**
 * Brings an engine, found by {@link java.util.ServiceLoader}. It is made on every platform, so it must not touch what
 * only one of them has before it is asked.
 */
public interface CompletionPortProvider {
    /**
     * How {@link PortOptions#engine(String)} calls it.
     *
     * @return a short word, always the same
     */
    String name();

    /**
     * Why the engine cannot run here.
     *
     * @return a sentence without a full stop, empty if the engine works
     */
    Optional<String> obstacle();

    /**
     * Opens a port. Called only when there is no obstacle.
     *
     * @param options workers, names and limits
     * @return an open port
     * @throws IoException if the operating system gives no port
     */
    CompletionPort open(PortOptions options) throws IoException;
}
