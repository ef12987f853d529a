package io.iocp4j.core;

import java.util.Optional;

/**
 * Provides an engine. {@link java.util.ServiceLoader} finds the provider, with the context class loader of the thread
 * that opens a port. It is registered by a file {@code META-INF/services/io.iocp4j.core.CompletionPortProvider} on the
 * class path, or by {@code provides} in a module. The class is public, with a public constructor without parameters. It
 * is instantiated on every platform, so its constructor must not use anything that only one platform has.
 *
 * <p>The first provider without an obstacle is the best engine. It opens every port that names no other, including the
 * ports that servers and clients open for themselves. Providers of the application come first, in the order of the
 * service loader. Then come the engines of the module jna-native, "iocp" and "uring", and then those of the JDK alone.
 */
public interface CompletionPortProvider {
    /**
     * The name of the engine for {@link PortOptions#engine(String)}.
     *
     * @return a short word, always the same
     */
    String name();

    /**
     * Tells why the engine cannot run here.
     *
     * @return a sentence without a full stop, empty if the engine works
     */
    Optional<String> obstacle();

    /**
     * Opens a port. Called only when there is no obstacle, by any thread, also by several at once. A provider that
     * opens another engine's port must name that engine, as in {@code CompletionPort.open(options.engine("aio"))},
     * since the best engine may be its own.
     *
     * @param options workers, names and limits
     * @return an open port, made by a {@link PortEngine}: TLS and {@link TcpPair} refuse any other implementation of
     *     {@link CompletionPort}
     * @throws IoException if the operating system gives no port
     */
    CompletionPort open(PortOptions options) throws IoException;
}
