package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A context that an engine handles wrongly")
class IoContextTest {
    @Test
    @Shows("B10")
    @DisplayName("is reported and not swallowed: completed twice, delivered without a completion or twice, submitted "
            + "twice")
    void misuse() {
        Probe probe = new Probe();
        assertThrows(IllegalStateException.class, probe::finish);
        assertThrows(IllegalStateException.class, () -> probe.complete(0, null, null, null));
        probe.submit(Operation.POST, null);
        assertThrows(IllegalStateException.class, () -> probe.submit(Operation.POST, null));
        assertThrows(IllegalStateException.class, probe::finish);
        probe.complete(1, null, null, null);
        assertThrows(IllegalStateException.class, () -> probe.complete(2, null, null, null));
        assertThrows(IllegalStateException.class, probe::unsubmit);
        probe.finish();
        String text = assertThrows(IllegalStateException.class, probe::finish).getMessage();
        assertTrue(text.contains("DELIVERED"), text);
        assertEquals(1, probe.completions());
        assertTrue(probe.release());
    }
}
