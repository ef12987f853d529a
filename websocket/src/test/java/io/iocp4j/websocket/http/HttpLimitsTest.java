package io.iocp4j.websocket.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpLimitsTest {
    @Test
    @DisplayName("the defaults are the documented ones")
    void defaults() {
        assertEquals(new HttpLimits(32_768, 64, 256, 4096), HttpLimits.defaults());
    }

    @Test
    @DisplayName("each wither changes its own limit and no other")
    void withers() {
        HttpLimits limits = new HttpLimits(100, 2, 30, 4);
        assertEquals(new HttpLimits(101, 2, 30, 4), limits.maxHeaderBytes(101));
        assertEquals(new HttpLimits(100, 3, 30, 4), limits.maxHeaders(3));
        assertEquals(new HttpLimits(100, 2, 31, 4), limits.maxChunkLineBytes(31));
        assertEquals(new HttpLimits(100, 2, 30, 5), limits.maxTrailerBytes(5));
    }

    @ParameterizedTest(name = "[{index}] {0} {1} {2} {3}")
    @DisplayName("the ends of each range are accepted")
    @CsvSource({"64, 1, 16, 0", "1048576, 10000, 65536, 1048576"})
    void ends(int header, int count, int chunkLine, int trailer) {
        assertEquals(header, new HttpLimits(header, count, chunkLine, trailer).maxHeaderBytes());
    }

    @ParameterizedTest(name = "[{index}] {0} {1} {2} {3}")
    @DisplayName("one step beyond each end of a range is refused")
    @CsvSource({"63, 1, 16, 0", "64, 0, 16, 0", "64, 1, 15, 0", "64, 1, 16, -1",
            "1048577, 1, 16, 0", "64, 10001, 16, 0", "64, 1, 65537, 0", "64, 1, 16, 1048577"})
    void beyond(int header, int count, int chunkLine, int trailer) {
        assertThrows(IllegalArgumentException.class, () -> new HttpLimits(header, count, chunkLine, trailer));
    }
}
