package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** In pull mode, so that each completion comes when the test takes it. */
@DisplayName("A connection for whose turn there is no memory")
class TcpPostMemoryTest {
    private static final Duration DEADLINE = Duration.ofSeconds(Recorder.DEADLINE_SECONDS);

    private final Recorder recorder = new Recorder();
    private CompletionPort pulled;
    private StrandMemoryTest.ShortPort port;
    private Socket peer;
    private TcpConnection connection;

    @BeforeEach
    void connect() throws Exception {
        pulled = CompletionPort.open(PortOptions.defaults().workers(1).pulled(true));
        port = new StrandMemoryTest.ShortPort(pulled);
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            connection = TcpClient.connect(port, TcpOptions.defaults(),
                    (InetSocketAddress) listener.getLocalSocketAddress(), recorder);
            peer = listener.accept();
        }
        deliverUntil(() -> recorder.count("open") == 1);
    }

    @AfterEach
    void close() throws Exception {
        connection.abort();
        deliverUntil(connection.closed()::isDone);
        peer.close();
        Thread closing = Thread.startVirtualThread(pulled::close);
        assertNull(pulled.take(DEADLINE));
        closing.join();
        assertEquals(0, pulled.buffers().usedBytes(), "bytes that were not given back to the pool");
    }

    private void deliverUntil(BooleanSupplier done) throws Exception {
        while (!done.getAsBoolean()) {
            pulled.take(DEADLINE).deliver();
        }
    }

    @Test
    @DisplayName("throws where it is aborted, and the next abort ends it, with onClose")
    void abort() throws Exception {
        port.postsThatThrow.set(1);
        assertThrows(OutOfMemoryError.class, connection::abort);
        connection.abort();
        deliverUntil(connection.closed()::isDone);
        assertEquals(1, recorder.count("close"));
    }

    @Test
    @DisplayName("throws where it is resumed, and the next resume brings what was held")
    void resume() throws Exception {
        connection.pause();
        peer.getOutputStream().write(new byte[4]);
        deliverUntil(() -> connection.bytesRead() == 4);
        port.postsThatThrow.set(1);
        assertThrows(OutOfMemoryError.class, connection::resume);
        connection.resume();
        deliverUntil(() -> recorder.count("data") == 1);
        recorder.awaitBytes(4);
    }

    @Test
    @DisplayName("ends where nobody would hear that the queue has drained")
    void drain() throws Exception {
        connection.waterMarks(0, 0);
        assertFalse(connection.send(ByteBuffer.allocate(1)));
        port.postsThatThrow.set(1);
        deliverUntil(connection.closed()::isDone);
        assertEquals(IoError.NO_BUFFERS, recorder.awaitClose().error());
    }

    @Test
    @DisplayName("fails what waits for a flush, rather than to forget it")
    void flushed() throws Exception {
        int much = 8 << 20;
        // so that no onDrain is posted before
        connection.waterMarks(0, 2 * much);
        connection.send(ByteBuffer.allocate(much));
        var flushed = connection.flushed();
        port.postsThatThrow.set(1);
        Thread reader = Thread.startVirtualThread(() -> readFully(much));
        deliverUntil(flushed::isDone);
        reader.join();
        assertEquals(IoError.OPERATION_ABORTED, ((IoException) flushed.exceptionNow()).error());
    }

    @Test
    @DisplayName("ends although there is none at the very end, when its handler has heard of it")
    void abortAfterClose() throws Exception {
        connection.close();
        deliverUntil(() -> recorder.count("close") == 1);
        port.postsThatThrow.set(1);
        assertThrows(OutOfMemoryError.class, connection::abort);
        deliverUntil(connection.closed()::isDone);
    }

    @Test
    @DisplayName("ends where it is closed, rather than to wait for its peer for ever")
    void closing() throws Exception {
        port.postsThatThrow.set(1);
        connection.close();
        deliverUntil(connection.closed()::isDone);
        assertEquals(IoError.NO_BUFFERS, recorder.awaitClose().error());
    }

    @Test
    @DisplayName("ends where what was received cannot wait for a callback that is running")
    void receivedMeanwhile() throws Exception {
        CountDownLatch inTask = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        connection.execute(() -> {
            inTask.countDown();
            assertTrue(awaits(goOn));
        });
        IoContext turn = pulled.take(DEADLINE);
        Thread busy = Thread.startVirtualThread(turn::deliver);
        assertTrue(awaits(inTask));
        ((TcpChannel) connection).waiting = new StrandMemoryTest.ShortQueue<>(1);
        peer.getOutputStream().write(new byte[4]);
        pulled.take(DEADLINE).deliver();
        goOn.countDown();
        busy.join();
        deliverUntil(connection.closed()::isDone);
        assertEquals(IoError.NO_BUFFERS, recorder.awaitClose().error());
        assertEquals(0, recorder.count("data"));
    }

    private void readFully(int length) {
        try {
            peer.getInputStream().readNBytes(length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean awaits(CountDownLatch latch) {
        try {
            return latch.await(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
