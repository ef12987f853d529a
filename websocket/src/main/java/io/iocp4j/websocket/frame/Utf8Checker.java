package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;

/**
 * Validates UTF-8 as it arrives. It fails at the first byte that no valid text can have at that position. RFC 3629
 * excludes overlong forms, surrogates and code points above U+10FFFF. A character may be split across any number of
 * buffers. Not thread-safe: one text and one thread at a time.
 */
public final class Utf8Checker {
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
    private static final int LOWEST_CONTINUATION = 0x80;
    private static final int HIGHEST_CONTINUATION = 0xBF;

    /** The number of bytes that the current character still needs, 0 to 3. */
    private int missing;
    /** The range of the next byte: 80 to BF, but narrower after the lead bytes E0, ED, F0 and F4. */
    private int lowest;
    private int highest;
    private boolean invalid;

    /** Creates a checker at the start of a text. */
    public Utf8Checker() {
        reset();
    }

    /** Starts a new text, whatever the state of the previous one. */
    public void reset() {
        missing = 0;
        lowest = LOWEST_CONTINUATION;
        highest = HIGHEST_CONTINUATION;
        invalid = false;
    }

    /**
     * Checks the next bytes of the text, from position to limit. The position does not move.
     *
     * @param data any number of bytes
     * @return false if the text is invalid, as every later call until {@link #reset()} then returns too
     */
    public boolean accept(ByteBuffer data) {
        int index = data.position();
        int end = data.limit();
        while (index < end && !invalid) {
            if (missing == 0) {
                index = skipAscii(data, index, end);
            }
            if (index < end) {
                acceptByte(data.get(index++) & 0xFF);
            }
        }
        return !invalid;
    }

    /**
     * Tells whether the text may end here.
     *
     * @return true if all bytes were valid and no character is incomplete
     */
    public boolean isComplete() {
        return missing == 0 && !invalid;
    }

    private static int skipAscii(ByteBuffer data, int from, int end) {
        int index = from;
        while (end - index >= Long.BYTES && (data.getLong(index) & HIGH_BITS) == 0) {
            index += Long.BYTES;
        }
        return index;
    }

    private void acceptByte(int octet) {
        if (missing == 0) {
            if (octet >= 0x80) {
                acceptLead(octet);
            }
        } else if (octet < lowest || octet > highest) {
            invalid = true;
        } else {
            missing--;
            lowest = LOWEST_CONTINUATION;
            highest = HIGHEST_CONTINUATION;
        }
    }

    /** Applies the grammar of RFC 3629 section 4, by the lead byte. */
    private void acceptLead(int octet) {
        if (octet >= 0xC2 && octet <= 0xDF) {
            missing = 1;
        } else if (octet >= 0xE0 && octet <= 0xEF) {
            missing = 2;
            if (octet == 0xE0) {
                lowest = 0xA0; // a lower byte would encode a character that fits two bytes
            } else if (octet == 0xED) {
                highest = 0x9F; // a higher byte would encode a surrogate
            }
        } else if (octet >= 0xF0 && octet <= 0xF4) {
            missing = 3;
            if (octet == 0xF0) {
                lowest = 0x90; // a lower byte would encode a character that fits three bytes
            } else if (octet == 0xF4) {
                highest = 0x8F; // a higher byte would encode a code point above U+10FFFF
            }
        } else {
            invalid = true;
        }
    }
}
