package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A peer that has ended its side while data is queued for it")
class TcpLingerTest extends TcpFixture {
    private static final Duration SHORT = Duration.ofMillis(80);

    @ParameterizedTest
    @EnumSource
    @DisplayName("and never reads is cut after the linger timeout, without a close() of ours: TIMED_OUT, and how much "
            + "was lost")
    void cut(Role role) throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = pair(role, options.socketBuffers(SMALL, 0).lingerTimeout(SHORT), recorder);
        pair.connection().send(ByteBuffer.allocate(8 * MIB));
        long start = System.nanoTime();
        pair.peer().shutdownOutput();
        CloseInfo info = awaitClosed(pair.connection());
        assertEquals(IoError.TIMED_OUT, info.error());
        assertEquals(CloseInfo.Initiator.REMOTE, info.initiator());
        assertTrue(info.bytesLost() > MIB);
        assertTrue(millisSince(start) >= SHORT.toMillis(), "cut before its time");
        assertEquals(IoError.TIMED_OUT, recorder.awaitClose().error());
        assertEquals(List.of("open", "end", "close"), recorder.events());
    }

    @ParameterizedTest(name = "end() first: {0}")
    @ValueSource(booleans = {true, false})
    @DisplayName("is cut on a half-open connection too, from end() and FIN on, whichever is the second")
    void cutHalfOpen(boolean endFirst) throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0).lingerTimeout(SHORT).allowHalfOpen(true), recorder);
        pair.connection().send(ByteBuffer.allocate(8 * MIB));
        if (endFirst) {
            pair.connection().end();
        }
        pair.peer().shutdownOutput();
        recorder.await("end");
        if (!endFirst) {
            pair.connection().end();
        }
        assertEquals(IoError.TIMED_OUT, awaitClosed(pair.connection()).error());
    }

    @ParameterizedTest(name = "half-open: {0}")
    @ValueSource(booleans = {true, false})
    @DisplayName("is cut also if our end() came first and nothing has moved since")
    void cutAfterOurEnd(boolean halfOpen) throws Exception {
        Recorder left = new Recorder();
        Recorder right = new Recorder();
        // one worker takes packets in their order, so what settles has seen the send before it
        try (CompletionPort ordered = CompletionPort.open(PortOptions.defaults().workers(1))) {
            TcpPair pair = TcpPair.open(ordered, options.lingerTimeout(SHORT).allowHalfOpen(halfOpen), left, right);
            right.awaitOpen().pause();
            pair.left().send(ByteBuffer.allocate(MIB));
            settle(pair.left());
            settle(pair.right());
            pair.left().end();
            settle(pair.left());
            pair.right().end();
            assertEquals(IoError.TIMED_OUT, awaitClosed(pair.left()).error());
            assertEquals(List.of("open", "end", "close"), left.events());
        }
    }

    @Test
    @DisplayName("is not cut while a half-open connection goes on sending: nothing was ended on our side")
    void halfOpenLivesOn() throws Exception {
        byte[] data = random(2 * MIB, 15);
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0).lingerTimeout(SHORT).allowHalfOpen(true), recorder);
        pair.connection().send(ByteBuffer.wrap(data));
        pair.peer().shutdownOutput();
        recorder.await("end");
        CountDownLatch passed = new CountDownLatch(1);
        port.schedule(SHORT.multipliedBy(3), passed::countDown);
        await(passed);
        settle(pair.connection());
        assertEquals(TcpConnection.State.OPEN, pair.connection().state());
        assertArrayEquals(data, pair.peer().getInputStream().readNBytes(data.length));
        pair.connection().end();
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @Test
    @DisplayName("and reads gets all of it, and the connection ends in order")
    void readerGetsAll() throws Exception {
        byte[] data = random(8 * MIB, 16);
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0), recorder);
        pair.connection().send(ByteBuffer.wrap(data));
        pair.peer().shutdownOutput();
        recorder.await("end");
        assertArrayEquals(data, pair.peerReadsAll());
        assertNull(recorder.awaitClose().error());
        assertTrue(awaitClosed(pair.connection()).clean());
    }
}
