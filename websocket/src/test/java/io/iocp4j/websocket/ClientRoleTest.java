package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The client's end against a server of plain bytes: what it masks, what it refuses, and who ends the connection. */
class ClientRoleTest {
    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(300);

    private final Recorder recorder = new Recorder();
    private final CompletionPort port;
    private ServerSocket listener;
    private Socket server;
    private DataInputStream in;
    private WebSocket socket;

    ClientRoleTest() throws IOException {
        port = CompletionPort.open();
    }

    private record MaskedFrame(int firstOctet, int key, byte[] payload) {
        int closeCode() {
            assertEquals(0x88, firstOctet);
            return (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
        }
    }

    @BeforeEach
    void open() throws Exception {
        listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ClientEnd.connect(port, (java.net.InetSocketAddress) listener.getLocalSocketAddress(), recorder,
                ClientOptions.defaults().closeTimeout(CLOSE_TIMEOUT));
        server = listener.accept();
        server.setSoTimeout(RawClient.DEADLINE_MILLIS);
        in = new DataInputStream(server.getInputStream());
        in.readNBytes(RawClient.upgradeHead("/0").length());
        send(WireBytes.utf8("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
        socket = recorder.socket();
    }

    @AfterEach
    void close() throws Exception {
        socket.abort();
        socket.closed().get(5, TimeUnit.SECONDS);
        server.close();
        listener.close();
        port.close();
        assertTrue(recorder.ends.size() <= 1, "a second onClose: " + recorder.ends);
        assertEquals(0, port.buffers().usedBytes());
    }

    private void send(byte[] bytes) throws IOException {
        server.getOutputStream().write(bytes);
    }

    private MaskedFrame frame() throws IOException {
        int first = in.readUnsignedByte();
        int second = in.readUnsignedByte();
        assertEquals(0x80, second & 0x80, "a client masks every frame");
        int shortLength = second & 0x7F;
        long length = shortLength == 127 ? in.readLong() : shortLength == 126 ? in.readUnsignedShort() : shortLength;
        int key = in.readInt();
        byte[] payload = in.readNBytes(Math.toIntExact(length));
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= (byte) (key >>> 24 - 8 * (i % 4));
        }
        return new MaskedFrame(first, key, payload);
    }

    @Test
    @Shows("Masking")
    @DisplayName("Masking: every frame has a key of its own, in a copy: the caller's bytes stay as they were")
    void masks() throws Exception {
        Random random = new Random(7);
        Set<Integer> keys = new HashSet<>();
        int[] sizes = {0, 1, 125, 126, 65_535, 65_536, 16_384, 16_385, 300_001};
        for (int size : sizes) {
            byte[] data = new byte[size];
            random.nextBytes(data);
            byte[] before = data.clone();
            SharedMessage shared = Message.shared(port.buffers(), ByteBuffer.wrap(data), ByteBuffer.allocate(0));
            byte[] framed = WireBytes.remaining(shared.frame().buffer());
            socket.trySend(data);
            socket.trySend(ByteBuffer.wrap(data).asReadOnlyBuffer());
            socket.trySend(shared);
            for (int i = 0; i < 3; i++) {
                MaskedFrame frame = frame();
                assertEquals(0x82, frame.firstOctet());
                assertArrayEquals(before, frame.payload());
                keys.add(frame.key());
            }
            assertArrayEquals(before, data);
            assertArrayEquals(framed, WireBytes.remaining(shared.frame().buffer()));
            assertTrue(shared.release(), "a client keeps no reference");
        }
        assertEquals(3 * sizes.length, keys.size());
        assertFalse(keys.contains(0));
    }

    @Test
    @Shows("Masking")
    @DisplayName("Masking: a masked frame from a server is 1002, and the TCP end is left to the server")
    void maskedFromServer() throws Exception {
        send(WireBytes.masked(0x81, "masked"));
        assertEquals(CloseCode.PROTOCOL_ERROR, frame().closeCode());
        assertEquals(CloseCode.PROTOCOL_ERROR, recorder.end().code());
        assertFalse(socket.closed().isDone());
        server.shutdownOutput();
        assertEquals(-1, in.read());
        assertFalse(socket.closed().get(5, TimeUnit.SECONDS).clean());
    }

    @Test
    @DisplayName("the server closes: the Close is echoed masked, and FIN comes from the client only after the server's")
    void serverCloses() throws Exception {
        send(WireBytes.unmasked(0x88, new byte[] {0x0F, (byte) 0xA0, 'b', 'y', 'e'}));
        assertEquals(4000, frame().closeCode());
        assertEquals(new CloseStatus(4000, "bye", Initiator.REMOTE, true), recorder.end());
        assertEquals(WebSocket.State.CLOSING, socket.state());
        assertFalse(socket.trySend("too late"));
        server.shutdownOutput();
        assertEquals(-1, in.read());
        assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
        assertEquals(WebSocket.State.CLOSED, socket.state());
    }

    @Test
    @DisplayName("a server that never ends TCP behind both Close frames is cut at the close timeout, and the "
            + "close is clean")
    void serverKeepsTcp() throws Exception {
        long before = System.nanoTime();
        socket.close(4001, "enough");
        assertEquals(4001, recorder.end().code());
        assertEquals(4001, frame().closeCode());
        send(WireBytes.unmasked(0x88, new byte[] {0x0F, (byte) 0xA1}));
        assertEquals(-1, in.read());
        assertTrue(System.nanoTime() - before >= CLOSE_TIMEOUT.toNanos(), "the server was given its time");
        assertEquals(new CloseStatus(4001, "enough", Initiator.LOCAL, true), socket.closed().get(5, TimeUnit.SECONDS));
    }

    @Test
    @DisplayName("a server that answers nothing is cut at the close timeout, and the close is not clean")
    void silentServer() throws Exception {
        socket.close();
        assertEquals(1000, frame().closeCode());
        assertEquals(-1, in.read());
        assertFalse(socket.closed().get(5, TimeUnit.SECONDS).clean());
        assertNotEquals(WebSocket.State.OPEN, socket.state());
    }

    @Test
    @DisplayName("a server whose Close is lost with the connection: 1006, REMOTE")
    void serverGone() throws Exception {
        server.setSoLinger(true, 0);
        server.close();
        CloseStatus status = recorder.end();
        assertEquals(CloseCode.ABNORMAL, status.code());
        assertEquals(Initiator.REMOTE, status.initiator());
    }
}
