package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("The bytes of a connection over TLS")
class TlsStreamTest extends TlsFixture {
    @ParameterizedTest(name = "{0} by {1}")
    @CsvSource({"ACCEPTED,TLSv1.2", "ACCEPTED,TLSv1.3", "CONNECTED,TLSv1.2", "CONNECTED,TLSv1.3"})
    @DisplayName("arrive exactly, 16 MiB in both directions at once")
    void bothDirections(Role role, String version) throws Exception {
        byte[] ours = random(16 * MIB, 1);
        byte[] theirs = random(16 * MIB, 2);
        Recorder handler = new Recorder() {
            private final ByteBuffer left = ByteBuffer.wrap(ours);

            @Override
            public void onOpen(TcpConnection c) throws IOException {
                super.onOpen(c);
                onDrain(c);
            }

            @Override
            public void onDrain(TcpConnection c) {
                boolean more = true;
                while (more && left.hasRemaining()) {
                    int length = Math.min(left.remaining(), 50_000);
                    more = c.send(left.slice(left.position(), length));
                    left.position(left.position() + length);
                }
            }
        };
        Pair pair = secure(role, version, handler);
        CompletableFuture<Void> writer = inBackground(() -> pair.peer().getOutputStream().write(theirs));
        assertArrayEquals(ours, pair.peer().getInputStream().readNBytes(ours.length));
        await(writer);
        handler.awaitBytes(theirs.length);
        assertArrayEquals(theirs, handler.bytes());
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("come whole into receives that are smaller than a record")
    void smallReceives(Role role) throws Exception {
        byte[] theirs = random(100_000, 3);
        Recorder handler = new Recorder();
        TcpOptions chosen = (role == Role.ACCEPTED ? forServer : forClient).receive(1, 3);
        Pair pair = secure(role, TLS_1_3, chosen, handler);
        pair.peer().getOutputStream().write(theirs);
        handler.awaitBytes(theirs.length);
        assertArrayEquals(theirs, handler.bytes());
    }

    @Test
    @DisplayName("are read and written with the blocking API")
    void waitingFace() throws Exception {
        byte[] bytes = random(MIB, 4);
        TcpServer server = closeLater(TcpServer.listenBlocking(forServer, connection -> {
            for (ByteBuffer data = connection.read(); data != null; data = connection.read()) {
                connection.write(data);
            }
        }));
        TcpConnection client = TcpClient.connect(port, forClient, "localhost", server.address().getPort());
        closeLater(client::abort);
        CompletableFuture<Void> writer = inBackground(() -> {
            client.write(ByteBuffer.wrap(bytes));
            client.end();
        });
        ByteBuffer echoed = ByteBuffer.allocate(bytes.length);
        for (ByteBuffer data = client.read(); data != null; data = client.read()) {
            echoed.put(data);
        }
        await(writer);
        assertArrayEquals(bytes, echoed.array());
        client.close();
        assertTrue(awaitClosed(client).clean());
        server.close();
        server.awaitClosed();
    }

    // ------------------------------------------------------------------ one direction after the other

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("go on in one direction after the peer ended the other (TLS 1.3)")
    void peerEndsFirst(Role role) throws Exception {
        Recorder handler = new Recorder();
        TcpOptions chosen = (role == Role.ACCEPTED ? forServer : forClient).allowHalfOpen(true);
        Pair pair = secure(role, TLS_1_3, chosen, handler);
        pair.peerSends("question");
        ((SSLSocket) pair.peer()).shutdownOutput();
        handler.await("end");
        assertEquals("question", handler.received());
        byte[] answer = random(200_000, 5);
        pair.connection().send(ByteBuffer.wrap(answer));
        pair.connection().end();
        assertArrayEquals(answer, pair.peerReadsAll());
        CloseInfo info = awaitClosed(pair.connection());
        assertTrue(info.clean(), info.toString());
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("go on in one direction after this side ended the other (TLS 1.3)")
    void weEndFirst(Role role) throws Exception {
        Recorder handler = new Recorder();
        Pair pair = secure(role, TLS_1_3, handler);
        pair.connection().send(text("question"));
        pair.connection().end();
        assertEquals("question", new String(pair.peerReadsAll(), StandardCharsets.UTF_8));
        byte[] answer = random(200_000, 6);
        pair.peer().getOutputStream().write(answer);
        ((SSLSocket) pair.peer()).shutdownOutput();
        handler.await("end");
        assertArrayEquals(answer, handler.bytes());
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("end in both directions at once under TLS 1.2: what is sent after the peer's end is BROKEN_PIPE")
    void noHalfClose(Role role) throws Exception {
        Recorder handler = new Recorder();
        TcpOptions chosen = (role == Role.ACCEPTED ? forServer : forClient).allowHalfOpen(true);
        Pair pair = secure(role, TLS_1_2, chosen, handler);
        pair.peerSends("last");
        CompletableFuture<Void> closing = inBackground(pair.peer()::close);
        handler.await("end");
        assertEquals("last", handler.received());
        pair.connection().send(text("too late"));
        CloseInfo info = handler.awaitClose();
        assertEquals(IoError.BROKEN_PIPE, info.error());
        assertInstanceOf(SSLException.class, info.cause());
        assertEquals(8, awaitClosed(pair.connection()).bytesLost());
        await(closing);
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("aborted while a send is under way: its bytes count as lost, though they were in a record already, "
            + "and were not flushed")
    void abortedSend(Role role) throws Exception {
        Recorder handler = new Recorder();
        // of several workers another could deliver the end of the send before the abort
        port.close();
        port = CompletionPort.open(PortOptions.defaults().workers(1));
        Pair pair = secure(role, TLS_1_3, handler);
        TcpConnection connection = pair.connection();
        // one worker does both, and not as the connection: the send goes to the socket at once, but its end is
        // delivered after the abort
        Probe both = new Probe(null, () -> {
            connection.send(text("underway"));
            connection.abort();
        });
        connection.completionPort().post(both);
        both.await();
        assertEquals(8, awaitClosed(connection).bytesLost());
        ExecutionException notFlushed = assertThrows(ExecutionException.class, () -> connection.flushed().get());
        assertEquals(IoError.OPERATION_ABORTED, assertInstanceOf(IoException.class, notFlushed.getCause()).error());
    }

    @ParameterizedTest(name = "{0} by {1}")
    @CsvSource({"ACCEPTED,TLSv1.2", "ACCEPTED,TLSv1.3", "CONNECTED,TLSv1.2", "CONNECTED,TLSv1.3"})
    @DisplayName("end in order when the peer closes: the JDK's socket is told, and nothing is lost")
    void peerCloses(Role role, String version) throws Exception {
        Recorder handler = new Recorder();
        Pair pair = secure(role, version, handler);
        pair.peerSends("bye");
        // under TLS 1.3 a close of the JDK does not wait for the answer, so that a reset may follow it
        ((SSLSocket) pair.peer()).shutdownOutput();
        assertEquals(-1, pair.peer().getInputStream().read());
        pair.peer().close();
        CloseInfo info = handler.awaitClose();
        assertEquals("bye", handler.received());
        assertNull(info.error(), info.toString());
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @ParameterizedTest(name = "{0} by {1}")
    @CsvSource({"ACCEPTED,TLSv1.2", "ACCEPTED,TLSv1.3", "CONNECTED,TLSv1.2", "CONNECTED,TLSv1.3"})
    @DisplayName("end in order when this side closes: what is queued arrives, then close_notify, then FIN")
    void weClose(Role role, String version) throws Exception {
        Recorder handler = new Recorder();
        Pair pair = secure(role, version, handler);
        byte[] much = random(2 * MIB, 7);
        pair.connection().send(ByteBuffer.wrap(much));
        pair.connection().close();
        handler.awaitClose();
        // the JDK's socket would throw at an end without close_notify
        assertArrayEquals(much, pair.peerReadsAll());
        pair.peer().close();
        CloseInfo info = awaitClosed(pair.connection());
        assertEquals(0, info.bytesLost());
    }

    @ParameterizedTest(name = "{0} by {1}")
    @CsvSource({"ACCEPTED,TLSv1.2", "ACCEPTED,TLSv1.3", "CONNECTED,TLSv1.2", "CONNECTED,TLSv1.3"})
    @DisplayName("that end without close_notify may have been cut off: CONNECTION_RESET, after all that came")
    void truncated(Role role, String version) throws Exception {
        Recorder handler = new Recorder();
        try (TcpServer server = TcpServer.listen(port, forServer, connection -> handler); ServerSocket listener =
                listener()) {
            Socket plain;
            SSLSocket secure;
            if (role == Role.ACCEPTED) {
                plain = closeLater(new Socket(LOOPBACK, server.address().getPort()));
                secure = (SSLSocket) TestKeys.trusting().getSocketFactory().createSocket(plain, "localhost", 1, false);
                secure.setEnabledProtocols(new String[] {version});
            } else {
                TcpClient.connect(port, forClient, "localhost", listener.getLocalPort(), handler);
                plain = listener.accept();
                secure = server(TestKeys.LOCALHOST.context(), plain, version);
            }
            secure.startHandshake();
            secure.getOutputStream().write(new byte[100]);
            plain.shutdownOutput();
            CloseInfo info = handler.awaitClose();
            assertEquals(IoError.CONNECTION_RESET, info.error());
            assertEquals(CloseInfo.Initiator.REMOTE, info.initiator());
            assertTrue(info.cause().getMessage().contains("close_notify"), info.cause().toString());
            assertEquals(100, handler.bytes().length);
            assertFalse(handler.events().contains("end"), handler.events().toString());
        }
    }

    // ------------------------------------------------------------------ slow peers

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("wait for a peer that does not read, in bounded memory, and all arrive in the end")
    void slowReader(Role role) throws Exception {
        Recorder handler = new Recorder();
        TcpOptions chosen = (role == Role.ACCEPTED ? forServer : forClient).socketBuffers(SMALL, SMALL);
        Pair pair = secure(role, TLS_1_3, chosen, handler);
        PooledBuffer shared = port.buffers().acquire(MIB);
        byte[] bytes = random(shared.buffer().capacity(), 8);
        shared.buffer().put(bytes).flip();
        long queued = port.buffers().usedBytes();
        for (int i = 0; i < 8; i++) {
            assertFalse(pair.connection().send(shared));
        }
        settle(pair.connection());
        // one send in flight, one receive of each layer; nothing of the seven MiB that wait
        long more = port.buffers().usedBytes() - queued;
        assertTrue(more <= 256 << 10, "memory of TLS for a peer that does not read: " + more);
        InputStream in = pair.peer().getInputStream();
        for (int i = 0; i < 8; i++) {
            assertArrayEquals(bytes, in.readNBytes(bytes.length));
        }
        handler.await("drain");
        shared.release();
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    @DisplayName("of a peer that is not read wait with the peer, in bounded memory")
    void slowHandler(Role role) throws Exception {
        Recorder handler = new Recorder();
        TcpOptions chosen = (role == Role.ACCEPTED ? forServer : forClient).socketBuffers(SMALL, 64 << 10);
        Pair pair = secure(role, TLS_1_3, chosen, handler);
        pair.connection().pause();
        byte[] bytes = random(8 * MIB, 9);
        CompletableFuture<Void> writer = inBackground(() -> pair.peer().getOutputStream().write(bytes));
        settle(pair.connection());
        assertTrue(port.buffers().usedBytes() <= 256 << 10, "memory of TLS: " + port.buffers().usedBytes());
        assertFalse(writer.isDone(), "8 MiB went where nobody reads");
        pair.connection().resume();
        handler.awaitBytes(bytes.length);
        await(writer);
        assertArrayEquals(bytes, handler.bytes());
        assertTrue(port.buffers().usedBytes() <= 256 << 10, "memory of TLS: " + port.buffers().usedBytes());
    }
}
