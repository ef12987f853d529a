package io.iocp4j.bench.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The part of RFC 6455 that a measurement needs: the opening handshake for {@code /echo}, {@code /pub} and
 * {@code /view}, then whole frames without extensions. A ping is answered, and a Close frame ends the connection.
 * Fragments, frames without a mask and UTF-8 are not supported or not checked.
 */
final class FrameConversation extends Conversation {
    /** The longest payload of a frame, in bytes. A longer one ends the connection. */
    static final int FRAME_MAX = 1 << 20;
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int HEAD_MAX = 8 << 10;
    private static final int FIN = 0x80;
    private static final int MASKED = 0x80;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int SHORT_MAX = 125;
    private static final int TWO_BYTES = 126;
    private static final int EIGHT_BYTES = 127;

    /** The purpose of the peer's frames; OPENING before the handshake. */
    private enum Role { OPENING, ECHO, PUBLISHER, VIEWER }

    private final Consumer<ByteBuffer> published;
    private Role role = Role.OPENING;
    private boolean over;
    private ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_MIN);
    /** Always has room: it is at least as large as the input, and no answer is longer than its frame. */
    private ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_MIN);

    /**
     * Makes the conversation of a new connection.
     *
     * @param published gets each frame of a publisher as the viewers get it, in a buffer of its own; null for a server
     *        without viewers
     */
    FrameConversation(Consumer<ByteBuffer> published) {
        this.published = published;
    }

    @Override
    boolean isOver() {
        return over;
    }

    @Override
    boolean isViewer() {
        return role == Role.VIEWER;
    }

    @Override
    ByteBuffer input() {
        if (!in.hasRemaining()) {
            // no output is pending, so no bytes of it must be copied
            out = ByteBuffer.allocateDirect(2 * in.capacity());
            in = ByteBuffer.allocateDirect(2 * in.capacity()).put(in.flip());
        }
        return in;
    }

    @Override
    ByteBuffer output() throws IOException {
        in.flip();
        if (role == Role.OPENING) {
            open();
        }
        while (!over && role != Role.OPENING && frame()) {
            continue;
        }
        in.compact();
        return out.flip();
    }

    @Override
    void written() {
        out.clear();
    }

    // ------------------------------------------------------------------ handshake

    private void open() throws IOException {
        byte[] bytes = new byte[in.remaining()];
        in.get(in.position(), bytes);
        String head = new String(bytes, StandardCharsets.US_ASCII);
        int end = head.indexOf("\r\n\r\n");
        if (end < 0 && bytes.length < HEAD_MAX) {
            return;
        }
        role = switch (head.substring(0, Math.max(0, head.indexOf(" HTTP/1.1\r\n")))) {
            case "GET /echo" -> Role.ECHO;
            case "GET /pub" -> Role.PUBLISHER;
            case "GET /view" -> Role.VIEWER;
            default -> throw new IOException("a request other than for /echo, /pub or /view");
        };
        if (role != Role.ECHO && published == null) {
            throw new IOException("this server has no viewers");
        }
        String key = field(head, "sec-websocket-key: ");
        in.position(in.position() + end + 4);
        out.put(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + accept(key) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private static String field(String head, String name) throws IOException {
        int start = head.toLowerCase(Locale.ROOT).indexOf("\r\n" + name);
        if (start < 0) {
            throw new IOException("a handshake without " + name);
        }
        start += 2 + name.length();
        return head.substring(start, head.indexOf("\r\n", start)).strip();
    }

    /** RFC 6455 section 4.2.2. */
    private static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("each JDK has SHA-1", e);
        }
    }

    // ------------------------------------------------------------------ frames

    /** Takes one frame; false if it is not whole yet. */
    private boolean frame() throws IOException {
        int start = in.position();
        if (in.remaining() < 2) {
            return false;
        }
        int first = in.get(start) & 0xff;
        int second = in.get(start + 1) & 0xff;
        if (second < MASKED || (first & 0xf0) != FIN) {
            throw new IOException("a frame without a mask, or a fragment, or with an extension");
        }
        int code = second - MASKED;
        int header = 2 + (code == TWO_BYTES ? 2 : code == EIGHT_BYTES ? 8 : 0) + 4;
        if (in.remaining() < header) {
            return false;
        }
        long length = code == TWO_BYTES ? in.getShort(start + 2) & 0xffff
                : code == EIGHT_BYTES ? in.getLong(start + 2) : code;
        if (length < 0 || length > FRAME_MAX) {
            throw new IOException("a frame of " + length + " bytes");
        }
        if (in.remaining() < header + length) {
            return false;
        }
        int key = in.getInt(start + header - 4);
        in.position(start + header);
        take(first & 0x0f, (int) length, key);
        return true;
    }

    private void take(int opcode, int length, int key) {
        if (opcode >= CLOSE || role == Role.ECHO) {
            over = opcode == CLOSE;
            if (opcode != PONG) {
                header(out, opcode == PING ? PONG : opcode, length);
                unmask(in, length, key, out);
            } else {
                in.position(in.position() + length);
            }
        } else if (role == Role.PUBLISHER) {
            ByteBuffer message = ByteBuffer.allocateDirect(length + 10);
            header(message, opcode, length);
            unmask(in, length, key, message);
            published.accept(message.flip());
        } else {
            in.position(in.position() + length);
        }
    }

    private static void header(ByteBuffer to, int opcode, int length) {
        to.put((byte) (FIN | opcode));
        if (length <= SHORT_MAX) {
            to.put((byte) length);
        } else if (length <= 0xffff) {
            to.put((byte) TWO_BYTES).putShort((short) length);
        } else {
            to.put((byte) EIGHT_BYTES).putLong(length);
        }
    }

    /** Unmasks while it copies, eight bytes at a time. */
    private static void unmask(ByteBuffer from, int length, int key, ByteBuffer to) {
        long twice = (long) key << 32 | key & 0xffff_ffffL;
        int left = length;
        for (; left >= Long.BYTES; left -= Long.BYTES) {
            to.putLong(from.getLong() ^ twice);
        }
        for (int shift = 56; left > 0; left--, shift -= 8) {
            to.put((byte) (from.get() ^ twice >>> shift));
        }
    }

    @Override
    public String toString() {
        return Objects.toString(role);
    }
}
