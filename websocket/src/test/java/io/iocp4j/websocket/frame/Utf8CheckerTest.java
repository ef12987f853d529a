package io.iocp4j.websocket.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8CheckerTest {
    /** Both ends of each range of bytes that RFC 3629 section 4 distinguishes, at any position. */
    private static final int[] CLASSES = {
        0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
        0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFF};
    private static final int[] CONTINUATIONS = {0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF};
    /** One character at the edge of each row of that section, between long and short runs of ASCII. */
    private static final byte[] EDGES = WireBytes.utf8(
        "\u0000abc\u007F\u0080 seventeen letters \u07FF\u0800\uD7FF\uE000\uFFFD\uFFFF12345678\uD800\uDC00"
            + "x\uDBFF\uDFFFthe end is ASCII again");

    private final Utf8Checker checker = new Utf8Checker();
    private final CharsetDecoder jdk = StandardCharsets.UTF_8.newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT);
    private final CharBuffer discarded = CharBuffer.allocate(16);

    @Test
    @DisplayName("all sequences of 1 and 2 bytes have the same verdict as in the JDK")
    void shortSequences() {
        for (int first = 0; first < 256; first++) {
            checkWhole((byte) first);
            for (int second = 0; second < 256; second++) {
                checkWhole((byte) first, (byte) second);
            }
        }
    }

    @Test
    @DisplayName("all sequences of 3 and 4 bytes at the edges of byte classes have the same verdict as in the JDK")
    void longSequences() {
        for (int first : CLASSES) {
            for (int second : CLASSES) {
                for (int third : CLASSES) {
                    checkWhole((byte) first, (byte) second, (byte) third);
                    for (int fourth : CLASSES) {
                        checkWhole((byte) first, (byte) second, (byte) third, (byte) fourth);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("a prefix is refused exactly when no bytes can make it valid")
    void failsAtTheFirstBadByte() {
        for (int first : CLASSES) {
            checkPrefix((byte) first);
            for (int second : CLASSES) {
                checkPrefix((byte) first, (byte) second);
                for (int third : CLASSES) {
                    checkPrefix((byte) first, (byte) second, (byte) third);
                }
            }
        }
    }

    @Test
    @DisplayName("a valid text is valid with a cut at each byte, and complete only between characters")
    void splitAtEachByte() {
        for (int cut = 0; cut <= EDGES.length; cut++) {
            checker.reset();
            assertTrue(checker.accept(ByteBuffer.wrap(EDGES, 0, cut)), "first part of cut at " + cut);
            boolean between = cut == EDGES.length || (EDGES[cut] & 0xC0) != 0x80;
            assertEquals(between, checker.isComplete(), "cut at " + cut);
            assertTrue(checker.accept(ByteBuffer.wrap(EDGES, cut, EDGES.length - cut)), "cut at " + cut);
            assertTrue(checker.isComplete(), "cut at " + cut);
        }
    }

    @Test
    @DisplayName("a bad byte is found at each place of an ASCII run, heap and direct")
    void badByteInAscii() {
        for (int length = 1; length <= 33; length++) {
            for (int bad = 0; bad < length; bad++) {
                byte[] text = new byte[length];
                Arrays.fill(text, (byte) 'a');
                text[bad] = (byte) 0xFF;
                checker.reset();
                assertFalse(checker.accept(ByteBuffer.wrap(text)), bad + " of " + length);
                checker.reset();
                ByteBuffer direct = ByteBuffer.allocateDirect(length).put(text).flip();
                assertFalse(checker.accept(direct), bad + " of " + length + " direct");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"c0", "c1", "e09f", "eda0", "f08f", "f490", "f5", "f8", "fe", "80", "c241", "e282c0"})
    @DisplayName("overlong forms, surrogates, large code points and stray bytes fail byte by byte, at the last one")
    void oneByteAtATime(String digits) {
        byte[] bytes = HexFormat.of().parseHex(digits);
        for (int i = 0; i < bytes.length; i++) {
            assertEquals(i < bytes.length - 1, checker.accept(ByteBuffer.wrap(bytes, i, 1)), "byte " + i);
        }
    }

    @Test
    @DisplayName("a long ASCII run does not hide the half character before it, in one buffer or the next")
    void halfCharacterBeforeAscii() {
        for (String lead : new String[] {"c3", "e282", "f0", "f09f98"}) {
            byte[] half = HexFormat.of().parseHex(lead);
            byte[] ascii = WireBytes.utf8("sixteen letters!"); // only whole words of 8, nothing left over
            checker.reset();
            assertFalse(checker.accept(ByteBuffer.wrap(WireBytes.join(half, ascii))), lead);
            checker.reset();
            assertTrue(checker.accept(ByteBuffer.wrap(half)), lead);
            assertFalse(checker.accept(ByteBuffer.wrap(ascii)), lead);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("a bad byte is found at each place of a long ASCII run, whatever the start of the buffer")
    void badByteInLongRun(boolean direct) {
        int length = 300;
        ByteBuffer all = direct ? ByteBuffer.allocateDirect(length + 7) : ByteBuffer.allocate(length + 7);
        for (int offset = 0; offset <= 7; offset++) {
            ByteBuffer text = all.slice(offset, length);
            for (int i = 0; i < length; i++) {
                text.put(i, (byte) 'a');
            }
            assertTrue(accepted(text), "offset " + offset);
            for (int bad = 0; bad < length; bad++) {
                text.put(bad, (byte) 0x80);
                assertFalse(accepted(text), bad + " at offset " + offset);
                // outside of position and limit it does not count
                assertTrue(accepted(text.limit(bad)), "before " + bad + " at offset " + offset);
                assertTrue(accepted(text.limit(length).position(bad + 1)), "behind " + bad + " at offset " + offset);
                text.position(0).put(bad, (byte) 'a');
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("random texts, many with a bad byte, have the verdict of the JDK's strict decoder for each cut in two")
    void randomTextsAtEachCut(boolean direct) {
        SplittableRandom random = new SplittableRandom(20261130);
        CharsetDecoder strict = StandardCharsets.UTF_8.newDecoder();
        int invalid = 0;
        for (int i = 0; i < 400; i++) {
            byte[] text = randomText(random);
            if (random.nextBoolean() && text.length > 0) {
                text[random.nextInt(text.length)] = (byte) random.nextInt(256);
            }
            boolean valid = true;
            try {
                strict.decode(ByteBuffer.wrap(text));
            } catch (CharacterCodingException e) {
                valid = false;
                invalid++;
            }
            ByteBuffer data = direct ? ByteBuffer.allocateDirect(text.length) : ByteBuffer.allocate(text.length);
            data.put(0, text);
            for (int cut = 0; cut <= text.length; cut++) {
                checker.reset();
                checker.accept(data.clear().limit(cut));
                boolean second = checker.accept(data.clear().position(cut));
                assertEquals(valid, second && checker.isComplete(), "text " + i + " cut at " + cut);
            }
        }
        assertTrue(invalid > 50 && invalid < 350, invalid + " of 400 were invalid");
    }

    /** Runs of ASCII, some longer than any step of the checker, with other characters between them. */
    private static byte[] randomText(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        int runs = random.nextInt(5);
        for (int i = 0; i < runs; i++) {
            text.repeat('a', random.nextInt(1 << random.nextInt(9)));
            int[] limits = {0x800, 0xD800, 0x11_0000};
            int character = random.nextInt(limits[random.nextInt(limits.length)]);
            text.appendCodePoint(character >= 0xD800 && character < 0xE000 ? '?' : character);
        }
        return WireBytes.utf8(text.toString());
    }

    private boolean accepted(ByteBuffer text) {
        checker.reset();
        return checker.accept(text) && checker.isComplete();
    }

    @Test
    @DisplayName("an invalid text stays invalid until reset")
    void staysInvalid() {
        assertFalse(checker.accept(ByteBuffer.wrap(new byte[] {(byte) 0xFF})));
        assertFalse(checker.accept(ByteBuffer.wrap(WireBytes.utf8("fine"))));
        assertFalse(checker.isComplete());
        checker.reset();
        assertTrue(checker.accept(ByteBuffer.wrap(WireBytes.utf8("fine"))));
        assertTrue(checker.isComplete());
    }

    @Test
    @DisplayName("reset forgets half a character")
    void resetInsideCharacter() {
        checker.accept(ByteBuffer.wrap(new byte[] {(byte) 0xF0}));
        checker.reset();
        assertTrue(checker.accept(ByteBuffer.wrap(WireBytes.utf8("\u0080"))));
        assertTrue(checker.isComplete());
    }

    @Test
    @DisplayName("only position to limit is read and the buffer is left as it was")
    void bufferUntouched() {
        ByteBuffer data = ByteBuffer.wrap(WireBytes.hex("ff 61 62 ff")).limit(3).position(1);
        assertTrue(checker.accept(data));
        assertEquals(1, data.position());
        assertEquals(3, data.limit());
    }

    private void checkWhole(byte... text) {
        checker.reset();
        boolean valid = checker.accept(ByteBuffer.wrap(text)) && checker.isComplete();
        if (valid != validInJdk(text)) {
            assertEquals(!valid, valid, HexFormat.of().formatHex(text));
        }
    }

    private void checkPrefix(byte... prefix) {
        checker.reset();
        boolean accepted = checker.accept(ByteBuffer.wrap(prefix));
        if (accepted != hasValidCompletion(prefix, 3)) {
            assertEquals(!accepted, accepted, HexFormat.of().formatHex(prefix));
        }
    }

    private boolean hasValidCompletion(byte[] prefix, int more) {
        if (validInJdk(prefix)) {
            return true;
        }
        if (more == 0) {
            return false;
        }
        byte[] longer = Arrays.copyOf(prefix, prefix.length + 1);
        for (int next : CONTINUATIONS) {
            longer[prefix.length] = (byte) next;
            if (hasValidCompletion(longer, more - 1)) {
                return true;
            }
        }
        return false;
    }

    private boolean validInJdk(byte[] text) {
        jdk.reset();
        discarded.clear();
        return jdk.decode(ByteBuffer.wrap(text), discarded, true).isUnderflow();
    }
}
