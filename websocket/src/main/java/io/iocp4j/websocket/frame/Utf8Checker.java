package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;

/**
 * Checks UTF-8 as it arrives and fails at the first byte that no valid text can contain there (RFC 3629: overlong
 * forms, surrogates, code points above U+10FFFF). A character may be split over any number of buffers. One text at a
 * time, one thread at a time.
 */
public final class Utf8Checker {
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
    private static final int LOWEST_CONTINUATION = 0x80;
    private static final int HIGHEST_CONTINUATION = 0xBF;

    /** Bytes that the character under way still needs, 0 to 3. */
    private int missing;
    /** Range of the next of them; narrower than 80-BF only after the lead bytes E0, ED, F0 and F4. */
    private int lowest;
    private int highest;
    private boolean invalid;

    /** Makes a checker that stands at the start of a text. */
    public Utf8Checker() {
        reset();
    }

    /** Goes back to the start of a text, whatever came before. */
    public void reset() {
        missing = 0;
        lowest = LOWEST_CONTINUATION;
        highest = HIGHEST_CONTINUATION;
        invalid = false;
    }

    /**
     * Takes the next bytes of the text, those from position to limit. The position does not move.
     *
     * @param data any number of bytes
     * @return false when the text is invalid, and so for every later call until {@link #reset()}
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
     * Says whether the text may end here.
     *
     * @return true when all was valid and no character is under way
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

    /** The rows of RFC 3629 section 4, by the lead byte. */
    private void acceptLead(int octet) {
        if (octet >= 0xC2 && octet <= 0xDF) {
            missing = 1;
        } else if (octet >= 0xE0 && octet <= 0xEF) {
            missing = 2;
            if (octet == 0xE0) {
                lowest = 0xA0; // below it the character fits two bytes
            } else if (octet == 0xED) {
                highest = 0x9F; // above it are the surrogates
            }
        } else if (octet >= 0xF0 && octet <= 0xF4) {
            missing = 3;
            if (octet == 0xF0) {
                lowest = 0x90; // below it the character fits three bytes
            } else if (octet == 0xF4) {
                highest = 0x8F; // above it is more than U+10FFFF
            }
        } else {
            invalid = true;
        }
    }
}
