package io.iocp4j.websocket;

import io.iocp4j.websocket.frame.WireBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A line of {@code autobahn-cases.txt}, which explains itself: what a peer that only echoes is sent, and what it has to
 * answer.
 *
 * @param number such as 6.4.3
 * @param piece octets of each write, {@link #FRAMES} or {@link #WHOLE}
 * @param sent what it is sent
 * @param answers what comes back before the end
 */
record AutobahnCase(String number, int piece, List<Frame> sent, List<Frame> answers) {
    static final int WHOLE = Integer.MAX_VALUE;
    static final int FRAMES = 0;

    private static final Pattern FRAME =
            Pattern.compile("([0-9a-f]{2})(?:\\[(\\d+)])?:((?:'[^']*'|[0-9a-f]|\\*\\d+)*)");
    private static final Pattern PAYLOAD = Pattern.compile("(?:'([^']*)'|((?:[0-9a-f]{2})+))(?:\\*(\\d+))?");
    private static final int CLOSE = 0x88;
    private static final int SHOWN = 40;

    /**
     * A frame without its mask.
     *
     * @param firstOctet FIN, RSV and opcode
     * @param declared length of the payload in its header
     * @param payload as much as is sent of it
     */
    record Frame(int firstOctet, int declared, byte[] payload) {
        /** Shortened; of a Close frame the code alone. */
        @Override
        public String toString() {
            byte[] shown = Arrays.copyOf(payload, Math.min(payload.length, firstOctet == CLOSE ? 2 : SHOWN));
            String rest = firstOctet == CLOSE || shown.length == payload.length ? ""
                    : "... of " + payload.length + ", hash " + Integer.toHexString(Arrays.hashCode(payload));
            return HexFormat.of().toHexDigits((byte) firstOctet) + ":" + HexFormat.of().formatHex(shown) + rest;
        }

        private byte[] wire(boolean mask) {
            byte[] whole = Arrays.copyOf(payload, declared);
            byte[] wire = mask ? WireBytes.masked(firstOctet, whole) : WireBytes.unmasked(firstOctet, whole);
            return Arrays.copyOf(wire, wire.length - (declared - payload.length));
        }
    }

    /** The whole table. */
    static List<AutobahnCase> all() throws IOException {
        try (InputStream in = AutobahnCase.class.getResourceAsStream("autobahn-cases.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#"))
                    .map(AutobahnCase::parse).toList();
        }
    }

    private static AutobahnCase parse(String line) {
        String[] columns = line.split(" \\| ", -1);
        int piece = switch (columns[1]) {
            case "whole" -> WHOLE;
            case "frames" -> FRAMES;
            default -> Integer.parseInt(columns[1]);
        };
        return new AutobahnCase(columns[0], piece, frames(columns[2]), frames(columns[3]));
    }

    private static List<Frame> frames(String column) {
        List<Frame> frames = new ArrayList<>();
        Matcher matcher = FRAME.matcher(column);
        for (int at = 0; at < column.length(); at = matcher.end() + 1) {
            if (!matcher.find(at) || matcher.start() != at) {
                throw new IllegalArgumentException("no frame at " + at + " of " + column);
            }
            byte[] payload = payload(matcher.group(3));
            int declared = matcher.group(2) == null ? payload.length : Integer.parseInt(matcher.group(2));
            frames.add(new Frame(Integer.parseInt(matcher.group(1), 16), declared, payload));
        }
        return frames;
    }

    private static byte[] payload(String words) {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        Matcher matcher = PAYLOAD.matcher(words);
        while (matcher.find()) {
            byte[] part = matcher.group(1) == null ? WireBytes.hex(matcher.group(2)) : WireBytes.utf8(matcher.group(1));
            for (int n = matcher.group(3) == null ? 1 : Integer.parseInt(matcher.group(3)); n > 0; n--) {
                payload.writeBytes(part);
            }
        }
        return payload.toByteArray();
    }

    /** All that is sent. */
    byte[] wire(boolean mask) {
        return WireBytes.join(sent.stream().map(frame -> frame.wire(mask)).toArray(byte[][]::new));
    }

    /** The answers as {@link #talk} has them. */
    List<String> expected() {
        return answers.stream().map(Frame::toString).toList();
    }

    /**
     * Whether no rule is broken: then the last answer is the echo of a Close frame, and not the end for a violation.
     */
    boolean isValid() {
        String last = expected().getLast();
        return sent.stream().anyMatch(frame -> frame.toString().equals(last));
    }

    /** Sends it all and its end, and returns what came back until the end. The handshake is over. */
    List<String> talk(Socket socket, boolean asClient) throws IOException {
        List<String> came = new ArrayList<>();
        try {
            for (byte[] write : writes(asClient)) {
                socket.getOutputStream().write(write);
            }
            socket.shutdownOutput();
        } catch (IOException goneBefore) {
            came.add("gone before it had all: " + goneBefore.getMessage());
        }
        ByteArrayOutputStream in = new ByteArrayOutputStream();
        try {
            socket.getInputStream().transferTo(in);
        } catch (IOException noEnd) {
            came.add("no end: " + noEnd.getMessage());
        }
        ByteBuffer bytes = ByteBuffer.wrap(in.toByteArray());
        while (bytes.hasRemaining()) {
            came.add(read(bytes, !asClient).toString());
        }
        return came;
    }

    private Stream<byte[]> pieces(byte[] wire) {
        List<byte[]> pieces = new ArrayList<>();
        for (int from = 0; from < wire.length; from += Math.min(piece, wire.length - from)) {
            pieces.add(Arrays.copyOfRange(wire, from, from + Math.min(piece, wire.length - from)));
        }
        return pieces.stream();
    }

    private List<byte[]> writes(boolean mask) {
        return piece == FRAMES ? sent.stream().map(frame -> frame.wire(mask)).toList() : pieces(wire(mask)).toList();
    }

    /** Takes a frame apart, on purpose without the decoder under test. */
    static Frame read(ByteBuffer in, boolean masked) {
        int first = in.get() & 0xFF;
        int second = in.get() & 0xFF;
        if (second >>> 7 != (masked ? 1 : 0)) {
            throw new AssertionError(masked ? "a client masks" : "a server does not mask");
        }
        int short7 = second & 0x7F;
        int length = short7 == 127 ? Math.toIntExact(in.getLong()) : short7 == 126 ? in.getShort() & 0xFFFF : short7;
        byte[] key = new byte[4];
        if (masked) {
            in.get(key);
        }
        byte[] payload = new byte[length];
        in.get(payload);
        for (int i = 0; i < length; i++) {
            payload[i] ^= key[i % 4];
        }
        return new Frame(first, length, payload);
    }

    @Override
    public String toString() {
        return number;
    }
}
