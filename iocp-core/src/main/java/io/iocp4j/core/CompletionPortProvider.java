package io.iocp4j.core;

import java.util.Optional;

/**
 * Brings an engine, found by {@link java.util.ServiceLoader} with the context class loader of the thread that opens a
 * port. It is registered by a file {@code META-INF/services/io.iocp4j.core.CompletionPortProvider} on the class path,
 * or by {@code provides} in a module. The class is public, with a public constructor without parameters. It is made on
 * every platform, so it must not touch what only one of them has before it is asked.
 *
 * <p>The first provider without an obstacle is the best engine. It opens every port that names no other, also those
 * that servers and clients open for themselves. The engine on the JDK's channels, "aio", comes last.
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
     * Opens a port. Called only when there is no obstacle, by any thread, also by several at once. A provider that
     * opens another engine's port names that one, as in {@code CompletionPort.open(options.engine("aio"))}: the best
     * engine may be its own.
     *
     * @param options workers, names and limits
     * @return an open port, made by a {@link PortEngine}: TLS and {@link TcpPair} refuse any other implementation of
     *     {@link CompletionPort}
     * @throws IoException if the operating system gives no port
     */
    CompletionPort open(PortOptions options) throws IoException;
}
