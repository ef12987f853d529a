package io.iocp4j.websocket;

import io.iocp4j.core.IdleCost;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.zip.Deflater;

/**
 * Not a test: {@link IdleCost} of a WebSocket that has echoed messages and answered a ping. The kinds: {@code plain}, without compression;
 * {@code agreed}, where the message is too short to be compressed; {@code fresh}, where each message is compressed by itself;
 * {@code takeover}, where both sides have compressed more than fills a window, and keep what they compressed with.
 * <pre>
 * java -cp ... io.iocp4j.websocket.WebSocketIdleCost plain 10000
 * </pre>
 */
final class WebSocketIdleCost extends IdleCost {
    private static final int TEXT = 0x81;
    private static final int COMPRESSED_TEXT = 0xC1;
    private static final int PING = 0x89;
    private static final int PONG = 0x8A;
    private static final byte[] LAST = WireBytes.utf8("the last word");
    private static final byte[] SHORT = WireBytes.utf8("a message of a few words");
    /** From the default threshold on a message is compressed. */
    private static final int LONG_BYTES = 2 << 10;
    private static final int WINDOW_OF_LONG = 40;

    private WebSocketIdleCost() {
    }

    public static void main(String[] args) throws Exception {
        new WebSocketIdleCost().start(args);
    }

    @Override
    protected int serve(String kind) throws IOException {
        Deflate deflate = switch (kind) {
            case "plain" -> Deflate.off();
            case "agreed", "takeover" -> Deflate.on();
            case "fresh" -> Deflate.on().noContextTakeover(true, true);
            default -> throw new IllegalArgumentException("no server " + kind);
        };
        TcpOptions options = TcpOptions.defaults().loopback(0).maxConnections(Integer.MAX_VALUE);
        // a heartbeat as always, but none that the other ends would have to answer
        ServerOptions hourly = ServerOptions.defaults().deflate(deflate)
        .heartbeat(Duration.ofHours(1), Duration.ofSeconds(20)).tcp(options);
        return WebSocketServer.listen(hourly, request -> new TestServer.Echo()).address().getPort();
    }

    @Override
    protected byte[] opening(String kind) {
        ByteArrayOutputStream opening = new ByteArrayOutputStream();
        String extension = kind.equals("plain") ? "X-None: 0" : "Sec-WebSocket-Extensions: permessage-deflate";
        opening.writeBytes(WireBytes.utf8(RawClient.upgradeHead("/", extension)));
        if (kind.equals("plain") || kind.equals("agreed")) {
            opening.writeBytes(WireBytes.masked(TEXT, SHORT));
        } else {
            boolean takeover = kind.equals("takeover");
            int messages = takeover ? WINDOW_OF_LONG : 1;
            MessageDeflater deflater = new MessageDeflater(Deflater.DEFAULT_COMPRESSION, takeover, MessageDeflater.WINDOW_BITS_MAX);
            ByteBuffer all = ByteBuffer.wrap(ForeignPeer.numbers(messages * LONG_BYTES));
            for (int i = 0; i < messages; i++) {
                byte[] payload = WireBytes.remaining(deflater.deflate(all.slice(i * LONG_BYTES, LONG_BYTES), true));
                opening.writeBytes(WireBytes.masked(COMPRESSED_TEXT, payload));
            }
            deflater.release();
        }
        opening.writeBytes(WireBytes.masked(PING, LAST));
        return opening.toByteArray();
    }

    @Override
    protected byte[] ending(String kind) {
        return WireBytes.unmasked(PONG, LAST);
    }
}
