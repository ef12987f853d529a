package io.iocp4j.websocket.http;

/**
 * One range of bytes of a representation (RFC 9110 section 14).
 *
 * @param first index of the first byte
 * @param last index of the last byte; before the first for a range that cannot be satisfied
 */
record ByteRange(long first, long last) {
    static final ByteRange UNSATISFIABLE = new ByteRange(0, -1);

    private static final String UNIT = "bytes=";
    /** The most digits that always fit a long. */
    private static final int DIGITS_MAX = 18;

    /**
     * Parses a Range field. Returns null for a field that may be ignored: another unit, several ranges, or malformed.
     *
     * @param field as sent, or null
     * @param length of the whole representation, in bytes
     */
    static ByteRange parse(String field, long length) {
        if (field == null || !field.regionMatches(true, 0, UNIT, 0, UNIT.length())) {
            return null;
        }
        String range = field.substring(UNIT.length()).strip();
        int hyphen = range.indexOf('-');
        if (hyphen < 0) {
            return null;
        }
        long from = number(range.substring(0, hyphen));
        long to = number(range.substring(hyphen + 1));
        boolean open = hyphen == range.length() - 1;
        if (hyphen == 0) {
            boolean empty = to == 0 || length == 0;
            return to < 0 ? null : empty ? UNSATISFIABLE : new ByteRange(Math.max(0, length - to), length - 1);
        }
        if (from < 0 || !open && to < from) {
            return null;
        }
        return from >= length ? UNSATISFIABLE : new ByteRange(from, open ? length - 1 : Math.min(to, length - 1));
    }

    boolean isSatisfiable() {
        return last >= first;
    }

    long length() {
        return last - first + 1;
    }

    /** Parses digits. Returns -1 if there are none, other characters, or more than {@link #DIGITS_MAX}. */
    private static long number(String digits) {
        if (digits.isEmpty() || digits.length() > DIGITS_MAX || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        return Long.parseLong(digits);
    }
}
