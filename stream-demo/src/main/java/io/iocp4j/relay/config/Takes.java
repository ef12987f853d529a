package io.iocp4j.relay.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the value of a setting from text, and shows it in the same form. Immutable. Any thread.
 *
 * @param <T> the type of the value
 */
public final class Takes<T> {
    private static final Pattern BYTES = Pattern.compile("(\\d{1,18})\\s*([kmgKMG]?)(?:i?[bB])?");
    private static final Pattern TIME = Pattern.compile("(\\d{1,12}(?:\\.\\d{1,9})?)\\s*(ms|s|m|h|d)");
    private static final String SWITCH = "on|off";
    private static final List<String> UNITS = List.of("", "k", "m", "g");

    private final String word;
    private final Function<String, T> reader;
    private final Function<T, String> writer;

    /**
     * Makes a form of values.
     *
     * @param word names it in the help, such as {@code FILE}
     * @param reader reads a value; throws an {@link IllegalArgumentException} whose message continues the sentence
     *         "--name ", such as "needs a file, not x". It must not repeat a secret
     * @param writer shows a value in a form that the reader takes
     */
    public Takes(String word, Function<String, T> reader, Function<T, String> writer) {
        this.word = Objects.requireNonNull(word);
        this.reader = Objects.requireNonNull(reader);
        this.writer = Objects.requireNonNull(writer);
    }

    /**
     * Any text that is not empty.
     *
     * @param word names it in the help
     * @return a form
     */
    public static Takes<String> text(String word) {
        return new Takes<>(word, text -> {
            if (text.isEmpty()) {
                throw new IllegalArgumentException("needs a value");
            }
            return text;
        }, value -> value);
    }

    /**
     * One of several words.
     *
     * @param words two or more
     * @return a form
     */
    public static Takes<String> oneOf(String... words) {
        List<String> all = List.of(words);
        return new Takes<>(String.join("|", all), text -> {
            if (!all.contains(text)) {
                throw new IllegalArgumentException("needs " + String.join(" or ", all) + ", not " + text);
            }
            return text;
        }, value -> value);
    }

    /**
     * On or off. Its flag stands alone: {@code --name} is on, {@code --no-name} is off.
     *
     * @return a form
     */
    public static Takes<Boolean> onOff() {
        return new Takes<>(SWITCH, text -> switch (text.toLowerCase(Locale.ROOT)) {
            case "on", "true", "yes", "1" -> true;
            case "off", "false", "no", "0" -> false;
            default -> throw new IllegalArgumentException("needs on or off, not " + text);
        }, value -> value ? "on" : "off");
    }

    /**
     * A whole number.
     *
     * @param min the smallest, 0 or more
     * @param max the largest
     * @return a form
     */
    public static Takes<Integer> number(int min, int max) {
        return new Takes<>("N", text -> {
            long value;
            try {
                value = Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("needs a number, not " + text);
            }
            if (value < min || value > max) {
                throw new IllegalArgumentException("needs a number from " + min + " to " + max + ", not " + text);
            }
            return (int) value;
        }, String::valueOf);
    }

    /**
     * A number of bytes: {@code 4096}, {@code 64k}, {@code 8m} or {@code 1g}, in powers of 1,024.
     *
     * @param min the smallest, 0 or more
     * @param max the largest
     * @return a form
     */
    public static Takes<Long> bytes(long min, long max) {
        return new Takes<>("BYTES", text -> {
            Matcher matcher = BYTES.matcher(text);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("needs a number of bytes such as 65536, 64k or 8m, not " + text);
            }
            int shift = 10 * UNITS.indexOf(matcher.group(2).toLowerCase(Locale.ROOT));
            long count = Long.parseLong(matcher.group(1));
            if (count > Long.MAX_VALUE >> shift || count << shift < min || count << shift > max) {
                throw new IllegalArgumentException("needs " + min + " to " + max + " bytes, not " + text);
            }
            return count << shift;
        }, Takes::showBytes);
    }

    private static String showBytes(long value) {
        int unit = 0;
        long rest = value;
        while (rest > 0 && rest % 1_024 == 0 && unit < UNITS.size() - 1) {
            rest /= 1_024;
            unit++;
        }
        return rest + UNITS.get(unit);
    }

    /**
     * A time with its unit: {@code 500ms}, {@code 10s}, {@code 1.5m}, {@code 2h} or {@code 7d}.
     *
     * @param min the shortest
     * @param max the longest
     * @return a form
     */
    public static Takes<Duration> time(Duration min, Duration max) {
        return new Takes<>("TIME", text -> {
            Matcher matcher = TIME.matcher(text);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("needs a time with its unit, such as 500ms, 10s or 2h, not " + text);
            }
            BigDecimal nanos = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(nanos(matcher.group(2))));
            Duration time = nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
                    ? Duration.ofNanos(Long.MAX_VALUE) : Duration.ofNanos(nanos.longValue());
            if (time.compareTo(min) < 0 || time.compareTo(max) > 0) {
                throw new IllegalArgumentException("needs a time from " + showTime(min) + " to " + showTime(max)
                        + ", not " + text);
            }
            return time;
        }, Takes::showTime);
    }

    private static long nanos(String unit) {
        return switch (unit) {
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            default -> 86_400_000_000_000L;
        };
    }

    private static String showTime(Duration time) {
        for (String unit : List.of("d", "h", "m", "s")) {
            if (!time.isZero() && time.toNanos() % nanos(unit) == 0) {
                return time.toNanos() / nanos(unit) + unit;
            }
        }
        return BigDecimal.valueOf(time.toNanos()).movePointLeft(6).stripTrailingZeros().toPlainString() + "ms";
    }

    /**
     * Returns the word for it in the help.
     *
     * @return such as {@code FILE}
     */
    public String word() {
        return word;
    }

    /**
     * Reads a value.
     *
     * @param text as the operator wrote it, without spaces around
     * @return the value
     * @throws IllegalArgumentException if it is malformed or out of range; the message continues "--name "
     */
    public T parse(String text) {
        return reader.apply(text);
    }

    /**
     * Shows a value.
     *
     * @param value not null
     * @return text that {@link #parse} takes
     */
    public String show(T value) {
        return writer.apply(value);
    }

    boolean isSwitch() {
        return word.equals(SWITCH);
    }
}
