package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A connection closes")
class TcpCloseTest extends TcpFixture {
    private static final Duration SHORT = Duration.ofMillis(80);

    @ParameterizedTest
    @EnumSource
    @Shows({"D2", "C32", "C57", "E15"})
    @DisplayName("close(): onClose at once, the small tail and FIN go out, closed() when the peer has ended too")
    void smallTail(Role role) throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = pair(role, options, recorder);
        pair.connection().send(text("the tail"));
        pair.connection().close();
        CloseInfo info = recorder.awaitClose();
        assertNull(info.error());
        assertEquals(CloseInfo.Initiator.LOCAL, info.initiator());
        assertFalse(pair.connection().closed().isDone());
        assertEquals("the tail", new String(pair.peerReadsAll()));
        pair.peer().close();
        assertTrue(awaitClosed(pair.connection()).clean());
        assertEquals(List.of("open", "close"), recorder.events());
    }

    @ParameterizedTest
    @EnumSource
    @Shows({"D3", "D5", "C23", "E11"})
    @DisplayName("a tail of 8 MiB reaches a slow reader whole after close()")
    void largeTail(Role role) throws Exception {
        byte[] data = random(8 * MIB, 9);
        Recorder recorder = new Recorder();
        Pair pair = pair(role, options.socketBuffers(SMALL, 0), recorder);
        pair.connection().send(ByteBuffer.wrap(data));
        pair.connection().close();
        recorder.awaitClose();
        assertTrue(pair.connection().bufferedAmount() > MIB);
        assertArrayEquals(data, pair.peerReadsAll());
        pair.peer().close();
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @Test
    @Shows({"D4", "E14"})
    @DisplayName("what the peer sends after close() is read and dropped: no onData, and the peer does not lose our "
            + "tail to RST")
    void inputAfterClose() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.connection().send(text("bye"));
        pair.connection().close();
        recorder.awaitClose();
        pair.peer().getOutputStream().write(new byte[MIB]);
        assertEquals("bye", new String(pair.peerReadsAll()));
        pair.peer().shutdownOutput();
        assertTrue(awaitClosed(pair.connection()).clean());
        assertEquals(MIB, pair.connection().bytesRead());
        assertEquals(List.of("open", "close"), recorder.events());
    }

    @Test
    @Shows({"D6", "C34"})
    @DisplayName("after close() everything is harmless: a second close(), sends, pause, resume, end, time")
    void harmless() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        TcpConnection connection = pair.connection();
        for (int i = 0; i < 2; i++) {
            connection.close();
            assertFalse(connection.send(text("dropped")));
            connection.pause();
            connection.resume();
            connection.pause();
            connection.end();
            connection.idleTimeout(Duration.ofHours(1));
            connection.execute(() -> recorder.add("ran after close"));
            connection.waterMarks(1, 2);
        }
        assertEquals(0, pair.peerReadsAll().length);
        pair.peer().close();
        assertTrue(awaitClosed(connection).clean(), "a pause after close() kept the peer's end from coming");
        port.close();
        connection.schedule(Duration.ZERO, () -> recorder.add("ran after close"));
        connection.idleTimeout(Duration.ofHours(1));
        connection.abort();
        connection.close();
        assertEquals(List.of("open", "close"), recorder.events());
    }

    @Test
    @Shows("D7")
    @DisplayName("a peer that resets while the tail is flushed: closed() says so, onClose is not told again")
    void resetWhileClosing() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0), recorder);
        pair.connection().send(ByteBuffer.allocate(4 * MIB));
        pair.connection().close();
        assertNull(recorder.awaitClose().error());
        pair.peerResets();
        CloseInfo info = awaitClosed(pair.connection());
        assertEquals(IoError.Group.LOST, info.error().group());
        assertTrue(info.cause() instanceof IOException, "the cause is missing");
        assertEquals(CloseInfo.Initiator.LOCAL, info.initiator());
        assertTrue(info.bytesLost() > 0);
        assertEquals(1, recorder.count("close"));
    }

    @ParameterizedTest(name = "{0} bytes queued")
    @ValueSource(ints = {0, 4 * MIB})
    @DisplayName("a peer that neither reads nor ends is cut after the linger timeout: TIMED_OUT, and how much was lost")
    void linger(int queued) throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0).lingerTimeout(SHORT), recorder);
        pair.connection().send(ByteBuffer.allocate(queued));
        long start = System.nanoTime();
        pair.connection().close();
        assertNull(recorder.awaitClose().error());
        CloseInfo info = awaitClosed(pair.connection());
        assertEquals(IoError.TIMED_OUT, info.error());
        assertTrue(millisSince(start) >= SHORT.toMillis(), "cut before its time");
        assertEquals(queued > 0, info.bytesLost() > 0);
        assertEquals(1, recorder.count("close"));
    }

    @Test
    @Shows({"D16", "D17", "B18"})
    @DisplayName("abort() drops 8 MiB at once: onClose once, closed() counts the loss, the peer sees an end or a reset")
    void abort() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0).lingerTimeout(Duration.ofSeconds(60)), recorder);
        pair.connection().send(ByteBuffer.allocate(8 * MIB));
        long start = System.nanoTime();
        pair.connection().abort();
        assertTrue(millisSince(start) < 10_000, "abort() waited");
        CloseInfo info = awaitClosed(pair.connection());
        assertTrue(millisSince(start) < 10_000, "a pending receive and send kept the connection");
        assertNull(info.error());
        assertTrue(info.bytesLost() > MIB && !info.clean());
        pair.connection().abort(IoError.OTHER, null);
        assertEquals(1, recorder.count("close"));
        assertNull(recorder.awaitClose().error());
    }

    @Test
    @DisplayName("abort(error, cause) tells onClose what the caller found")
    void abortWithError() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        IOException cause = new IOException("nonsense from the peer");
        pair.connection().abort(IoError.OTHER, cause);
        assertEquals(new CloseInfo(IoError.OTHER, CloseInfo.Initiator.LOCAL, cause, 0), recorder.awaitClose());
        assertEquals(recorder.awaitClose(), awaitClosed(pair.connection()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"open", "data", "end"})
    @Shows("D1")
    @DisplayName("close() inside a callback: what was sent before goes out, nothing is told after onClose")
    void closeInCallback(String where) throws Exception {
        Recorder recorder = new Recorder() {
            private void closeIn(String event, TcpConnection c) {
                if (event.equals(where)) {
                    c.send(text("last"));
                    c.close();
                    c.pause();
                    assertEquals(0, count("close"), "onClose ran inside close()");
                }
            }

            @Override
            public void onOpen(TcpConnection c) throws IOException {
                super.onOpen(c);
                closeIn("open", c);
            }

            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                super.onData(c, data);
                closeIn("data", c);
            }

            @Override
            public void onEnd(TcpConnection c) throws IOException {
                super.onEnd(c);
                closeIn("end", c);
            }
        };
        Pair pair = accept(options, recorder);
        pair.peerSends("x");
        pair.peer().shutdownOutput();
        assertEquals("last", new String(pair.peerReadsAll()));
        assertTrue(awaitClosed(pair.connection()).clean());
        assertEquals("close", recorder.events().getLast());
        assertEquals(1, recorder.count("close"));
    }

    @Test
    @Shows({"C31", "C33"})
    @DisplayName("end() after the peer's end closes; end() before it waits for it")
    void endInBothOrders() throws Exception {
        Recorder first = new Recorder();
        Pair peerFirst = accept(options.allowHalfOpen(true), first);
        peerFirst.peer().shutdownOutput();
        first.await("end");
        peerFirst.connection().end();
        first.awaitClose();
        assertTrue(awaitClosed(peerFirst.connection()).clean());
        Recorder second = new Recorder();
        Pair weFirst = accept(options, second);
        weFirst.connection().end();
        assertEquals(0, weFirst.peerReadsAll().length);
        assertEquals(TcpConnection.State.OPEN, weFirst.connection().state());
        weFirst.peerSends("after your end");
        weFirst.peer().shutdownOutput();
        second.awaitClose();
        assertEquals("after your end", second.received());
        assertEquals(List.of("open", "data", "end", "close"), second.events());
    }

    @Test
    @DisplayName("a close() while paused with data or the end held closes anyway")
    void closeWhilePaused() throws Exception {
        for (boolean data : new boolean[] {true, false}) {
            Recorder recorder = new Recorder();
            Pair pair = accept(options, recorder);
            pair.connection().pause();
            if (data) {
                pair.peerSends("never told");
            }
            pair.peer().shutdownOutput();
            settle(pair.connection());
            pair.connection().close();
            recorder.awaitClose();
            assertEquals(0, pair.peerReadsAll().length);
            assertTrue(awaitClosed(pair.connection()).clean());
            assertEquals(List.of("open", "close"), recorder.events());
        }
    }

    @Test
    @Shows("A6")
    @DisplayName("8 threads that close and abort the same connection: onClose once, closed() once")
    void manyClosers() throws Exception {
        for (int round = 0; round < 50; round++) {
            Recorder recorder = new Recorder();
            Pair pair = accept(options, recorder);
            CountDownLatch start = new CountDownLatch(1);
            Thread[] closers = new Thread[8];
            for (int i = 0; i < closers.length; i++) {
                Runnable how = i % 2 == 0 ? pair.connection()::close : pair.connection()::abort;
                closers[i] = Thread.ofPlatform().name("test-closer-" + i).start(() -> {
                    try {
                        await(start);
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    how.run();
                });
            }
            start.countDown();
            for (Thread closer : closers) {
                closer.join();
            }
            awaitClosed(pair.connection());
            assertEquals(1, recorder.count("close"));
        }
    }

    @Test
    @Shows("E16")
    @DisplayName("two transfers at the same time in both directions: the side that ends first does not cut the other")
    void bothDirections() throws Exception {
        byte[] ours = random(2 * MIB, 10);
        byte[] theirs = random(4 * MIB, 11);
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                pair.peer().getOutputStream().write(theirs);
                pair.peer().shutdownOutput();
            } catch (IOException e) {
                recorder.add("sender: " + e);
            }
        });
        pair.connection().send(ByteBuffer.wrap(ours));
        pair.connection().end();
        assertArrayEquals(ours, pair.peerReadsAll());
        recorder.awaitClose();
        sender.join();
        assertArrayEquals(theirs, recorder.bytes());
        assertTrue(awaitClosed(pair.connection()).clean());
    }
}
