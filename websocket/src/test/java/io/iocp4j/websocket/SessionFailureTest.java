package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.iocp4j.core.CloseInfo.Initiator;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What the session of a WebSocket throws behind its end")
class SessionFailureTest {
    private final Logger logger = Logger.getLogger(WebSocketSession.class.getName());
    private final BlockingQueue<LogRecord> lines = new LinkedBlockingQueue<>();
    private final Handler keeping = new Handler() {
        @Override
        public void publish(LogRecord line) {
            lines.add(line);
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
        keeping.setLevel(Level.ALL);
        logger.addHandler(keeping);
        logger.setLevel(Level.ALL);
        logger.setUseParentHandlers(false);
    }

    @AfterEach
    void stop() {
        logger.removeHandler(keeping);
        logger.setLevel(null);
        logger.setUseParentHandlers(true);
    }

    /** What is logged when the client has gone without a Close frame. */
    private LogRecord logged(WebSocketSession session) throws Exception {
        try (TestServer server = TestServer.with(UpgradeHandler.all(session))) {
            server.upgraded().close();
            LogRecord line = lines.poll(20, TimeUnit.SECONDS);
            assertNotNull(line, "nothing was logged");
            return line;
        }
    }

    private static IOException end(WebSocket socket) {
        try {
            while (true) {
                assertNotNull(socket.receive());
            }
        } catch (IOException e) {
            return e;
        }
    }

    @Test
    @DisplayName("is a warning if it is an IOException of the application's own")
    void ofTheApplication() throws Exception {
        FileNotFoundException thrown = new FileNotFoundException("on purpose");
        LogRecord line = logged(socket -> {
            end(socket);
            throw thrown;
        });
        assertEquals(Level.WARNING, line.getLevel());
        assertSame(thrown, line.getThrown());
    }

    @Test
    @DisplayName("is a warning if it tells of another WebSocket")
    void ofAnother() throws Exception {
        LogRecord line = logged(socket -> {
            end(socket);
            throw new WebSocketException("receive", new CloseStatus(4000, "another", Initiator.REMOTE, false));
        });
        assertEquals(Level.WARNING, line.getLevel());
    }

    @Test
    @DisplayName("is none if it tells of that end, or was caused by it")
    void ofTheEnd() throws Exception {
        assertEquals(Level.FINE, logged(socket -> {
            throw end(socket);
        }).getLevel());
        assertEquals(Level.FINE, logged(socket -> {
            end(socket);
            socket.send("too late");
        }).getLevel());
        assertEquals(Level.FINE, logged(socket -> {
            throw new UncheckedIOException(new IOException("the protocol broke off", end(socket)));
        }).getLevel());
        assertNull(lines.poll());
    }
}
