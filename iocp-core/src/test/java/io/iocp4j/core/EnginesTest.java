package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

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
    @DisplayName("an engine that is forced is taken before better ones, and one that cannot run says why")
    void forced() {
        assertSame(last, Engines.choose("last", List.of(bad, good, last)));
        UnsupportedOperationException e = assertThrows(UnsupportedOperationException.class,
                () -> Engines.choose("bad", List.of(bad, good, last)));
        assertEquals("engine bad: it needs what is not here", e.getMessage());
    }

    @Test
    @DisplayName("a name that nobody has is refused with the names that are there")
    void unknown() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> CompletionPort.open(PortOptions.defaults().engine("none")));
        assertEquals(true, e.getMessage().contains("nio"), e.getMessage());
        assertThrows(NullPointerException.class, () -> PortOptions.defaults().engine(null));
    }
}
