package io.iocp4j.relay;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;

/**
 * A viewer on a plain socket, with the minimum of RFC 6455. It reads from the network only while {@link #next} runs.
 * Between two calls, the buffers of the kernel fill up.
 */
final class ViewerSocket implements AutoCloseable {
    /** Small and fixed. Otherwise the kernel would enlarge the buffer, which would then hold seconds of video. */
    private static final int RECEIVE_BUFFER_BYTES = 64 * 1024;
    /** Longer than the grace time, for which viewers wait for a publisher. */
    private static final Duration READ_LIMIT = Duration.ofSeconds(20);
    private static final int MESSAGE_BYTES_MAX = 8 * 1024 * 1024;

    private static final int FIN = 0x80;
    private static final int MASK = 0x80;
    private static final int TEXT = 0x1;
    private static final int BINARY = 0x2;
    private static final int CLOSE = 0x8;
    private static final int PING = 0x9;
    private static final int PONG = 0xa;

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final OutputStream out;

    ViewerSocket(String relay, String path) throws IOException {
        this("/live/" + path, URI.create(relay));
    }

    /** Opens a WebSocket to another path. */
    static ViewerSocket at(String relay, String path) throws IOException {
        return new ViewerSocket(path, URI.create(relay));
    }

    private ViewerSocket(String path, URI address) throws IOException {
        socket.setReceiveBufferSize(RECEIVE_BUFFER_BYTES);
        socket.setSoTimeout((int) READ_LIMIT.toMillis());
        try {
            socket.connect(new InetSocketAddress(address.getHost(), address.getPort()));
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 4096));
            out = socket.getOutputStream();
            join(address, path);
        } catch (Throwable e) {
            socket.close();
            throw e;
        }
    }

    private void join(URI address, String path) throws IOException {
        String request = String.join("\r\n", "GET " + path + " HTTP/1.1", "Host: " + address.getAuthority(),
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==", "Sec-WebSocket-Protocol: relay.v1", "", "");
        out.write(request.getBytes(StandardCharsets.US_ASCII));
        String status = line();
        if (!status.startsWith("HTTP/1.1 101 ")) {
            throw new AssertionError("refused: " + status);
        }
        while (!line().isEmpty()) {
            // tests of the handshake check the header fields
        }
    }

    /** Waits for the next message. Throws an AssertionError for a frame that a relay must not send. */
    WireMessage next() throws IOException {
        for (;;) {
            int first = in.readUnsignedByte();
            byte[] payload = payload(in.readUnsignedByte());
            switch (first) {
                case FIN | TEXT -> {
                    return WireMessage.ofText(new String(payload, StandardCharsets.UTF_8));
                }
                case FIN | BINARY -> {
                    return WireMessage.ofBinary(ByteBuffer.wrap(payload));
                }
                case FIN | PING -> pong(payload);
                case FIN | CLOSE -> throw new AssertionError("closed: " + HexFormat.of().formatHex(payload));
                default -> throw new AssertionError("unexpected frame: 0x" + Integer.toHexString(first));
            }
        }
    }

    /** Closes the socket. Any thread. A call of {@link #next} that is waiting fails. */
    @Override
    public void close() throws IOException {
        socket.close();
    }

    private byte[] payload(int length) throws IOException {
        long bytes = switch (length) {
            case 126 -> in.readUnsignedShort();
            case 127 -> in.readLong();
            default -> length;
        };
        // RFC 6455 5.1: a server does not mask, so the highest bit of the length byte is never set
        if ((length & MASK) != 0 || bytes < 0 || bytes > MESSAGE_BYTES_MAX) {
            throw new AssertionError("bad length byte " + length + ", length " + bytes);
        }
        return in.readNBytes((int) bytes);
    }

    private void pong(byte[] payload) throws IOException {
        // RFC 6455 5.3: a client masks its frames; the key 0 leaves the payload unchanged
        ByteBuffer frame = ByteBuffer.allocate(6 + payload.length);
        frame.put((byte) (FIN | PONG)).put((byte) (MASK | payload.length)).putInt(0).put(payload);
        out.write(frame.array());
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.readUnsignedByte(); c != '\n'; c = in.readUnsignedByte()) {
            line.append((char) c);
        }
        return line.toString().trim();
    }
}
