package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("A handler that throws harms its own connection only")
class TcpHandlerFailureTest extends TcpFixture {
    /** Throws in one of its callbacks. */
    private static final class Throwing extends Recorder {
        private final String where;
        private final Throwable what;

        Throwing(String where, Throwable what) {
            this.where = where;
            this.what = what;
        }

        private void reached(String event) throws IOException {
            if (event.equals(where)) {
                switch (what) {
                    case IOException e -> throw e;
                    case RuntimeException e -> throw e;
                    case Error e -> throw e;
                    default -> throw new AssertionError(what);
                }
            }
        }

        @Override
        public void onOpen(TcpConnection c) throws IOException {
            super.onOpen(c);
            reached("open");
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) throws IOException {
            super.onData(c, data);
            if (where.equals("task")) {
                c.execute(() -> {
                    throw (RuntimeException) what;
                });
            }
            if (where.equals("drain")) {
                c.waterMarks(0, 0);
                c.send(text("x"));
            }
            if (where.equals("timeout")) {
                c.idleTimeout(Duration.ofMillis(1));
            }
            reached("data");
        }

        @Override
        public void onDrain(TcpConnection c) throws IOException {
            super.onDrain(c);
            reached("drain");
        }

        @Override
        public void onEnd(TcpConnection c) throws IOException {
            super.onEnd(c);
            reached("end");
        }

        @Override
        public void onTimeout(TcpConnection c) throws IOException {
            super.onTimeout(c);
            reached("timeout");
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            super.onClose(c, why);
            if (where.equals("close")) {
                throw (Error) what;
            }
        }
    }

    static Stream<Arguments> places() {
        return Stream.of(
                Arguments.of("open", new IllegalStateException("on purpose")),
                Arguments.of("open", new StackOverflowError("on purpose")),
                Arguments.of("data", new IOException("on purpose")),
                Arguments.of("data", new AssertionError("on purpose")),
                Arguments.of("drain", new IOException("on purpose")),
                Arguments.of("end", new OutOfMemoryError("on purpose")),
                Arguments.of("timeout", new IllegalArgumentException("on purpose")),
                Arguments.of("task", new IllegalArgumentException("on purpose")));
    }

    @ParameterizedTest(name = "in {0}: {1}")
    @MethodSource("places")
    @DisplayName("in each callback: HANDLER_FAILED with what was thrown, onClose once, the neighbour goes on")
    void inEachCallback(String where, Throwable thrown) throws Exception {
        Recorder neighbour = new Recorder();
        Pair other = accept(options, neighbour);
        Throwing throwing = new Throwing(where, thrown);
        Pair pair = accept(options, throwing);
        pair.peerSends("x");
        if (where.equals("end")) {
            pair.peer().shutdownOutput();
        }
        CloseInfo info = throwing.awaitClose();
        assertEquals(IoError.HANDLER_FAILED, info.error());
        assertSame(thrown, info.cause());
        assertEquals(CloseInfo.Initiator.LOCAL, info.initiator());
        assertEquals(info, awaitClosed(pair.connection()));
        assertEquals(1, throwing.count("close"));
        other.peerSends("alive");
        neighbour.awaitBytes(5);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("closings")
    @DisplayName("in onClose: told once anyway, and the connection is freed")
    void inOnClose(String how) throws Exception {
        Throwing throwing = new Throwing("close", new AssertionError("on purpose"));
        Pair pair = accept(options, throwing);
        if (how.equals("abort")) {
            pair.connection().abort();
        } else {
            pair.peer().close();
        }
        assertNull(throwing.awaitClose().error());
        awaitClosed(pair.connection());
        assertEquals(1, throwing.count("close"));
    }

    static Stream<Arguments> closings() {
        return Stream.of(Arguments.of("abort"), Arguments.of("peer closes"));
    }
}
