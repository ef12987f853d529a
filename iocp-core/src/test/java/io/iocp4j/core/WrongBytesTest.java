package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The evidence about bytes that arrived changed")
class WrongBytesTest {
    private final byte[] sent = new byte[100_000];
    private final byte[] received;

    WrongBytesTest() {
        new Random(1).nextBytes(sent);
        received = sent.clone();
    }

    @Test
    @DisplayName("names the first run of them, the place in the data that they are of, and the last wrong byte")
    void moved() {
        System.arraycopy(sent, 50_000, received, 10_000, 5_000);
        received[99_000] ^= 1;
        String text = WrongBytes.describe(sent, received);
        assertTrue(text.startsWith("bytes 10000 to 14999 are wrong, 5000 bytes; "), text);
        assertTrue(text.endsWith(", which stands at 50000 of the data; the last wrong byte is 99000"), text);
    }

    @Test
    @DisplayName("says so where they are of no place, up to the end of the data")
    void foreign() {
        Arrays.fill(received, 99_980, 100_000, (byte) 0);
        String text = WrongBytes.describe(sent, received);
        assertEquals("bytes 99980 to 99999 are wrong, 20 bytes; they begin with " + "00".repeat(16)
                + ", which stands nowhere in the data; the last wrong byte is 99999", text);
        assertEquals("all bytes are right, 100000 of 100000", WrongBytes.describe(sent, sent));
        assertEquals("all bytes are right, 9 of 100000", WrongBytes.describe(sent, Arrays.copyOf(sent, 9)));
    }
}
