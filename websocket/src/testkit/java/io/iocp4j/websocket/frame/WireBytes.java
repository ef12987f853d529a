package io.iocp4j.websocket.frame;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Builds the bytes of a peer, also wrong ones. It deliberately does not use the encoder under test. */
public final class WireBytes {
    public static final int KEY = 0x37FA213D;
    public static final int FIN = 0x80;

    private WireBytes() {
    }

    public static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    public static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Makes a frame as a client sends it, with the given first octet and the length in its shortest form. */
    public static byte[] masked(int firstOctet, byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        putStart(out, firstOctet, 0x80, payload.length);
        for (int shift = 24; shift >= 0; shift -= 8) {
            out.write(KEY >>> shift);
        }
        for (int i = 0; i < payload.length; i++) {
            out.write(payload[i] ^ KEY >>> 24 - 8 * (i % 4));
        }
        return out.toByteArray();
    }

    public static byte[] masked(int firstOctet, String text) {
        return masked(firstOctet, utf8(text));
    }

    /** Makes a frame as a server sends it. */
    public static byte[] unmasked(int firstOctet, byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        putStart(out, firstOctet, 0, payload.length);
        out.writeBytes(payload);
        return out.toByteArray();
    }

    public static byte[] join(byte[]... pieces) {
        int length = 0;
        for (byte[] piece : pieces) {
            length += piece.length;
        }
        ByteBuffer out = ByteBuffer.allocate(length);
        for (byte[] piece : pieces) {
            out.put(piece);
        }
        return out.array();
    }

    /** Makes a text message of masked frames whose payloads are the pieces. */
    public static byte[] fragmentedText(byte[]... pieces) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < pieces.length; i++) {
            int fin = i == pieces.length - 1 ? FIN : 0;
            out.writeBytes(masked(fin | (i == 0 ? 1 : 0), pieces[i]));
        }
        return out.toByteArray();
    }

    public static byte[] remaining(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    private static void putStart(ByteArrayOutputStream out, int firstOctet, int maskBit, int length) {
        out.write(firstOctet);
        if (length < 126) {
            out.write(maskBit | length);
        } else {
            int lengthBytes = length < 0x1_0000 ? 2 : 8;
            out.write(maskBit | (lengthBytes == 2 ? 126 : 127));
            for (int i = lengthBytes - 1; i >= 0; i--) {
                out.write((int) ((long) length >>> 8 * i));
            }
        }
    }
}
