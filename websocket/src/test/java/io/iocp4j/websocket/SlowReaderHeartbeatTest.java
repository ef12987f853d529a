package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.FrameDecoder;
import io.iocp4j.websocket.frame.MessageAssembler;
import io.iocp4j.websocket.frame.MessageListener;
import io.iocp4j.websocket.frame.ProtocolException;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The heartbeat and a peer that reads slowly, in virtual time")
class SlowReaderHeartbeatTest {
    /** The system between them holds 16 KiB, which such a peer reads in 32 seconds. */
    private static final int BYTES_PER_SECOND = 512;
    private static final int LARGE = 300_000;

    private final VirtualPair pair = new VirtualPair(b -> b);
    private Reader reader;

    SlowReaderHeartbeatTest() throws IOException {
    }

    /** Opens a WebSocket, reads so many bytes every second, and answers pings when it sees them. */
    private final class Reader implements TcpHandler {
        private final FrameDecoder decoder = new FrameDecoder(1 << 20, false);
        private final MessageAssembler assembler = new MessageAssembler(1 << 20, 1024, new MessageListener() {
            @Override
            public void onText(String text) {
            }

            @Override
            public void onBinary(ByteBuffer data) {
                messages++;
            }

            @Override
            public void onPing(ByteBuffer payload) {
                pings++;
                connection.send(ByteBuffer.wrap(WireBytes.masked(0x8A, WireBytes.remaining(payload))));
            }

            @Override
            public void onPong(ByteBuffer payload) {
            }

            @Override
            public void onCloseFrame(int code, String reason) {
            }
        });
        private TcpConnection connection;
        private boolean upgraded;
        private boolean stopped;
        private int messages;
        private int pings;

        @Override
        public void onOpen(TcpConnection opened) {
            connection = opened;
            opened.send(ByteBuffer.wrap(WireBytes.utf8(RawClient.upgradeHead("/"))));
        }

        @Override
        public void onData(TcpConnection from, ByteBuffer data) throws IOException {
            if (!upgraded) {
                String head = StandardCharsets.ISO_8859_1.decode(data).toString();
                upgraded = head.endsWith("\r\n\r\n");
                return;
            }
            try {
                decoder.decode(data, assembler);
            } catch (ProtocolException e) {
                throw new AssertionError(e);
            }
            from.pause();
            if (!stopped) {
                from.schedule(Duration.ofSeconds(1), from::resume);
            }
        }
    }

    private void connect() throws IOException {
        reader = new Reader();
        TcpOptions options = TcpOptions.defaults().receive(BYTES_PER_SECOND, BYTES_PER_SECOND);
        TcpClient.connect(pair.port, options, pair.listening.address(), reader);
        pair.run(Duration.ofMillis(500));
        assertTrue(reader.upgraded);
    }

    @Test
    @DisplayName("a peer that takes ten minutes for one message is kept as long as it takes, and until it has "
            + "come to the ping behind it")
    void slow() throws IOException {
        connect();
        pair.server.socket.trySend(new byte[LARGE]);
        pair.run(Duration.ofSeconds(LARGE / BYTES_PER_SECOND + 60));
        assertNull(pair.server.end);
        assertEquals(1, reader.messages);
        assertNotNull(pair.server.socket.latency(), "no ping was answered");
        assertTrue(reader.pings < 10, "pings piled up behind the message: " + reader.pings);
        pair.run(Duration.ofHours(1));
        assertNull(pair.server.end);
        pair.end();
    }

    @Test
    @DisplayName("the same while this side has paused: it is kept as long as it takes")
    void slowInAPause() throws IOException {
        connect();
        pair.server.socket.pause();
        pair.server.socket.trySend(new byte[LARGE]);
        pair.run(Duration.ofSeconds(LARGE / BYTES_PER_SECOND + 600));
        assertNull(pair.server.end);
        assertEquals(1, reader.messages);
        pair.end();
    }

    @Test
    @DisplayName("a peer that stops taking is cut 20 s behind a look of the heartbeat, 60 s later at the most")
    void stops() throws IOException {
        connect();
        pair.server.socket.trySend(new byte[LARGE]);
        pair.run(Duration.ofSeconds(100));
        stopsNow("nothing was taken");
    }

    @Test
    @DisplayName("the same while this side has paused: what it does not take can be seen anyway")
    void stopsInAPause() throws IOException {
        connect();
        pair.server.socket.pause();
        pair.server.socket.trySend(new byte[LARGE]);
        pair.run(Duration.ofSeconds(100));
        stopsNow("nothing was taken");
    }

    @Test
    @DisplayName("a peer that stops when everything was taken and is on its way is cut, later by the time that "
            + "it would have needed")
    void stopsAtTheEnd() throws IOException {
        connect();
        pair.server.socket.trySend(new byte[LARGE]);
        while (pair.server.socket.bufferedAmount() > 0) {
            pair.run(Duration.ofSeconds(1));
        }
        reader.stopped = true;
        pair.run(Duration.ofMinutes(15));
        assertEquals(CloseCode.ABNORMAL, pair.server.end.code());
        pair.end();
    }

    @Test
    @DisplayName("a dead peer to which more and more is sent is cut when the system between takes no more")
    void sentToAllTheTime() throws IOException {
        connect();
        reader.stopped = true;
        for (int second = 0; second < 300 && pair.server.end == null; second++) {
            pair.server.socket.trySend(new byte[1_000]);
            pair.run(Duration.ofSeconds(1));
        }
        assertEquals(CloseCode.ABNORMAL, pair.server.end.code());
        assertTrue(pair.server.endNanos < Duration.ofSeconds(100).toNanos(), "cut after " + pair.server.endNanos / 1e9);
        pair.end();
    }

    private void stopsNow(String reason) {
        assertNull(pair.server.end);
        reader.stopped = true;
        long stopped = pair.world.nanos();
        pair.run(Duration.ofMinutes(5));
        assertEquals(CloseCode.ABNORMAL, pair.server.end.code());
        assertTrue(pair.server.end.reason().contains(reason), pair.server.end.reason());
        assertTrue(pair.server.endNanos - stopped < Duration.ofSeconds(60).toNanos(), "cut after "
                + (pair.server.endNanos - stopped) / 1e9);
        pair.end();
    }
}
