package io.iocp4j.bench;

import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.frame.FrameEncoder;
import io.iocp4j.websocket.frame.Masker;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.Opcode;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * {@link IdleCost} of a WebSocket that has echoed messages and answered a ping. The kinds are:
 * <ul>
 * <li>{@code plain}: no compression;
 * <li>{@code agreed}: compression is agreed on, but the message is too short to be compressed;
 * <li>{@code fresh}: each message is compressed without the context of earlier messages;
 * <li>{@code takeover}: both sides have compressed more bytes than a window holds, and keep their contexts.
 * </ul>
 * <pre>
 * java -cp ... io.iocp4j.bench.WebSocketIdleCost plain 10000
 * </pre>
 */
public final class WebSocketIdleCost extends IdleCost {
    private static final byte[] LAST = ascii("the last word");
    private static final byte[] SHORT = ascii("a message of a few words");
    private static final int KEY = 0x01020304;
    /** Bytes of a header with a length of two octets and a key. */
    private static final int HEADER_MAX = 8;
    /** Above the default threshold, so that a message is compressed. */
    private static final int LONG_BYTES = 2 << 10;
    private static final int WINDOW_OF_LONG = 40;

    private WebSocketIdleCost() {
    }

    /**
     * Measures; in a JVM that the measurement has started, runs one of the two sides.
     *
     * @param args the kind of server, and the number of connections
     * @throws Exception whatever goes wrong
     */
    public static void main(String[] args) throws Exception {
        new WebSocketIdleCost().start(args);
    }

    @Override
    int serve(String kind) throws IOException {
        Deflate deflate = switch (kind) {
            case "plain" -> Deflate.off();
            case "agreed", "takeover" -> Deflate.on();
            case "fresh" -> Deflate.on().noContextTakeover(true, true);
            default -> throw new IllegalArgumentException("no server " + kind);
        };
        TcpOptions options = TcpOptions.defaults().loopback(0).maxConnections(Integer.MAX_VALUE);
        // a heartbeat as usual, but so slow that the other ends never have to answer a ping
        ServerOptions hourly = ServerOptions.defaults().deflate(deflate)
                .heartbeat(Duration.ofHours(1), Duration.ofSeconds(20)).tcp(options);
        return WebSocketServer.listen(hourly, request -> new Echo()).address().getPort();
    }

    @Override
    byte[] opening(String kind) {
        ByteArrayOutputStream opening = new ByteArrayOutputStream();
        String extension = kind.equals("plain") ? "X-None: 0" : "Sec-WebSocket-Extensions: permessage-deflate";
        opening.writeBytes(ascii("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + extension
                + "\r\n\r\n"));
        if (kind.equals("plain") || kind.equals("agreed")) {
            opening.writeBytes(frame(false, Opcode.TEXT, ByteBuffer.wrap(SHORT)));
        } else {
            boolean takeover = kind.equals("takeover");
            int messages = takeover ? WINDOW_OF_LONG : 1;
            MessageDeflater deflater =
                    new MessageDeflater(Deflater.DEFAULT_COMPRESSION, takeover, MessageDeflater.WINDOW_BITS_MAX);
            ByteBuffer all = ByteBuffer.wrap(numbers(messages * LONG_BYTES));
            for (int i = 0; i < messages; i++) {
                ByteBuffer payload = deflater.deflate(all.slice(i * LONG_BYTES, LONG_BYTES), true);
                opening.writeBytes(frame(true, Opcode.TEXT, payload));
            }
            deflater.release();
        }
        opening.writeBytes(frame(false, Opcode.PING, ByteBuffer.wrap(LAST)));
        return opening.toByteArray();
    }

    @Override
    byte[] ending(String kind) {
        ByteBuffer pong = ByteBuffer.allocate(HEADER_MAX + LAST.length);
        FrameEncoder.putHeader(pong, true, false, Opcode.PONG, LAST.length);
        return Arrays.copyOf(pong.put(LAST).array(), pong.position());
    }

    /** A message in one frame, as a client sends it. */
    private static byte[] frame(boolean compressed, Opcode opcode, ByteBuffer payload) {
        ByteBuffer frame = ByteBuffer.allocate(HEADER_MAX + payload.remaining());
        FrameEncoder.putHeader(frame, true, compressed, opcode, payload.remaining(), KEY);
        int start = frame.position();
        frame.put(payload);
        Masker.mask(frame.duplicate().flip().position(start), KEY);
        return Arrays.copyOf(frame.array(), frame.position());
    }

    private static byte[] numbers(int length) {
        StringBuilder numbers = new StringBuilder(length + 10);
        for (int n = 0; numbers.length() < length; n++) {
            numbers.append(n).append(',');
        }
        numbers.setLength(length);
        return ascii(numbers.toString());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static final class Echo implements WebSocketListener {
        @Override
        public void onText(WebSocket socket, String text) throws IOException {
            socket.trySend(text);
        }
    }
}
