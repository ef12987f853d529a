package io.iocp4j.websocket.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The value of Date")
class HttpDateTest {
    private final AtomicLong millis = new AtomicLong();
    private final HttpDate date = new HttpDate(() -> Instant.ofEpochMilli(millis.get()));

    @ParameterizedTest
    @DisplayName("has the form of RFC 9110 section 5.6.7: names in English, every number with all its digits")
    @CsvSource({"1994-11-06T08:49:37Z, 'Sun, 06 Nov 1994 08:49:37 GMT'",
        "1970-01-01T00:00:00Z, 'Thu, 01 Jan 1970 00:00:00 GMT'",
        "2024-02-29T23:59:59Z, 'Thu, 29 Feb 2024 23:59:59 GMT'",
        "2026-09-30T12:00:05Z, 'Wed, 30 Sep 2026 12:00:05 GMT'"})
    void form(String time, String text) {
        millis.set(Instant.parse(time).toEpochMilli());
        assertEquals(text, date.now());
    }

    @Test
    @DisplayName("is formatted once a second, even if the clock is set back")
    void onceASecond() {
        millis.set(5_000);
        String first = date.now();
        millis.set(5_999);
        assertSame(first, date.now());
        millis.set(6_000);
        assertNotEquals(first, date.now());
        millis.set(5_500);
        assertEquals(first, date.now());
    }
}
