package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.http.HttpFixture;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A client of plain bytes: sends what it is told, right or wrong, and takes apart what comes back without the code
 * under test. Every read has a deadline. For the thread of the test.
 */
final class RawClient implements AutoCloseable {
    static final int DEADLINE_MILLIS = 5000;
    private static final int RECEIVE_BUFFER = 64 << 10;

    /** What a server sent. */
    record Frame(int firstOctet, byte[] payload) {
        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        int closeCode() {
            assertEquals(0x88, firstOctet, "a Close frame, not: " + text());
            return payload.length == 0 ? CloseCode.NO_STATUS : (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
        }
    }

    /** The server has ended its side in the middle of a frame. */
    static final class CutFrame extends EOFException {
        private static final long serialVersionUID = 1L;

        CutFrame(int firstOctet) {
            super("a frame that began with 0x%02x was cut".formatted(firstOctet));
        }
    }

    /** What a server answered; names of fields in lower case. */
    record Response(int status, Map<String, String> fields, String body) {
    }

    private final Socket socket = new Socket();
    private final DataInputStream in;

    RawClient(InetSocketAddress server) throws IOException {
        socket.setTcpNoDelay(true);
        // said by hand it stays: by itself Linux lets the buffer of somebody who does not read grow to 32 MiB
        socket.setReceiveBufferSize(RECEIVE_BUFFER);
        socket.setSoTimeout(DEADLINE_MILLIS);
        socket.connect(server, DEADLINE_MILLIS);
        in = new DataInputStream(socket.getInputStream());
    }

    static String upgradeHead(String target, String... lines) {
        String[] all = new String[lines.length + 4];
        all[0] = "Upgrade: websocket";
        all[1] = "Connection: Upgrade";
        all[2] = "Sec-WebSocket-Key: " + HttpFixture.KEY;
        all[3] = "Sec-WebSocket-Version: 13";
        System.arraycopy(lines, 0, all, 4, lines.length);
        return HttpFixture.get(target, all);
    }

    RawClient upgrade() throws IOException {
        send(upgradeHead("/"));
        assertEquals(101, response().status());
        return this;
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void send(String ascii) throws IOException {
        send(ascii.getBytes(StandardCharsets.ISO_8859_1));
    }

    void text(String message) throws IOException {
        send(WireBytes.masked(0x81, message));
    }

    void close(int code) throws IOException {
        send(WireBytes.masked(0x88, new byte[] {(byte) (code >> 8), (byte) code}));
    }

    /** The next frame. Whatever a server sends is unmasked. */
    Frame frame() throws IOException {
        int first = in.readUnsignedByte();
        long length = payloadLength(first);
        byte[] payload = in.readNBytes(Math.toIntExact(length));
        if (payload.length < length) {
            throw new CutFrame(first);
        }
        return new Frame(first, payload);
    }

    private long payloadLength(int first) throws IOException {
        try {
            int second = in.readUnsignedByte();
            assertEquals(0, second & 0x80, "a server must not mask");
            return second == 127 ? in.readLong() : second == 126 ? in.readUnsignedShort() : second;
        } catch (EOFException end) {
            throw new CutFrame(first);
        }
    }

    /** The next frame, which has to be text. */
    String text() throws IOException {
        Frame frame = frame();
        assertEquals(0x81, frame.firstOctet());
        return frame.text();
    }

    Response response() throws IOException {
        return response(false);
    }

    Response response(boolean toHead) throws IOException {
        String statusLine = line();
        assertTrue(statusLine.startsWith("HTTP/1.1 "), statusLine);
        Map<String, String> fields = new TreeMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(": ");
            String before = fields.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 2));
            assertEquals(null, before, "twice: " + line);
        }
        int length = toHead ? 0 : Integer.parseInt(fields.getOrDefault("content-length", "0"));
        String body = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        assertEquals(length, body.length());
        return new Response(Integer.parseInt(statusLine.substring(9, 12)), fields, body);
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.readUnsignedByte(); next != '\n'; next = in.readUnsignedByte()) {
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    /** The server has ended its side, in order, and sent nothing more. */
    void assertEnd() throws IOException {
        assertEquals(-1, in.read(), "nothing more and a FIN");
    }

    void assertClose(int code) throws IOException {
        assertEquals(code, frame().closeCode());
        assertEnd();
    }

    /** Ends our side only. */
    void end() throws IOException {
        socket.shutdownOutput();
    }

    /** Ends the connection with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    InputStream in() {
        return in;
    }

    Socket socket() {
        return socket;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
