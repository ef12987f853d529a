package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The choice of an engine")
class EnginesTest {
    private final Named good = new Named("good", Optional.empty());
    private final Named bad = new Named("bad", Optional.of("it needs what is not here"));
    private final Named last = new Named("last", Optional.empty());

    private record Named(String name, Optional<String> obstacle) implements CompletionPortProvider {
        @Override
        public CompletionPort open(PortOptions options) {
            throw new AssertionError("only chosen, not opened");
        }
    }

    @Test
    @DisplayName("the best engine is the first that has no obstacle")
    void best() {
        assertSame(good, Engines.choose(PortOptions.ENGINE_BEST, List.of(bad, good, last)));
        assertSame(last, Engines.choose(PortOptions.ENGINE_BEST, List.of(bad, last)));
    }

    @Test
    @DisplayName("an engine of the application comes before those of this project, wherever its provider was found")
    void ownFirst() {
        Named uring = new Named("uring", Optional.empty());
        assertEquals(List.of(good, last, uring), Engines.ordered(List.of(good, uring, last)).subList(0, 3));
        assertEquals(Engines.WINDOWS ? List.of("aio", "selector") : List.of("selector", "aio"),
                Engines.usable(Engines.ordered(List.of(bad))));
    }

    @Test
    @DisplayName("the list has the engines that can run, the best first, and a port opens on each of them")
    void listed() throws IoException {
        assertEquals(List.of("good", "last"), Engines.usable(List.of(bad, good, new Broken(true), last)));
        assertTrue(CompletionPort.engines().contains("aio"), CompletionPort.engines().toString());
        for (String engine : CompletionPort.engines()) {
            CompletionPort.open(PortOptions.defaults().engine(engine)).close();
        }
    }

    @Test
    @DisplayName("an engine that is forced is taken before better ones, and one that cannot run says why")
    void forced() {
        assertSame(last, Engines.choose("last", List.of(bad, good, last)));
        UnsupportedOperationException e = assertThrows(UnsupportedOperationException.class,
                () -> Engines.choose("bad", List.of(bad, good, last)));
        assertEquals("engine bad: it needs what is not here", e.getMessage());
    }

    /** Of another version of something: its code cannot be linked. */
    private record Broken(boolean asked) implements CompletionPortProvider {
        @Override
        public String name() {
            return "broken";
        }

        @Override
        public Optional<String> obstacle() {
            if (asked) {
                throw new UnsatisfiedLinkError("on purpose");
            }
            return Optional.empty();
        }

        @Override
        public CompletionPort open(PortOptions options) {
            throw new NoClassDefFoundError("on purpose");
        }
    }

    /** Opens a real one. */
    private static final class Working implements CompletionPortProvider {
        @Override
        public String name() {
            return "working";
        }

        @Override
        public Optional<String> obstacle() {
            return Optional.empty();
        }

        @Override
        public CompletionPort open(PortOptions options) throws IoException {
            return new AsyncChannelPort(options);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("an engine whose code cannot be linked is passed over; forced, it says so")
    void broken(boolean asked) throws Exception {
        PortOptions options = PortOptions.defaults().workers(1);
        try (CompletionPort port = Engines.open(options, List.of(new Broken(asked), new Working()))) {
            Probe probe = new Probe();
            port.post(probe);
            probe.await();
        }
        UnsupportedOperationException e = assertThrows(UnsupportedOperationException.class,
                () -> Engines.open(options.engine("broken"), List.of(new Broken(asked), new Working())));
        assertTrue(e.getMessage().contains("broken") && e.getMessage().contains("on purpose"), e.getMessage());
        assertThrows(UnsupportedOperationException.class, () -> Engines.open(options, List.of(new Broken(asked))));
    }

    @Test
    @DisplayName("a name that nobody has is refused with the names that are there")
    void unknown() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> CompletionPort.open(PortOptions.defaults().engine("none")));
        assertTrue(e.getMessage().contains("aio") && e.getMessage().contains("selector"), e.getMessage());
        assertThrows(NullPointerException.class, () -> PortOptions.defaults().engine(null));
    }

    @Test
    @ResourceLock(Resources.SYSTEM_PROPERTIES)
    @DisplayName("the system property names the engine of a port that asks for the best, and of no other")
    void property() throws Exception {
        PortOptions options = PortOptions.defaults().workers(1);
        String before = System.setProperty(PortOptions.ENGINE_PROPERTY, "aio");
        try (CompletionPort best = CompletionPort.open(options);
                CompletionPort named = CompletionPort.open(options.engine("selector"))) {
            assertEquals("aio", best.engine());
            assertEquals(AsyncChannelPort.class, best.getClass());
            assertEquals("selector", named.engine());
            System.setProperty(PortOptions.ENGINE_PROPERTY, "none");
            assertThrows(IllegalArgumentException.class, () -> CompletionPort.open(options));
        } finally {
            if (before == null) {
                System.clearProperty(PortOptions.ENGINE_PROPERTY);
            } else {
                System.setProperty(PortOptions.ENGINE_PROPERTY, before);
            }
        }
    }
}
