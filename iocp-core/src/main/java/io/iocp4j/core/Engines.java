package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Chooses the engine of a port. */
final class Engines {
    private static final System.Logger LOG = new GuardedLog(Engines.class);

    /** The engine that works everywhere, so the last to be asked. */
    private static final CompletionPortProvider ASYNC_CHANNEL = new CompletionPortProvider() {
        @Override
        public String name() {
            return "nio";
        }

        @Override
        public Optional<String> obstacle() {
            return Optional.empty();
        }

        @Override
        public CompletionPort open(PortOptions options) throws IoException {
            return new AsyncChannelPort(options);
        }
    };

    private Engines() {
    }

    static CompletionPortProvider choose(PortOptions options) {
        return choose(options.engine(), found());
    }

    /** The one that is named, or else the first without an obstacle. */
    static CompletionPortProvider choose(String name, List<CompletionPortProvider> providers) {
        if (name.equals(PortOptions.ENGINE_BEST)) {
            return providers.stream().filter(provider -> provider.obstacle().isEmpty()).findFirst().orElseThrow();
        }
        for (CompletionPortProvider provider : providers) {
            if (provider.name().equals(name)) {
                provider.obstacle().ifPresent(why -> {
                    throw new UnsupportedOperationException("engine " + name + ": " + why);
                });
                return provider;
            }
        }
        throw new IllegalArgumentException("no engine is called " + name + "; there are "
                + providers.stream().map(CompletionPortProvider::name).toList());
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
            } catch (ServiceConfigurationError e) {
                // one engine that cannot even be made must not keep the others from working
                LOG.log(Level.WARNING, "an engine could not be loaded", e);
            }
        }
        providers.add(ASYNC_CHANNEL);
        return providers;
    }
}
