package io.iocp4j.websocket.frame;

import static io.iocp4j.websocket.frame.WireBytes.FIN;
import static io.iocp4j.websocket.frame.WireBytes.fragmentedText;
import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.Limits;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Section 6 of the Autobahn test suite, by its case numbers: text that a server must accept or refuse. It is sent as
 * one frame, one byte per frame, and one byte per buffer.
 */
class AutobahnUtf8Test {
    private static final int TEXT = 1;
    private static final String GREEK = "cebae1bdb9cf83cebcceb5";
    private static final String EDITED = "656469746564";

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "6.2.1, 48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121", "6.2.4, cebae1bdb9cf83cebcceb5",
        "6.5.1, cebae1bdb9cf83cebcceb5", "6.6.2, ceba", "6.6.5, cebae1bdb9", "6.6.7, cebae1bdb9cf83",
        "6.6.9, cebae1bdb9cf83cebc", "6.6.11, cebae1bdb9cf83cebcceb5",
        "6.7.1, 00", "6.7.2, c280", "6.7.3, e0a080", "6.7.4, f0908080",
        "6.9.1, 7f", "6.9.2, dfbf", "6.9.3, efbfbf", "6.9.4, f48fbfbf",
        "6.11.1, ed9fbf", "6.11.2, ee8080", "6.11.3, efbfbd", "6.11.4, f48fbfbf",
        "6.22.1, efbfbe", "6.22.2, efbfbf", "6.22.3, f09fbfbe", "6.22.34, f48fbfbf",
        "6.23.1, efbfb9", "6.23.2, efbfba", "6.23.3, efbfbb", "6.23.4, efbfbc", "6.23.5, efbfbd", "6.23.6, efbfbe",
        "6.23.7, efbfbf"})
    @DisplayName("Autobahn case of valid text")
    void valid(String number, String digits) {
        byte[] text = hex(digits);
        verdict(text, "text " + new String(text, StandardCharsets.UTF_8));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "6.3, cebae1bdb9cf83cebcceb5 eda080 656469746564",
        "6.6.1, ce", "6.6.3, cebae1", "6.6.4, cebae1bd", "6.6.6, cebae1bdb9cf", "6.6.8, cebae1bdb9cf83ce",
        "6.6.10, cebae1bdb9cf83cebcce", "6.8.1, f888808080", "6.8.2, fc8480808080",
        "6.10.1, f7bfbfbf", "6.10.2, fbbfbfbfbf", "6.10.3, fdbfbfbfbfbf", "6.11.5, f4908080",
        "6.12.1, 80", "6.12.2, bf", "6.12.3, 80bf", "6.12.4, 80bf80", "6.12.8, 808182838485868788898a8b8c8d8e",
        "6.13.1, c020c120c220", "6.13.2, e020e120e220", "6.13.3, f020f120f220", "6.13.4, f820f920fa20", "6.13.5, fc20",
        "6.14.1, c0", "6.14.2, e080", "6.14.3, f08080", "6.14.4, f8808080", "6.14.5, fc80808080", "6.14.6, df",
        "6.14.7, efbf", "6.14.8, f7bfbf", "6.14.9, fbbfbfbf", "6.14.10, fdbfbfbfbf",
        "6.15.1, c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf",
        "6.16.1, fe", "6.16.2, ff", "6.16.3, fefeffff",
        "6.17.1, c0af", "6.17.2, e080af", "6.17.3, f08080af", "6.17.4, f8808080af", "6.17.5, fc80808080af",
        "6.18.1, c1bf", "6.18.2, e09fbf", "6.18.3, f08fbfbf", "6.18.4, f887bfbfbf", "6.18.5, fc83bfbfbfbf",
        "6.19.1, c080", "6.19.2, e08080", "6.19.3, f0808080", "6.19.4, f880808080", "6.19.5, fc8080808080",
        "6.20.1, eda080", "6.20.2, edadbf", "6.20.3, edae80", "6.20.4, edafbf", "6.20.5, edb080", "6.20.6, edbe80",
        "6.20.7, edbfbf", "6.21.1, eda080edb080", "6.21.2, eda080edbfbf", "6.21.3, edadbfedb080",
        "6.21.4, edadbfedbfbf", "6.21.5, edae80edb080", "6.21.6, edae80edbfbf", "6.21.7, edafbfedb080",
        "6.21.8, edafbfedbfbf"})
    @DisplayName("Autobahn case of invalid text")
    void invalid(String number, String digits) {
        verdict(hex(digits), "fail 1007");
    }

    @Test
    @DisplayName("6.1.1 to 6.1.3 empty messages and empty fragments")
    void empty() {
        byte[] none = {};
        assertEquals(List.of("text "), inOneBuffer(masked(FIN | TEXT, none)));
        assertEquals(List.of("text "), inOneBuffer(fragmentedText(none, none, none)));
        assertEquals(List.of("text middle frame payload"),
            inOneBuffer(fragmentedText(none, utf8("middle frame payload"), none)));
    }

    @Test
    @DisplayName("6.2.2 text in two fragments, cut between characters")
    void twoFragments() {
        assertEquals(List.of("text Hello-\u00B5@\u00DF\u00F6\u00E4\u00FC\u00E0\u00E1-UTF-8!!"),
            inOneBuffer(fragmentedText(utf8("Hello-\u00B5@\u00DF\u00F6\u00E4"), utf8("\u00FC\u00E0\u00E1-UTF-8!!"))));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"6.4.1, '', f4908080, " + EDITED, "6.4.2, f4, 90, 8080" + EDITED})
    @DisplayName("fragments: 1007 with the fragment that makes the text invalid, before the message ends")
    void failFastBetweenFragments(String number, String good, String bad, String never) {
        CodecEvents events = new CodecEvents(Limits.defaults(), true);
        assertEquals(List.of(), feed(events, masked(TEXT, hex(GREEK + good))));
        assertEquals(List.of("fail 1007"), feed(events, masked(0, hex(bad))), never);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"6.4.3, '', f4908080, " + EDITED, "6.4.4, f4, 90, 8080" + EDITED})
    @DisplayName("chops: 1007 with the octets that make the text invalid, before the frame ends")
    void failFastInsideFrame(String number, String good, String bad, String never) {
        byte[] wire = masked(FIN | TEXT, hex(GREEK + good + bad + never));
        int untilBad = 6 + hex(GREEK + good).length;
        int afterBad = untilBad + hex(bad).length;
        CodecEvents events = new CodecEvents(Limits.defaults(), true);
        assertEquals(List.of(), feed(events, Arrays.copyOf(wire, untilBad)));
        assertEquals(List.of("fail 1007"), feed(events, Arrays.copyOfRange(wire, untilBad, afterBad)));
    }

    private static void verdict(byte[] text, String expected) {
        byte[] oneFrame = masked(FIN | TEXT, text);
        byte[][] single = new byte[text.length][];
        for (int i = 0; i < text.length; i++) {
            single[i] = new byte[] {text[i]};
        }
        assertEquals(List.of(expected), inOneBuffer(oneFrame), "one frame");
        assertEquals(List.of(expected), inOneBuffer(fragmentedText(single)), "one byte per frame");
        assertEquals(List.of(expected), CodecEvents.ofClientBytes(oneFrame, CodecEvents.ONE_BYTE), "byte per buffer");
        assertEquals(List.of("text before", expected),
            inOneBuffer(join(masked(FIN | TEXT, "before"), oneFrame)), "second message");
    }

    private static List<String> inOneBuffer(byte[] wire) {
        return CodecEvents.ofClientBytes(wire, CodecEvents.WHOLE);
    }

    private static List<String> feed(CodecEvents events, byte[] wire) {
        return events.feed(wire, CodecEvents.WHOLE, ByteBuffer::allocate);
    }
}
