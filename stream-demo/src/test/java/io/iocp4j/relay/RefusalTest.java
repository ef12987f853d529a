package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Clients that are refused")
@Timeout(120)
class RefusalTest {
    private static final Logger LOG = Logger.getLogger(Refusals.class.getName());

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final SimpleFormatter text = new SimpleFormatter();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            lines.add(line.getLevel() + " " + text.formatMessage(line));
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    };

    @BeforeEach
    void listen() {
        LOG.addHandler(handler);
        LOG.setUseParentHandlers(false);
    }

    @AfterEach
    void stop() {
        LOG.removeHandler(handler);
        LOG.setUseParentHandlers(true);
    }

    @Test
    @Shows("relay O3")
    @DisplayName("a publisher that is refused gets its answer and is cut soon, also if it goes on sending")
    void whileSending() throws Exception {
        try (RelayRig rig = RelayRig.start(); RawPeer peer = rig.connect()) {
            peer.send("PUT /publish/cam1 HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n\r\n");
            assertTrue(peer.head().startsWith("HTTP/1.1 421 "));
            long start = System.nanoTime();
            while (sends(peer)) {
                assertTrue(System.nanoTime() - start < Duration.ofSeconds(5).toNanos(), "it may still send");
            }
            assertEquals(1, lines.size(), lines::toString);
            assertTrue(lines.getFirst().startsWith("WARNING refused PUT /publish/cam1 from 127.0.0.1 with 421: "),
                    lines::toString);
        }
    }

    private static boolean sends(RawPeer peer) {
        try {
            peer.send("5\r\nhello\r\n");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    @Shows("relay O3")
    @DisplayName("a viewer of a foreign page and a publisher of a foreign name are logged, a missing page is not")
    void foreign() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            rig.connect().send("GET /live/cam1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                    + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").head();
            rig.connect().send("PUT /publish/cam2 HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n").head();
            rig.send("GET", "/nothing.png");
            assertEquals(2, lines.size(), lines::toString);
            assertTrue(lines.getFirst().startsWith("WARNING refused GET /live/cam1 from 127.0.0.1 with 403: "),
                    lines::toString);
            assertTrue(lines.getLast().startsWith("WARNING refused PUT /publish/cam2 from 127.0.0.1 with 421: "),
                    lines::toString);
        }
    }

    @Test
    @Shows("relay S11")
    @DisplayName("many refusals of one client make ten lines")
    void bounded() throws Exception {
        try (RelayRig rig = RelayRig.start()) {
            for (int i = 0; i < 30; i++) {
                assertEquals(421, put(rig));
            }
            assertEquals(ClientLog.LINES_MAX, lines.size());
        }
    }

    private static int put(RelayRig rig) throws IOException {
        try (RawPeer peer = new RawPeer(rig.address())) {
            String head = peer.send("PUT /publish/cam1 HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n")
                    .head();
            return Integer.parseInt(head.substring(9, 12));
        }
    }
}
