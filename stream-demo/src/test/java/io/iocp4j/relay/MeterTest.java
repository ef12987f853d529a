package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Rates of frames and bytes, in virtual time")
class MeterTest {
    private static final long SECOND = 1_000_000_000L;

    private final Meter meter = new Meter();

    /** Adds frames of 1,000 bytes at 25 per second; returns the time of the last one. */
    private long feed(long start, int frames) {
        long now = start;
        for (int i = 0; i < frames; i++) {
            now = start + i * SECOND / 25;
            meter.add(1_000, Sample.FRAME, now);
        }
        return now;
    }

    @Test
    @DisplayName("the rate is 0 before the first frame")
    void empty() {
        assertEquals(0, meter.framesPerSecond(12_345));
        assertEquals(0, meter.bitsPerSecond(12_345));
    }

    @ParameterizedTest(name = "start at {0} ns")
    @ValueSource(longs = {0, 999_999_999, 123_456_789_012L, -77 * SECOND - 5})
    @DisplayName("measures the rate of a steady stream, for any start value of the clock")
    void steady(long start) {
        long now = feed(start, 25 * 60);
        assertEquals(25, meter.framesPerSecond(now), 0.5);
        assertEquals(8 * 25_000, meter.bitsPerSecond(now), 4_000);
        assertEquals(1_500, meter.totalFrames());
        assertEquals(1_500_000, meter.totalBytes());
    }

    @Test
    @DisplayName("averages over the time since the first frame at the beginning, but over at least one second")
    void beginning() {
        meter.add(1_000, Sample.FRAME, 500);
        assertEquals(1, meter.framesPerSecond(500));
        long now = feed(SECOND, 50);
        assertEquals(51 * SECOND / (double) now, meter.framesPerSecond(now), 0.01);
    }

    @Test
    @DisplayName("the rate falls to 0 within six seconds of silence, and the totals stay")
    void silence() {
        long now = feed(0, 250);
        double before = meter.framesPerSecond(now);
        for (int i = 1; i <= 6; i++) {
            double rate = meter.framesPerSecond(now + i * SECOND);
            assertEquals(true, rate <= before, i + ": " + rate + " after " + before);
            before = rate;
        }
        assertEquals(0, before);
        assertEquals(0, meter.bitsPerSecond(now + 1_000_000 * SECOND));
        assertEquals(250, meter.totalFrames());
    }

    @Test
    @DisplayName("after hours of silence, the rate counts only the frames since then")
    void afterSilence() {
        feed(0, 250);
        long now = feed(7_200 * SECOND, 25 * 10);
        assertEquals(25, meter.framesPerSecond(now), 0.5);
    }
}
