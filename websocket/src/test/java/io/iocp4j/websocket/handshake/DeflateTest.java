package io.iocp4j.websocket.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.zip.Deflater;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class DeflateTest {
    @Test
    @DisplayName("the defaults are those of the description, and on() differs from off() in one value")
    void defaults() {
        assertEquals(new Deflate(true, Deflater.DEFAULT_COMPRESSION, false, false, 15, 15, 1024, 200), Deflate.on());
        assertEquals(new Deflate(false, Deflater.DEFAULT_COMPRESSION, false, false, 15, 15, 1024, 200), Deflate.off());
    }

    @Test
    @DisplayName("each with-method changes its own value only")
    void changes() {
        assertEquals(new Deflate(true, 1, true, false, 9, 14, 0, 7), Deflate.on().withLevel(1)
            .withNoContextTakeover(true, false).withMaxWindowBits(9, 14).withThreshold(0).withMaxRatio(7));
    }

    @Test
    @DisplayName("values at the ends of their ranges pass, beyond them they are refused by name")
    void ranges() {
        Deflate on = Deflate.on();
        on.withLevel(9).withMaxWindowBits(8, 8).withThreshold(Integer.MAX_VALUE).withMaxRatio(1);
        assertRefused("level", () -> on.withLevel(0));
        assertRefused("level", () -> on.withLevel(10));
        assertRefused("serverMaxWindowBits", () -> on.withMaxWindowBits(7, 15));
        assertRefused("serverMaxWindowBits", () -> on.withMaxWindowBits(16, 15));
        assertRefused("clientMaxWindowBits", () -> on.withMaxWindowBits(15, 7));
        assertRefused("clientMaxWindowBits", () -> on.withMaxWindowBits(15, 16));
        assertRefused("threshold", () -> on.withThreshold(-1));
        assertRefused("maxRatio", () -> on.withMaxRatio(0));
    }

    private static void assertRefused(String name, Executable change) {
        String message = assertThrows(IllegalArgumentException.class, change).getMessage();
        assertEquals(name, message.substring(0, message.indexOf(' ')));
    }
}
