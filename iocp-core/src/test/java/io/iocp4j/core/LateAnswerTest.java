package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An answer behind the peer's end")
class LateAnswerTest extends TcpFixture {
    private static final String WHY = "since allowHalfOpen is off";

    /** More bytes than the kernels take of a peer that does not read. */
    private static final int MUCH = 3 * MIB;

    private final Logger logger = Logger.getLogger("io.iocp4j.core.TcpConnection");
    private final List<LogRecord> lines = new CopyOnWriteArrayList<>();
    private final Handler keeping = new Handler() {
        @Override
        public void publish(LogRecord line) {
            if (line.getMessage().contains("dropped")) {
                lines.add(line);
            }
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
        logger.addHandler(keeping);
        logger.setUseParentHandlers(false);
        logger.setLevel(Level.FINE);
    }

    @AfterEach
    void stop() {
        logger.removeHandler(keeping);
        logger.setUseParentHandlers(true);
        logger.setLevel(null);
    }

    /** A connection whose peer has ended its side. */
    private Pair ended(TcpOptions chosen, Recorder recorder) throws Exception {
        Pair pair = accept(chosen, recorder);
        pair.peer().shutdownOutput();
        recorder.await("end");
        return pair;
    }

    /** A connection whose peer has ended its side, while an answer to it is still queued. */
    private Pair sending() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0), recorder);
        pair.connection().send(ByteBuffer.allocate(MUCH));
        pair.peer().shutdownOutput();
        recorder.await("end");
        // behind the end of this side
        settle(pair.connection());
        return pair;
    }

    /** Checks that the connection has said once, and says to those who ask, that data was dropped and why. */
    private void assertTold(TcpConnection connection) {
        assertEquals(1, lines.size());
        LogRecord line = lines.getFirst();
        // System.Logger's DEBUG
        assertEquals(Level.FINE, line.getLevel());
        assertTrue(line.getThrown().getMessage().contains(WHY), line.getThrown().getMessage());
        Throwable failure = assertThrows(ExecutionException.class, () -> await(connection.flushed())).getCause();
        assertEquals(IoError.BROKEN_PIPE, ((IoException) failure).error());
        assertTrue(failure.getMessage().contains(WHY), failure.getMessage());
    }

    @Test
    @DisplayName("is dropped when both sides have ended: logged once at DEBUG with the option's name, and "
            + "flushed() fails")
    void bothEnded() throws Exception {
        TcpConnection connection = ended(options, new Recorder()).connection();
        assertTrue(awaitClosed(connection).clean());
        await(connection.flushed());
        assertFalse(connection.send(ByteBuffer.allocate(0)), "nothing was lost");
        assertEquals(0, lines.size());
        assertFalse(connection.send(text("answer")));
        assertFalse(connection.send(text("ans"), text("wer")));
        assertTold(connection);
        assertTrue(assertThrows(IoException.class, () -> connection.write("answer")).getMessage().contains(WHY));
        assertEquals(1, lines.size());
    }

    @Test
    @DisplayName("is dropped also while earlier answers still leave, of which none is lost")
    void stillSending() throws Exception {
        Pair pair = sending();
        assertEquals(TcpConnection.State.OPEN, pair.connection().state());
        assertFalse(pair.connection().send(text("answer")));
        assertTold(pair.connection());
        assertEquals(MUCH, pair.peerReadsAll().length);
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @Test
    @DisplayName("is sent within onEnd, and at any time with allowHalfOpen, and nothing is logged")
    void inTime() throws Exception {
        Pair inOnEnd = ended(options, new Recorder() {
            @Override
            public void onEnd(TcpConnection c) throws IOException {
                c.send(text("answer"));
                super.onEnd(c);
            }
        });
        assertEquals("answer", new String(inOnEnd.peerReadsAll()));
        Pair halfOpen = ended(options.allowHalfOpen(true), new Recorder());
        assertTrue(halfOpen.connection().send(text("answer")));
        halfOpen.connection().end();
        assertEquals("answer", new String(halfOpen.peerReadsAll()));
        awaitClosed(inOnEnd.connection());
        awaitClosed(halfOpen.connection());
        assertEquals(List.of(), lines);
    }

    @Test
    @DisplayName("is not reported where the application itself has ended the connection, before or since")
    void ownEnd() throws Exception {
        for (boolean byAbort : new boolean[] {false, true}) {
            Pair pair = sending();
            if (byAbort) {
                pair.connection().abort();
            } else {
                pair.connection().close();
            }
            assertFalse(pair.connection().send(text("more")));
            pair.connection().abort();
            awaitClosed(pair.connection());
        }
        Pair endedFirst = accept(options, new Recorder());
        endedFirst.connection().end();
        endedFirst.peer().shutdownOutput();
        awaitClosed(endedFirst.connection());
        assertFalse(endedFirst.connection().send(text("more")));
        await(endedFirst.connection().flushed());
        assertEquals(List.of(), lines);
    }
}
