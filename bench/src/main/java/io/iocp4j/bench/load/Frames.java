package io.iocp4j.bench.load;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;

/** The bytes that a client of RFC 6455 sends: the opening handshake and masked frames. */
final class Frames {
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;
    /** Every frame has the same key, because changing keys cost the load CPU time, but not the server. */
    static final int KEY = 0x37fa213d;
    /** Bytes of the longest header with a key. */
    static final int HEADER_MAX = 14;
    private static final int HEAD_MAX = 16 << 10;
    private static final String NONCE = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final String END = "\r\n\r\n";

    private Frames() {
    }

    /** A message in one masked frame. */
    static byte[] masked(int opcode, boolean compressed, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(HEADER_MAX + payload.length);
        frame.put((byte) (0x80 | (compressed ? 0x40 : 0) | opcode));
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length <= 0xffff) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        frame.putInt(KEY);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ KEY >>> 24 - 8 * (i & 3)));
        }
        byte[] bytes = new byte[frame.position()];
        frame.get(0, bytes);
        return bytes;
    }

    /** The request of a handshake; an empty extension asks for none. */
    static byte[] upgrade(String path, String extension) {
        return ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: " + NONCE + "\r\nSec-WebSocket-Version: 13\r\n"
                + (extension.isEmpty() ? "" : "Sec-WebSocket-Extensions: " + extension + "\r\n") + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Does the handshake on a blocking channel.
     *
     * @return the head of the response, in lower case
     * @throws IOException if the server does not agree
     */
    static String open(SocketChannel channel, String path, String extension) throws IOException {
        channel.write(ByteBuffer.wrap(upgrade(path, extension)));
        // byte by byte, since frames may follow at once
        ByteBuffer one = ByteBuffer.allocate(1);
        StringBuilder head = new StringBuilder();
        while (head.indexOf(END) < 0) {
            if (channel.read(one.clear()) < 0 || head.length() > HEAD_MAX) {
                throw new EOFException("no answer to the handshake for " + path + ": " + head.toString().strip());
            }
            head.append((char) one.get(0));
        }
        requireAgreed(head.toString(), path);
        return head.toString().toLowerCase(Locale.ROOT);
    }

    /** Checks the head of a response (RFC 6455 section 4.1). */
    static void requireAgreed(String head, String path) throws IOException {
        if (!head.startsWith("HTTP/1.1 101 ") || !head.contains(accept())) {
            throw new WrongAnswerException("the server does not upgrade " + path + ": " + head.lines().findFirst()
                    .orElse("no answer"));
        }
    }

    private static String accept() {
        try {
            return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1")
                    .digest((NONCE + GUID).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("each JDK has SHA-1", e);
        }
    }
}
