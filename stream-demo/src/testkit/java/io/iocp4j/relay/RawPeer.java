package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** A client on a plain socket, which can send any bytes, also malformed ones. */
class RawPeer implements AutoCloseable {
    private static final String HANDSHAKE = " HTTP/1.1\r\nHost: localhost\r\n"
            + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

    private final Socket socket;

    RawPeer(InetSocketAddress address) throws IOException {
        socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout(RelayRig.DEADLINE_SECONDS * 1_000);
        socket.setTcpNoDelay(true);
    }

    RawPeer send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawPeer send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Sends bytes, and ignores it if the peer closes the connection before it has read all of them. */
    RawPeer sendUntilRefused(byte[] bytes) throws IOException {
        try {
            return send(bytes);
        } catch (SocketException e) {
            assertTrue(e.getMessage().contains("reset") || e.getMessage().contains("pipe"), e.getMessage());
            return this;
        }
    }

    RawPeer upgrade(String path) throws IOException {
        send("GET " + path + HANDSHAKE);
        assertTrue(head().startsWith("HTTP/1.1 101 "), "the handshake was refused");
        return this;
    }

    /** Reads the head of a response, up to and including its empty line. */
    String head() throws IOException {
        StringBuilder head = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            assertTrue(next >= 0, () -> "the connection ended inside a head: " + head);
            head.append((char) next);
        }
        return head.toString();
    }

    /** Reads until the connection ends, and returns everything. */
    String rest() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            socket.getInputStream().transferTo(all);
        } catch (SocketException e) {
            // if the relay closes with bytes unread, TCP sends a reset after the answer
            assertEquals("Connection reset", e.getMessage());
        }
        return all.toString(StandardCharsets.ISO_8859_1);
    }

    /** Reads frames up to a Close frame, answers it, and checks that nothing follows. Returns the close code. */
    int closeCode() throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        while (true) {
            int opcode = in.readUnsignedByte() & 15;
            int length = in.readUnsignedByte();
            length = length == 126 ? in.readUnsignedShort() : length == 127 ? Math.toIntExact(in.readLong()) : length;
            byte[] payload = in.readNBytes(length);
            if (opcode == 8) {
                sendUntilRefused(new byte[] {(byte) 0x88, (byte) 0x82, 0, 0, 0, 0, payload[0], payload[1]});
                assertEquals("", rest(), "after the Close frame");
                return (payload[0] & 255) << 8 | payload[1] & 255;
            }
        }
    }

    /** Closes the connection with a reset (RST). */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
