package io.iocp4j.websocket.http;

import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;

/** The value of {@code Date} for the time that it is, formatted once a second and not once an answer. For any thread. */
final class HttpDate {
    static final HttpDate SYSTEM = new HttpDate(InstantSource.system());

    private static final String[] DAYS = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    private static final String[] MONTHS = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    private record Formatted(long epochSecond, String text) {
    }

    private final InstantSource clock;
    private volatile Formatted last = new Formatted(Long.MIN_VALUE, "");

    HttpDate(InstantSource clock) {
        this.clock = clock;
    }

    /** Such as {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
    String now() {
        long epochSecond = Math.floorDiv(clock.millis(), 1000L);
        Formatted known = last;
        if (known.epochSecond != epochSecond) {
            known = new Formatted(epochSecond, format(epochSecond));
            last = known;
        }
        return known.text;
    }

    /** RFC 9110 section 5.6.7. Not DateTimeFormatter.RFC_1123_DATE_TIME, which writes the first nine days with one digit. */
    private static String format(long epochSecond) {
        ZonedDateTime time = Instant.ofEpochSecond(epochSecond).atZone(ZoneOffset.UTC);
        StringBuilder text = new StringBuilder(29).append(DAYS[time.getDayOfWeek().ordinal()]).append(", ");
        two(text, time.getDayOfMonth()).append(' ').append(MONTHS[time.getMonthValue() - 1]).append(' ');
        two(two(text, time.getYear() / 100), time.getYear() % 100).append(' ');
        two(text, time.getHour()).append(':');
        two(text, time.getMinute()).append(':');
        return two(text, time.getSecond()).append(" GMT").toString();
    }

    private static StringBuilder two(StringBuilder text, int number) {
        return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
    }
}
