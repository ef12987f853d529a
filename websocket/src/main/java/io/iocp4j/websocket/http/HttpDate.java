package io.iocp4j.websocket.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Formats and parses the dates of header fields. The current {@code Date} is formatted once a second, not for each
 * answer. Any thread.
 */
final class HttpDate {
    static final HttpDate SYSTEM = new HttpDate(InstantSource.system());

    private static final String[] DAYS = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    private static final String[] MONTHS = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
            "Dec"};

    private static final String TIME = "(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})";
    private static final Pattern FIXED = Pattern.compile("[A-Z][a-z]{2}, (?<day>[0-9]{2}) (?<month>[A-Z][a-z]{2}) "
            + "(?<year>[0-9]{4}) " + TIME + " GMT");
    private static final Pattern RFC_850 = Pattern.compile("[A-Z][a-z]{5,8}, (?<day>[0-9]{2})-(?<month>[A-Z][a-z]{2})-"
            + "(?<year>[0-9]{2}) " + TIME + " GMT");
    private static final Pattern ASCTIME = Pattern.compile("[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[0-9 ][0-9]) "
            + TIME
            + " (?<year>[0-9]{4})");
    /** The length of the longest date. Longer values are not parsed. */
    private static final int LENGTH_MAX = 40;
    /** The most years that a year of two digits may lie in the future (RFC 9110 section 5.6.7). */
    private static final int YEARS_AHEAD = 50;

    private record Formatted(long epochSecond, String text) {
    }

    private final InstantSource clock;
    private volatile Formatted last = new Formatted(Long.MIN_VALUE, "");

    HttpDate(InstantSource clock) {
        this.clock = clock;
    }

    /** Returns the current date, such as {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
    String now() {
        long epochSecond = Math.floorDiv(clock.millis(), 1000L);
        Formatted known = last;
        if (known.epochSecond != epochSecond) {
            known = new Formatted(epochSecond, format(epochSecond));
            last = known;
        }
        return known.text;
    }

    /** Formats a moment as {@link #now} does. */
    static String format(Instant moment) {
        return format(moment.getEpochSecond());
    }

    /**
     * Parses a date in one of the three forms of RFC 9110 section 5.6.7. Returns null for null and for anything else.
     * The day of the week is not checked.
     */
    static Instant parse(String date) {
        if (date == null || date.length() > LENGTH_MAX) {
            return null;
        }
        Matcher matcher = FIXED.matcher(date);
        if (matcher.matches()) {
            return moment(matcher, number(matcher, "year"));
        }
        matcher = RFC_850.matcher(date);
        if (matcher.matches()) {
            int thisYear = LocalDate.now(ZoneOffset.UTC).getYear();
            int year = thisYear - thisYear % 100 + number(matcher, "year");
            return moment(matcher, year > thisYear + YEARS_AHEAD ? year - 100 : year);
        }
        matcher = ASCTIME.matcher(date);
        return matcher.matches() ? moment(matcher, number(matcher, "year")) : null;
    }

    private static Instant moment(Matcher date, int year) {
        int month = List.of(MONTHS).indexOf(date.group("month")) + 1;
        try {
            return LocalDateTime.of(year, month, number(date, "day"), number(date, "hour"), number(date, "minute"),
                    // a leap second counts as second 59
                    Math.min(59, number(date, "second"))).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            // the month, day or hour does not exist
            return null;
        }
    }

    private static int number(Matcher date, String part) {
        return Integer.parseInt(date.group(part).strip());
    }

    /**
     * Formats a date by RFC 9110 section 5.6.7. DateTimeFormatter.RFC_1123_DATE_TIME does not fit: it writes the first
     * nine days of a month with one digit.
     */
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
