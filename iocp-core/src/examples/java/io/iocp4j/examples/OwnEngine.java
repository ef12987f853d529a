package io.iocp4j.examples;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortOptions;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine of the application, through which each port of the process is opened, also those that servers and clients
 * open for themselves. It counts them, limits their workers, and leaves the rest to the engine on the JDK's channels.
 *
 * <p>To register it, name this class in a file {@code META-INF/services/io.iocp4j.core.CompletionPortProvider} on the
 * class path, or in a module with {@code provides}. An engine with sockets of its own extends
 * {@link io.iocp4j.core.PortEngine}.
 */
public final class OwnEngine implements CompletionPortProvider {
    private static final int WORKERS_MAX = 2;
    private static final AtomicInteger OPENED = new AtomicInteger();

    /** How many ports were opened. */
    static int opened() {
        return OPENED.get();
    }

    @Override
    public String name() {
        return "own";
    }

    @Override
    public Optional<String> obstacle() {
        return Optional.empty();
    }

    @Override
    public CompletionPort open(PortOptions options) throws IoException {
        // in pull mode the workers are threads of the application, which knows how many it has
        int workers = options.pulled() ? options.workers() : Math.min(options.workers(), WORKERS_MAX);
        // by its name: the best engine would be this one again
        CompletionPort port = CompletionPort.open(options.engine("aio").workers(workers));
        OPENED.incrementAndGet();
        return port;
    }
}
