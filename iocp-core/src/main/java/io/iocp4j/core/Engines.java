package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;

/** Chooses the engine of a port. */
final class Engines {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    /** An engine of this module, which works everywhere. */
    private record Own(String name, Opener opener) implements CompletionPortProvider {
        @Override
        public Optional<String> obstacle() {
            return Optional.empty();
        }

        @Override
        public CompletionPort open(PortOptions options) throws IoException {
            return opener.open(options);
        }
    }

    @FunctionalInterface
    private interface Opener {
        CompletionPort open(PortOptions options) throws IoException;
    }

    static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

    private static final CompletionPortProvider SELECTOR = new Own("selector", SelectorPort::new);
    private static final CompletionPortProvider ASYNC_CHANNEL = new Own("aio", AsyncChannelPort::new);

    /** The engines of the module jna-native. */
    private static final Set<String> NATIVE = Set.of("iocp", "uring");

    private Engines() {
    }

    static CompletionPort open(PortOptions options) throws IoException {
        String forced = System.getProperty(PortOptions.ENGINE_PROPERTY);
        boolean mayForce = forced != null && options.engine().equals(PortOptions.ENGINE_BEST);
        return open(mayForce ? options.engine(forced) : options, found());
    }

    static List<String> usable() {
        return usable(found());
    }

    /** Returns the names of the engines without an obstacle, in their order. */
    static List<String> usable(List<CompletionPortProvider> providers) {
        return providers.stream().filter(provider -> obstacle(provider).isEmpty()).map(CompletionPortProvider::name)
                .toList();
    }

    /**
     * Opens the named engine, or else the first that can be opened. An engine whose code cannot be linked here counts
     * as one that cannot run.
     */
    static CompletionPort open(PortOptions options, List<CompletionPortProvider> providers) throws IoException {
        List<CompletionPortProvider> left = new ArrayList<>(providers);
        while (true) {
            CompletionPortProvider chosen = choose(options.engine(), left);
            try {
                CompletionPort port = chosen.open(options.engine(chosen.name()));
                LOG.log(Level.DEBUG, "a port was opened: engine {0}, name {1}", port.engine(), options.name());
                return port;
            } catch (LinkageError e) {
                if (!options.engine().equals(PortOptions.ENGINE_BEST)) {
                    throw new UnsupportedOperationException("engine " + options.engine() + ": " + e, e);
                }
                LOG.log(Level.WARNING, () -> "engine " + chosen.name() + " cannot be opened, so the next one is", e);
                left.remove(chosen);
            }
        }
    }

    /** Returns the named engine, or else the first without an obstacle. */
    static CompletionPortProvider choose(String name, List<CompletionPortProvider> providers) {
        if (name.equals(PortOptions.ENGINE_BEST)) {
            return providers.stream().filter(provider -> obstacle(provider).isEmpty()).findFirst()
                    .orElseThrow(() -> new UnsupportedOperationException("no engine can run here"));
        }
        for (CompletionPortProvider provider : providers) {
            if (provider.name().equals(name)) {
                obstacle(provider).ifPresent(why -> {
                    throw new UnsupportedOperationException("engine " + name + ": " + why);
                });
                return provider;
            }
        }
        throw new IllegalArgumentException("no engine is called " + name + "; there are "
                + providers.stream().map(CompletionPortProvider::name).toList());
    }

    /** Returns the obstacle of an engine. If its code cannot be run at all, that is an obstacle too. */
    private static Optional<String> obstacle(CompletionPortProvider provider) {
        try {
            return provider.obstacle();
        } catch (LinkageError e) {
            LOG.log(Level.WARNING, () -> "engine " + provider.name() + " cannot be asked whether it can run", e);
            return Optional.of("its code cannot be linked: " + e);
        }
    }

    private static List<CompletionPortProvider> found() {
        List<CompletionPortProvider> providers = new ArrayList<>();
        Iterator<CompletionPortProvider> services = ServiceLoader.load(CompletionPortProvider.class).iterator();
        boolean more = true;
        while (more) {
            try {
                more = services.hasNext();
                if (more) {
                    providers.add(services.next());
                }
            } catch (ServiceConfigurationError | LinkageError e) {
                // one provider that cannot be instantiated must not keep the others from working
                LOG.log(Level.WARNING, "an engine could not be loaded", e);
            }
        }
        return ordered(providers);
    }

    /** Returns the providers of the application, which wants them to be used, then those of this project. */
    static List<CompletionPortProvider> ordered(List<CompletionPortProvider> found) {
        List<CompletionPortProvider> providers = new ArrayList<>(found);
        providers.sort(Comparator.comparing(provider -> NATIVE.contains(provider.name())));
        // on Windows AsynchronousSocketChannel uses the system's completion port, while Selector polls each socket
        providers.addAll(WINDOWS ? List.of(ASYNC_CHANNEL, SELECTOR) : List.of(SELECTOR, ASYNC_CHANNEL));
        return providers;
    }
}
