package io.iocp4j.websocket;

import static io.iocp4j.websocket.frame.WireBytes.FIN;
import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static io.iocp4j.websocket.frame.WireBytes.remaining;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.CodecEvents;
import io.iocp4j.websocket.frame.Corpus;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.MessageInflater;
import io.iocp4j.websocket.frame.ProtocolException;
import io.iocp4j.websocket.handshake.ClientHandshake;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.handshake.DeflateAgreement;
import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.handshake.Origins;
import io.iocp4j.websocket.handshake.ServerHandshake;
import io.iocp4j.websocket.handshake.WebSocketUri;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpLimits;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpRequestReader;
import io.iocp4j.websocket.http.HttpResponseHead;
import io.iocp4j.websocket.http.HttpResponseReader;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Mutated input for everything that reads what a peer sends. Whatever comes, there is a result or the one exception
 * that is declared, and no more memory than the input and a fixed sum. {@code -Dfuzz=n} sets how many inputs each test
 * takes, {@code -Dseed=n} repeats one.
 */
@Tag("fuzz")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CodecFuzzTest {
    private static final int INPUTS = Integer.getInteger("fuzz", 10_000);
    private static final Long ONLY = Long.getLong("seed");
    /** The JVM allocates on this thread for the first inputs, when it links calls and loads classes. */
    private static final int WARM = 500;
    private static final int ALLOCATED_MAX = 512 << 10;
    private static final String[] HOSTILE = {"\r\n", "\n", "\0", ",", ";", "=", "\"", "\\", ":", " ", "\t", "\u00ff",
        "99999999999999999999", "-1", "%00", "permessage-deflate", "websocket", "Upgrade", "\u007f"};

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Takes one input and says whether it was well-formed; everything undeclared is thrown. */
    private interface Target {
        boolean take(byte[] input, SplittableRandom random) throws Exception;
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    @Shows("Fuzz")
    @DisplayName("Fuzz, frames: an event list or a failure with 1002, 1007, 1008 or 1009")
    void frames() {
        byte[] hello = hex("f248cdc9c90700");
        List<byte[]> samples = List.of(
            join(masked(FIN | 1, "Hello"), masked(FIN | 9, "p"), masked(FIN | 8, hex("03e8"))),
            join(masked(1, "a"), masked(0, "b"), masked(FIN | 10, ""), masked(FIN, "c")),
            join(masked(FIN | 2, new byte[300]), masked(FIN | 9, "")),
            join(masked(FIN | 0x41, hello), masked(0x42, hello), masked(FIN, hex("00"))),
            masked(FIN | 2, new byte[70_000]),
            hex("82ff 0000000000010000 00000000 41"), hex("82fe fffe 00000000 41"));
        Limits limits = Limits.defaults().maxFragments(8);
        fuzz(samples, (input, random) -> {
            MessageInflater inflater = random.nextBoolean() ? new MessageInflater(1 << 20, 200, true) : null;
            // the long sample in pieces of a few bytes would cost more than all the others
            int pieceMax = Math.max(200, input.length / 16);
            try {
                List<String> events = new CodecEvents(limits, true, inflater)
                    .feed(input, () -> random.nextInt(1, pieceMax), ByteBuffer::allocate);
                String last = events.isEmpty() ? "" : events.getLast();
                assertTrue(!last.startsWith("fail") || Set.of("fail 1002", "fail 1007", "fail 1008", "fail 1009")
                    .contains(last), last);
                return !last.startsWith("fail");
            } finally {
                if (inflater != null) {
                    inflater.release();
                }
            }
        });
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    @Shows("Fuzz")
    @DisplayName("Fuzz, inflate: at most maxMessage bytes, or a failure with 1007, 1008 or 1009")
    void inflate() {
        List<byte[]> samples = new ArrayList<>(List.of(hex("f348cdc9c90700"), hex("f248050000 00ffff cac9c90700"),
            hex("000500fafe48656c6c6f00"), hex("f348cdc9c90700f348cdc9c9070000")));
        for (int bits = 8; bits <= 15; bits++) {
            for (Corpus corpus : Corpus.values()) {
                MessageDeflater deflater = new MessageDeflater(1 + bits % 9, false, bits);
                samples.add(remaining(deflater.deflate(ByteBuffer.wrap(corpus.bytes(5000, bits)), true)));
                samples.add(remaining(deflater.deflate(ByteBuffer.wrap(corpus.bytes(20, bits)), true)));
                deflater.release();
            }
        }
        samples.add(new byte[0]);
        fuzz(samples, (input, random) -> {
            MessageInflater inflater = new MessageInflater(6000, random.nextInt(1, 300), random.nextBoolean());
            try {
                int[] total = {0};
                for (int message = 0; message < 2; message++) {
                    total[0] = 0;
                    ByteBuffer in = ByteBuffer.wrap(input);
                    do {
                        int length = Math.min(in.remaining(), random.nextInt(1, 2000));
                        ByteBuffer part = in.slice(in.position(), length);
                        in.position(in.position() + length);
                        inflater.inflate(part, !in.hasRemaining(), piece -> total[0] += piece.remaining());
                    } while (in.hasRemaining());
                    assertTrue(total[0] <= 6000, total[0] + " bytes");
                }
                return true;
            } catch (ProtocolException e) {
                assertTrue(Set.of(1007, 1008, 1009).contains(e.closeCode()), e.toString());
                return false;
            } finally {
                inflater.release();
            }
        });
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    @Shows("Fuzz")
    @DisplayName("Fuzz, extensions: an agreement, none, or one of the two declared exceptions; an answer is understood")
    void extensions() {
        List<byte[]> samples = List.of(
            utf8("permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate"),
            utf8("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
            utf8("permessage-deflate; client_max_window_bits=\"9\", x; y=z"), utf8("permessage-deflate"));
        fuzz(samples, (input, random) -> {
            HttpHeaders headers =
                    HttpFixture.parsed("Sec-WebSocket-Extensions", new String(input, StandardCharsets.ISO_8859_1));
            Deflate options = Deflate.on().maxWindowBits(random.nextInt(8, 16), random.nextInt(8, 16));
            try {
                DeflateAgreement.check(options, headers);
            } catch (ProtocolException e) {
                assertTrue(e.closeCode() == CloseCode.PROTOCOL_ERROR, e.toString());
            }
            try {
                DeflateAgreement agreement = DeflateAgreement.accept(options, headers);
                if (agreement != null) {
                    HttpHeaders answer = HttpHeaders.builder().add("Sec-WebSocket-Extensions", agreement.extension())
                            .build();
                    assertNotNull(DeflateAgreement.check(Deflate.on(), answer));
                }
                return agreement != null;
            } catch (HttpException e) {
                assertTrue(e.status() == 400, e.toString());
                return false;
            }
        });
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    @Shows("Fuzz")
    @DisplayName("Fuzz, opening requests: a handshake, or a refusal with a status from 400 on")
    void requests() {
        List<byte[]> samples = List.of(utf8(RawClient.upgradeHead("/chat?a=b", "Origin: http://localhost",
            "Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")),
            utf8(RawClient.upgradeHead("/")), utf8(HttpFixture.get("/page%20one", "Accept: */*")));
        fuzz(samples, (input, random) -> {
            try {
                HttpRequestReader reader = new HttpRequestReader(HttpLimits.defaults());
                HttpRequest request = null;
                for (ByteBuffer piece : pieces(input, random)) {
                    request = request == null ? reader.read(piece) : request;
                }
                if (request == null) {
                    return false;
                }
                ServerHandshake.check(request, Origins.sameHost());
                String subprotocol = ServerHandshake.subprotocol(request, List.of("b", "c"));
                DeflateAgreement deflate = DeflateAgreement.accept(Deflate.on(), request.headers());
                return ServerHandshake.switching(request, subprotocol, deflate).status() == 101;
            } catch (HttpException e) {
                assertTrue(e.status() >= 400 && e.status() < 600, e.toString());
                return false;
            }
        });
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    @Shows("Fuzz")
    @DisplayName("Fuzz, opening responses: a handshake, or a refusal that is told")
    void responses() {
        byte[] nonce = new byte[ClientHandshake.NONCE_BYTES];
        ClientHandshake handshake = new ClientHandshake(WebSocketUri.of(URI.create("ws://localhost/")),
            HttpHeaders.empty(), ClientHandshake.requireSubprotocols("a", "b"), Deflate.on(), nonce);
        String accept = ServerHandshake.accept(handshake.request().headers().first("Sec-WebSocket-Key"));
        String good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: " + accept + "\r\n";
        List<byte[]> samples = List.of(utf8(good + "\r\n"), utf8(good + "Sec-WebSocket-Protocol: b\r\n"
            + "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n"),
            utf8("HTTP/1.1 401 No\r\nContent-Length: 3\r\n\r\nabc"));
        fuzz(samples, (input, random) -> {
            try {
                HttpResponseReader reader = new HttpResponseReader(HttpLimits.defaults());
                HttpResponseHead head = null;
                for (ByteBuffer piece : pieces(input, random)) {
                    head = head == null ? reader.read(piece) : head;
                }
                return head != null && head.status() == 101 && handshake.check(head) != null;
            } catch (HttpException | HandshakeException refused) {
                assertNotNull(refused.getMessage());
                return false;
            }
        });
    }

    private void fuzz(List<byte[]> samples, Target target) {
        int wellFormed = 0;
        long first = ONLY == null ? 0 : ONLY;
        long end = ONLY == null ? INPUTS : ONLY + 1;
        for (long seed = first; seed < end; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] input = samples.get(random.nextInt(samples.size()));
            for (int edits = random.nextInt(6); edits > 0; edits--) {
                input = mutated(input, random);
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                wellFormed += target.take(input, random) ? 1 : 0;
            } catch (Throwable thrown) {
                throw new AssertionError("repeat with -Dseed=" + seed, thrown);
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            // text events are kept as hexadecimal digits by the test itself
            assertTrue(seed < first + WARM || allocated < ALLOCATED_MAX + 16L * input.length,
                allocated + " bytes for " + input.length + ", repeat with -Dseed=" + seed);
        }
        // else the mutations are too weak or too strong to find anything
        assertTrue(ONLY != null || wellFormed > INPUTS / 20 && wellFormed < INPUTS - INPUTS / 20,
            wellFormed + " of " + INPUTS + " were well-formed");
    }

    private static byte[] mutated(byte[] input, SplittableRandom random) {
        int at = random.nextInt(input.length + 1);
        int length = Math.min(input.length - at, random.nextInt(1, 20));
        byte[] before = Arrays.copyOf(input, at);
        byte[] cut = Arrays.copyOfRange(input, at, at + length);
        byte[] after = Arrays.copyOfRange(input, at + length, input.length);
        return switch (random.nextInt(6)) {
            case 0 -> join(before, after);
            case 1 -> join(before, cut, cut, after);
            case 2 -> before;
            case 3 -> join(before, HOSTILE[random.nextInt(HOSTILE.length)].getBytes(StandardCharsets.ISO_8859_1), cut,
                after);
            case 4 -> {
                random.nextBytes(cut);
                yield join(before, cut, after);
            }
            default -> {
                if (length > 0) {
                    cut[0] ^= (byte) (1 << random.nextInt(8));
                }
                yield join(before, cut, after);
            }
        };
    }

    private static List<ByteBuffer> pieces(byte[] input, SplittableRandom random) {
        List<ByteBuffer> pieces = new ArrayList<>();
        for (int from = 0; from < input.length; ) {
            int length = Math.min(input.length - from, random.nextInt(1, 300));
            pieces.add(ByteBuffer.wrap(input, from, length).slice());
            from += length;
        }
        return pieces;
    }
}
