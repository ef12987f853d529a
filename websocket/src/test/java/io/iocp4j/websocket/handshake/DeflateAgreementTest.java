package io.iocp4j.websocket.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.MessageInflater;
import io.iocp4j.websocket.frame.ProtocolException;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeflateAgreementTest {
    private static final String NAME = "permessage-deflate";
    private static final String BOTH_FLAGS = "; server_no_context_takeover; client_no_context_takeover; ";
    private final Deflate on = Deflate.on();

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ~ | ~ | Ss 15 15
        ~; client_max_window_bits | ~ | Ss 15 15
        ~; client_max_window_bits=10 | ~; client_max_window_bits=10 | Ss 15 10
        ~; client_max_window_bits=15 | ~ | Ss 15 15
        ~; server_max_window_bits=9 | ~; server_max_window_bits=9 | Ss 9 15
        ~; server_max_window_bits=8 | ~; server_max_window_bits=8 | Ss 8 15
        ~; server_max_window_bits=15 | ~; server_max_window_bits=15 | Ss 15 15
        ~; server_max_window_bits="12" | ~; server_max_window_bits=12 | Ss 12 15
        ~; server_no_context_takeover | ~; server_no_context_takeover | Ns 15 15
        ~; client_no_context_takeover | ~; client_no_context_takeover | Sn 15 15
        ~; foo, ~ | ~ | Ss 15 15
        permessage-bzip2; a=b, ~, ~; server_max_window_bits=9 | ~ | Ss 15 15
        ~; server_max_window_bits=7, ~; server_max_window_bits=10 | ~; server_max_window_bits=10 | Ss 10 15
        """)
    @DisplayName("a server accepts the first offer that follows the RFC, and confirms what it asks for")
    void accept(String offer, String answer, String expected) throws HttpException, ProtocolException {
        DeflateAgreement agreement = DeflateAgreement.accept(on, headers(offer));
        assertEquals(spelled(answer), agreement.extension());
        assertEquals(expected, shortForm(agreement));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ~ | ~!server_max_window_bits=11 | Nn 11 15
        ~; client_max_window_bits | ~@client_max_window_bits=10 | Nn 11 10
        ~; client_max_window_bits=9; server_max_window_bits=14 | ~@client_max_window_bits=9 | Nn 11 9
        """)
    @DisplayName("a server demands what its options say, but a window only of a client that can be asked")
    void demand(String offer, String answer, String expected) throws HttpException {
        Deflate options = on.noContextTakeover(true, true).maxWindowBits(11, 10);
        DeflateAgreement agreement = DeflateAgreement.accept(options, headers(offer));
        assertEquals(spelled(answer), agreement.extension());
        assertEquals(expected, shortForm(agreement));
    }

    /** Case 36: the wrong parameters of an offer. */
    @ParameterizedTest
    @ValueSource(strings = {"unknown", "unknown=1", "server_no_context_takeover=1", "server_no_context_takeover=true",
        "client_no_context_takeover=1", "server_max_window_bits", "server_max_window_bits=7",
        "server_max_window_bits=16", "server_max_window_bits=09", "server_max_window_bits=+9",
        "server_max_window_bits=-9", "server_max_window_bits=9.0",
        "server_max_window_bits=4294967305", "server_max_window_bits=99999999999999999999", "server_max_window_bits=a",
        "server_max_window_bits=2147483647", "client_max_window_bits=7", "client_max_window_bits=16",
        "client_max_window_bits=010", "client_max_window_bits=x", "client_max_window_bits=2147483647",
        "server_no_context_takeover; server_no_context_takeover", "client_max_window_bits; client_max_window_bits",
        "client_max_window_bits; client_max_window_bits=10", "server_max_window_bits=10; server_max_window_bits=10",
        "SERVER_NO_CONTEXT_TAKEOVER"})
    @DisplayName("an offer with an unknown, repeated or wrong parameter is declined, and the handshake goes on without")
    void declined(String parameters) throws HttpException {
        assertNull(DeflateAgreement.accept(on, headers(NAME + "; " + parameters)));
    }

    @Test
    @DisplayName("no offer, another extension, another case of the name, or deflate switched off: no agreement")
    void none() throws HttpException {
        assertNull(DeflateAgreement.accept(on, HttpHeaders.empty()));
        assertNull(DeflateAgreement.accept(on, headers("permessage-bzip2, x-webkit-deflate-frame")));
        assertNull(DeflateAgreement.accept(on, headers("Permessage-Deflate")));
        assertNull(DeflateAgreement.accept(Deflate.off(), headers(NAME)));
    }

    @Test
    @DisplayName("an offer that does not follow the grammar is 400, even if deflate is switched off")
    void malformedOffer() {
        for (Deflate options : new Deflate[] {on, Deflate.off()}) {
            HttpException e =
                assertThrows(HttpException.class, () -> DeflateAgreement.accept(options, headers(NAME + ";")));
            assertEquals(400, e.status());
        }
    }

    @Test
    @DisplayName("a client offers nothing when off, else what its options say and that it can be asked for a window")
    void offer() {
        assertNull(DeflateAgreement.offer(Deflate.off()));
        assertEquals("permessage-deflate; client_max_window_bits", DeflateAgreement.offer(on));
        assertEquals("permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            + "server_max_window_bits=9; client_max_window_bits=14",
            DeflateAgreement.offer(on.noContextTakeover(true, true).maxWindowBits(9, 14)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ~ | Ss 15 15
        ~; server_no_context_takeover | Ns 15 15
        ~; client_no_context_takeover | Sn 15 15
        ~; server_max_window_bits=8 | Ss 8 15
        ~; client_max_window_bits=8 | Ss 15 8
        ~;client_max_window_bits="11" ; server_max_window_bits=15 | Ss 15 11
        """)
    @DisplayName("a client accepts an answer that narrows its offer")
    void check(String answer, String expected) throws ProtocolException {
        assertEquals(expected, shortForm(DeflateAgreement.check(on, headers(answer))));
        assertNull(DeflateAgreement.check(on, HttpHeaders.empty()), "declined");
    }

    /** Case 36: the wrong parameters of an answer. */
    @ParameterizedTest
    @ValueSource(strings = {"unknown", "unknown=1", "server_no_context_takeover=1", "client_no_context_takeover=0",
        "server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=010",
        "server_max_window_bits=1000", "server_max_window_bits=-1", "server_max_window_bits=4294967305",
        "client_max_window_bits", "client_max_window_bits=7", "client_max_window_bits=16", "client_max_window_bits=0x9",
        "server_no_context_takeover; server_no_context_takeover",
        "client_max_window_bits=10; client_max_window_bits=10",
        ", " + NAME, ", foo", "=1", ";"})
    @Shows({"CVE-2026-2229", "duplicate extension"})
    @DisplayName("duplicate extension: an answer with something unknown, repeated or wrong is 1002")
    void checkFails(String rest) {
        assertRefused(on, NAME + (rest.startsWith(",") ? "" : "; ") + rest);
    }

    @Test
    @DisplayName("an answer that was not asked for, omits what was asked or goes beyond it fails the handshake")
    void unasked() throws ProtocolException {
        assertRefused(Deflate.off(), NAME);
        assertRefused(on, "permessage-bzip2");
        assertRefused(on, "foo, " + NAME);
        Deflate asks = on.noContextTakeover(true, true).maxWindowBits(10, 10);
        assertRefused(asks, NAME);
        assertRefused(asks, NAME + "; server_no_context_takeover");
        assertRefused(asks, NAME + "; server_max_window_bits=10");
        assertRefused(asks, NAME + "; server_no_context_takeover; server_max_window_bits=11");
        assertRefused(asks,
            NAME + "; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11");
        // the client does what it has offered, whether or not the server confirms it
        assertEquals("Nn 10 10", shortForm(DeflateAgreement.check(asks,
            headers(NAME + "; server_no_context_takeover; server_max_window_bits=10"))));
    }

    @Test
    @DisplayName("both ends reach the same agreement, whatever their options are")
    void bothEnds() throws HttpException, ProtocolException {
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Deflate client = options(random);
            Deflate server = options(random);
            String offer = DeflateAgreement.offer(client);
            DeflateAgreement atServer = DeflateAgreement.accept(server, headers(offer));
            DeflateAgreement atClient = DeflateAgreement.check(client, headers(atServer.extension()));
            assertEquals(atServer, atClient, "seed=" + seed);
            for (Deflate end : new Deflate[] {client, server}) {
                assertTrue(atServer.serverMaxWindowBits() <= end.serverMaxWindowBits(), "seed=" + seed);
                assertTrue(atServer.clientMaxWindowBits() <= end.clientMaxWindowBits(), "seed=" + seed);
                assertTrue(atServer.serverNoContextTakeover() || !end.serverNoContextTakeover(), "seed=" + seed);
                assertTrue(atServer.clientNoContextTakeover() || !end.clientNoContextTakeover(), "seed=" + seed);
            }
        }
    }

    @Test
    @DisplayName("each end compresses with its own half of the agreement and inflates with the other's")
    void halves() throws ProtocolException {
        DeflateAgreement agreement = new DeflateAgreement("", true, false, 9, 14);
        assertHalf(agreement, Role.SERVER, "window of 512 bytes", false, true);
        assertHalf(agreement, Role.CLIENT, "window of 16384 bytes", true, false);
    }

    private void assertHalf(DeflateAgreement agreement, Role role, String window, boolean deflaterKeeps,
                            boolean inflaterKeeps) throws ProtocolException {
        MessageDeflater deflater = agreement.deflater(role, on);
        MessageInflater inflater = agreement.inflater(role, on, 1 << 20);
        try {
            assertTrue(deflater.toString().contains(window), deflater.toString());
            inflater.inflate(deflater.deflate(ByteBuffer.wrap(new byte[9]), true), true, piece -> { });
            assertEquals(deflaterKeeps, deflater.isHolding());
            assertEquals(inflaterKeeps, inflater.isHolding());
        } finally {
            deflater.release();
            inflater.release();
        }
    }

    private static Deflate options(SplittableRandom random) {
        return Deflate.on().noContextTakeover(random.nextBoolean(), random.nextBoolean())
            .maxWindowBits(random.nextInt(8, 16), random.nextInt(8, 16));
    }

    private static void assertRefused(Deflate options, String answer) {
        ProtocolException e =
            assertThrows(ProtocolException.class, () -> DeflateAgreement.check(options, headers(answer)));
        assertEquals(CloseCode.PROTOCOL_ERROR, e.closeCode());
        assertTrue(e.getMessage().length() <= 123, e.getMessage());
    }

    /** Returns S or N for the server's context takeover, s or n for the client's, and the two windows. */
    private static String shortForm(DeflateAgreement agreement) {
        return (agreement.serverNoContextTakeover() ? "N" : "S") + (agreement.clientNoContextTakeover() ? "n" : "s")
            + " " + agreement.serverMaxWindowBits() + " " + agreement.clientMaxWindowBits();
    }

    private static HttpHeaders headers(String extensions) {
        return HttpHeaders.builder().add("Sec-WebSocket-Extensions", spelled(extensions)).build();
    }

    /** Expands the tables: ~ is the name, ! is both flags, and @ is the flags and windows of 11 bits. */
    private static String spelled(String extensions) {
        return extensions.replace("~", NAME).replace("!", BOTH_FLAGS)
            .replace("@", BOTH_FLAGS + "server_max_window_bits=11; ");
    }
}
