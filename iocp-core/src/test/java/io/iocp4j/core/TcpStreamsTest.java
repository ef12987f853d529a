package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The streams of a connection")
class TcpStreamsTest extends TcpFixture {
    private TcpConnection left;
    private TcpConnection right;

    @BeforeEach
    void openPair() throws IOException {
        TcpPair pair = TcpPair.open(port, options);
        left = pair.left();
        right = pair.right();
        closeLater(left::abort);
        closeLater(right::abort);
    }

    @Test
    @DisplayName("carry every byte, in pieces of any length, and end with the peer")
    void carry() throws Exception {
        byte[] data = random(MIB, 3);
        CompletableFuture<byte[]> read = CompletableFuture.supplyAsync(() -> {
            try {
                return left.inputStream().readAllBytes();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }, task -> Thread.ofVirtual().start(task));
        OutputStream out = right.outputStream();
        out.write(data[0]);
        out.write(data, 1, 999);
        out.write(data, 1_000, 0);
        out.write(data, 1_000, data.length - 1_000);
        out.flush();
        right.end();
        assertArrayEquals(data, await(read));
        assertEquals(-1, left.inputStream().read());
    }

    @Test
    @DisplayName("can be mixed with the other reads and writes, since they keep nothing")
    void mixed() throws IOException {
        InputStream in = left.inputStream();
        assertEquals(0, in.available());
        right.write(new byte[] {'a', (byte) 0xFF, 'b', 'c', '\n', 'd'});
        assertEquals('a', in.read());
        assertEquals(0xFF, in.read());
        assertEquals(4, in.available());
        assertEquals("bc", left.readLine());
        byte[] rest = new byte[10];
        assertEquals(0, in.read(rest, 3, 0));
        assertEquals(1, in.read(rest, 3, 7));
        assertEquals('d', rest[3]);
        assertEquals(0, in.available());
        assertThrows(IndexOutOfBoundsException.class, () -> in.read(rest, 5, 6));
    }

    @Test
    @DisplayName("close the connection when they are closed, and then throw in words")
    void close() throws Exception {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(left.inputStream(), StandardCharsets.UTF_8))) {
            right.write("one\ntwo\n");
            assertEquals("one", lines.readLine());
        }
        assertEquals(CloseInfo.Initiator.LOCAL, left.closeInfo().initiator());
        String closed = assertThrows(IoException.class, () -> left.outputStream().write(1)).getMessage();
        assertTrue(closed.startsWith("write: this side has closed the connection (OPERATION_ABORTED)"), closed);
        right.outputStream().close();
        assertTrue(awaitClosed(left).clean());
    }

    @Test
    @DisplayName("are not for a connection with a handler, which can write anyway")
    void withHandler() throws Exception {
        Pair pair = accept(options, new Recorder());
        assertThrows(IllegalStateException.class, () -> pair.connection().inputStream());
        assertFalse(pair.connection().closed().isDone());
        pair.connection().outputStream().write("text".getBytes(StandardCharsets.UTF_8));
        assertEquals("text", pair.peerReads(4));
    }
}
