package io.iocp4j.bench.result;

import java.util.Locale;

/** Numbers as text with three significant digits, in the same form on every machine. NaN is {@link #NOTHING}. */
final class Numbers {
    /** The text in place of a missing number. */
    static final String NOTHING = "-";
    private static final String[] BYTES = {"B", "KB", "MB", "GB", "TB"};
    private static final String[] TIMES = {"ns", "us", "ms", "s"};

    private Numbers() {
    }

    /** A number with three significant digits, with commas between thousands. */
    static String plain(double value) {
        double size = Math.abs(value);
        int decimals = size == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
        return decimals(value, decimals);
    }

    /** A number with this many decimals. */
    static String decimals(double value, int decimals) {
        return Double.isNaN(value) ? NOTHING : String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }

    /** A ratio with two decimals. Close to 1 it has three, because the third one matters there. */
    static String ratio(double value) {
        return ratio(value, value);
    }

    /** A ratio with as many decimals as another one. */
    static String ratio(double value, double other) {
        return decimals(value, Math.abs(other - 1) < 0.1 ? 3 : other < 10 ? 2 : 1);
    }

    /** A number of things, without decimals if it is whole. */
    static String count(double value) {
        return value == Math.rint(value) ? decimals(value, 0) : plain(value);
    }

    /** A part as a percentage. */
    static String percent(double part) {
        return plain(part * 100) + " %";
    }

    /** A number of bytes in decimal units: 1 KB is 1,000 bytes. */
    static String bytes(double bytes) {
        return scaled(bytes, BYTES);
    }

    /** A duration in nanoseconds, in the unit that fits it. */
    static String time(double nanos) {
        return scaled(nanos, TIMES);
    }

    /** A number for an axis: one of the above without zeros at the end of its decimals. */
    static String tick(String number) {
        return number.replaceFirst("(\\.\\d*?)0+(?!\\d)", "$1").replaceFirst("\\.(?!\\d)", "");
    }

    private static String scaled(double value, String[] units) {
        if (Double.isNaN(value)) {
            return NOTHING;
        }
        double scaled = value;
        int unit = 0;
        while (scaled >= 999.5 && unit < units.length - 1) {
            scaled /= 1_000;
            unit++;
        }
        String text = unit == 0 && scaled == Math.rint(scaled) ? decimals(scaled, 0) : plain(scaled);
        return text + " " + units[unit];
    }
}
