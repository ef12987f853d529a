package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LimitsTest {
    private final Limits defaults = Limits.defaults();

    @Test
    @DisplayName("defaults are 1 MiB per frame and message and 1024 fragments")
    void defaults() {
        assertEquals(1_048_576, defaults.maxFrame());
        assertEquals(1_048_576, defaults.maxMessage());
        assertEquals(1024, defaults.maxFragments());
    }

    @Test
    @DisplayName("each limit is changed alone, down to its smallest value")
    void changed() {
        assertEquals(new Limits(125, 1_048_576, 1024), defaults.maxFrame(125));
        assertEquals(new Limits(1_048_576, 1, 1024), defaults.maxMessage(1));
        assertEquals(new Limits(1_048_576, 1_048_576, 1), defaults.maxFragments(1));
    }

    @Test
    @DisplayName("a limit below its smallest value is refused")
    void tooSmall() {
        assertThrows(IllegalArgumentException.class, () -> defaults.maxFrame(124));
        assertThrows(IllegalArgumentException.class, () -> defaults.maxFrame(Long.MIN_VALUE));
        assertThrows(IllegalArgumentException.class, () -> defaults.maxMessage(0));
        assertThrows(IllegalArgumentException.class, () -> defaults.maxFragments(0));
    }
}
