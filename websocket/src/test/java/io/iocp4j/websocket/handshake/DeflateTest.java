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
        assertEquals(new Deflate(true, 1, true, false, 9, 14, 0, 7), Deflate.on().level(1)
            .noContextTakeover(true, false).maxWindowBits(9, 14).threshold(0).maxRatio(7));
    }

    @Test
    @DisplayName("values at the ends of their ranges pass, beyond them they are refused by name")
    void ranges() {
        Deflate on = Deflate.on();
        on.level(9).maxWindowBits(8, 8).threshold(Integer.MAX_VALUE).maxRatio(1);
        assertRefused("level", () -> on.level(0));
        assertRefused("level", () -> on.level(10));
        assertRefused("serverMaxWindowBits", () -> on.maxWindowBits(7, 15));
        assertRefused("serverMaxWindowBits", () -> on.maxWindowBits(16, 15));
        assertRefused("clientMaxWindowBits", () -> on.maxWindowBits(15, 7));
        assertRefused("clientMaxWindowBits", () -> on.maxWindowBits(15, 16));
        assertRefused("threshold", () -> on.threshold(-1));
        assertRefused("maxRatio", () -> on.maxRatio(0));
    }

    private static void assertRefused(String name, Executable change) {
        String message = assertThrows(IllegalArgumentException.class, change).getMessage();
        assertEquals(name, message.substring(0, message.indexOf(' ')));
    }
}
