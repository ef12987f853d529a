package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Awaited;
import io.iocp4j.core.Awaited.Pair;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortSocket;
import io.iocp4j.core.Shows;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Transfers handle the results that Windows gives, and Wine does not give reliably")
class IocpOutcomesTest {
    private static final int TCP = 6;

    private final FakeKernel kernel = new FakeKernel();
    private CompletionPort port;

    private CompletionPort open(IocpLimits limits) throws Exception {
        port = new IocpPort(PortOptions.defaults().workers(2), kernel, limits);
        return port;
    }

    private Pair pair() throws Exception {
        return Pair.of(open(IocpLimits.defaults()));
    }

    @AfterEach
    void nothingIsLeft() {
        port.close();
        assertEquals(0, port.buffers().usedBytes());
        assertEquals(List.of(), kernel.leftovers());
    }

    private static ByteBuffer bytes(int count) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(count);
        for (int i = 0; i < count; i++) {
            buffer.put(i, (byte) i);
        }
        return buffer;
    }

    private long calls(String name) {
        return kernel.calls().stream().filter(name::equals).count();
    }

    @ParameterizedTest(name = "a packet with NTSTATUS {0} fails with {1} ({2})")
    @CsvSource({"C00000C4, CONNECTION_RESET, 59", "C00000C9, CONNECTION_RESET, 64",
        "C000020D, CONNECTION_RESET, 10054", "C000013C, CONNECTION_RESET, 10054", "C000023F, CONNECTION_RESET, 10054",
        "C0000241, CONNECTION_ABORTED, 10053", "C000013B, CONNECTION_ABORTED, 10053", "C00000B5, TIMED_OUT, 10060",
        "C0000236, CONNECTION_REFUSED, 10061", "C000023C, NETWORK_UNREACHABLE, 10051",
        "C000023D, HOST_UNREACHABLE, 10065", "C00000B0, SHUT_DOWN, 10058", "C0000120, OPERATION_ABORTED, 995",
        "8000000A, OPERATION_ABORTED, 995", "C0000001, OTHER, 0", "00000103, OTHER, 0"})
    void statuses(String status, IoError error, int code) throws Exception {
        Pair pair = pair();
        kernel.endNext("receive", Integer.parseUnsignedInt(status, 16));
        Awaited received = Awaited.receive(pair.server(), bytes(10));
        received.failed(error);
        assertEquals(code, ((WinError) received.cause()).code());
        assertTrue(received.cause().getMessage().contains(status), received.cause().getMessage());
    }

    @ParameterizedTest(name = "a receive or send that fails at once with {0} has exactly one completion, {1}, and no "
            + "packet")
    @CsvSource({"10054, CONNECTION_RESET", "10053, CONNECTION_ABORTED", "10057, NOT_CONNECTED",
        "10038, BAD_DESCRIPTOR", "12345, OTHER"})
    void failuresAtOnce(int code, IoError error) throws Exception {
        Pair pair = pair();
        kernel.failNext("receive", code);
        Awaited.receive(pair.server(), bytes(10)).failed(error);
        kernel.failNext("send", code);
        Awaited.send(pair.client(), bytes(10)).failed(error);
    }

    @Test
    @DisplayName("after a reset the system is not asked again: each receive and send fails with 10054, never with "
            + "the 0 of an orderly end")
    void resetRepeats() throws Exception {
        Pair pair = pair();
        Awaited first = Awaited.receive(pair.server(), bytes(10));
        kernel.resetEveryConnection();
        first.failed(IoError.CONNECTION_RESET);
        long asked = calls("receive") + calls("send");
        for (int i = 0; i < 3; i++) {
            Awaited.receive(pair.server(), bytes(10)).failed(IoError.CONNECTION_RESET);
            Awaited.send(pair.server(), bytes(10)).failed(IoError.CONNECTION_RESET);
        }
        assertEquals(asked, calls("receive") + calls("send"));
    }

    @Test
    @DisplayName("a receive that fails with 10055, at once or in its packet, becomes a zero-byte read, and nothing "
            + "is lost")
    void noBuffers() throws Exception {
        Pair pair = pair();
        kernel.failNext("receive", WinApi.WSAENOBUFS);
        Awaited submitted = Awaited.receive(pair.server(), bytes(10));
        Awaited.send(pair.client(), bytes(4)).ended(4);
        submitted.ended(4);
        kernel.endNext("receive", 0xC000009A);
        Awaited packet = Awaited.receive(pair.server(), bytes(10));
        Awaited.send(pair.client(), bytes(5)).ended(5);
        packet.ended(5);
        assertEquals(2, calls("receiveNow"));
        kernel.failNext("receive", WinApi.WSAENOBUFS);
        kernel.failNext("receive", WinApi.WSAENOBUFS);
        Awaited.receive(pair.server(), bytes(10)).failed(IoError.NO_BUFFERS);
        // unlike a reset, a lack of memory does not end the connection
        Awaited.send(pair.client(), bytes(6)).ended(6);
        Awaited.receive(pair.server(), bytes(10)).ended(6);
    }

    @Test
    @DisplayName("the 0 of a zero-byte read is not the end of the peer's data: data, FIN and RST after it are told "
            + "apart")
    void zeroReads() throws Exception {
        Pair pair = Pair.of(open(new IocpLimits(100, 4, 0)));
        Awaited data = Awaited.receive(pair.server(), bytes(10));
        Awaited.send(pair.client(), bytes(3)).ended(3);
        data.ended(3);
        Awaited end = Awaited.receive(pair.server(), bytes(10));
        pair.client().shutdownOutput();
        end.ended(0);
        Awaited reset = Awaited.receive(pair.client(), bytes(10));
        kernel.failNext("receiveNow", 10054);
        Awaited.send(pair.server(), bytes(1)).ended(1);
        reset.failed(IoError.CONNECTION_RESET);
    }

    @Test
    @DisplayName("a zero-byte read that ends with nothing to read begins again")
    void spuriousZeroRead() throws Exception {
        Pair pair = Pair.of(open(new IocpLimits(100, 4, 0)));
        kernel.failNext("receiveNow", WinApi.WSAEWOULDBLOCK);
        kernel.failNext("receiveNow", WinApi.WSAEWOULDBLOCK);
        Awaited received = Awaited.receive(pair.server(), bytes(10));
        Awaited.send(pair.client(), bytes(7)).ended(7);
        received.ended(7);
        assertEquals(3, calls("receiveNow"));
    }

    @Test
    @DisplayName("a send may be taken in part: the bytes taken are counted, and the positions move by them")
    void shortSend() throws Exception {
        Pair pair = pair();
        kernel.shortSends();
        ByteBuffer[] parts = {bytes(40_000), bytes(40_000), ByteBuffer.allocate(100)};
        Awaited.send(pair.client(), parts).ended(FakeSocket.End.ROOM);
        assertEquals(40_000, parts[0].position());
        assertEquals(FakeSocket.End.ROOM - 40_000, parts[1].position());
        assertEquals(0, parts[2].position());
    }

    @Test
    @DisplayName("a long send goes in portions, so that the sender sees the progress of a slow peer")
    void portions() throws Exception {
        Pair pair = pair();
        ByteBuffer large = bytes(1 << 20);
        Awaited sent = Awaited.send(pair.client(), large);
        // not until the send is done: its completion may come later than its last byte
        for (long left = TransferMemory.SEND_BYTES_MAX; left > 0;) {
            Awaited received = Awaited.receive(pair.server(), bytes(50_000));
            received.await();
            left -= received.transferred();
        }
        sent.ended(TransferMemory.SEND_BYTES_MAX);
        assertEquals(TransferMemory.SEND_BYTES_MAX, large.position());
    }

    @ParameterizedTest(name = "{0} bytes of a heap buffer go out and come in through pooled memory, which is given "
            + "back")
    @ValueSource(ints = {1, 511, 512, 60_000})
    void heapBuffers(int count) throws Exception {
        Pair pair = pair();
        byte[] content = new byte[count];
        new SplittableRandom(count).nextBytes(content);
        Awaited.send(pair.client(), ByteBuffer.wrap(content)).ended(count);
        ByteBuffer in = ByteBuffer.allocate(100_000).position(5);
        Awaited.receive(pair.server(), in).ended(count);
        assertEquals(5 + count, in.position());
        assertEquals(ByteBuffer.wrap(content), in.flip().position(5));
        assertThrows(IllegalArgumentException.class, () -> pair.server().receive(bytes(3).asReadOnlyBuffer(), null));
    }

    @Test
    @Shows("B16")
    @DisplayName("the system's socket is closed after the last packet of its operations, not before")
    void closedAfterItsPackets() throws Exception {
        CompletionPort listening = open(IocpLimits.defaults());
        Pair pair = Pair.of(listening, Awaited.listen(listening));
        int open = kernel.openSockets();
        Awaited received = Awaited.receive(pair.server(), bytes(10));
        kernel.holdUntil(100);
        pair.server().close();
        assertEquals(open, kernel.openSockets());
        assertEquals(1, calls("cancel"));
        assertFalse(received.isDone());
        kernel.release();
        received.failed(IoError.OPERATION_ABORTED);
        assertEquals(open - 1, kernel.openSockets());
    }

    @ParameterizedTest(name = "an operation that ends with {0} because we closed its handle is OPERATION_ABORTED")
    @ValueSource(strings = {"C000013B", "C000020D", "8000000A", "C0000120"})
    void abortedWhateverItIsCalled(String status) throws Exception {
        Pair pair = pair();
        kernel.holdUntil(100);
        kernel.endNext("receive", Integer.parseUnsignedInt(status, 16));
        Awaited received = Awaited.receive(pair.server(), bytes(10));
        pair.server().close();
        kernel.release();
        received.failed(IoError.OPERATION_ABORTED);
    }

    @Test
    @DisplayName("bytes that arrived before the cancel are delivered, not lost")
    void cancelTooLate() throws Exception {
        Pair pair = pair();
        Awaited received = Awaited.receive(pair.server(), bytes(10));
        kernel.holdUntil(100);
        Awaited sent = Awaited.send(pair.client(), bytes(3));
        pair.server().close();
        kernel.release();
        received.ended(3);
        sent.ended(3);
    }

    @Test
    @DisplayName("one more operation than there are records fails with NO_BUFFERS, and a later one works again")
    void recordsUsedUp() throws Exception {
        CompletionPort small = open(new IocpLimits(3, 1, 1024));
        // the listener has one record
        Pair pair = Pair.of(small, Awaited.listen(small));
        Awaited atServer = Awaited.receive(pair.server(), bytes(10));
        Awaited atClient = Awaited.receive(pair.client(), bytes(10));
        Awaited.send(pair.server(), bytes(2)).failed(IoError.NO_BUFFERS);
        pair.client().close();
        atClient.failed(IoError.OPERATION_ABORTED);
        atServer.ended(0);
        Awaited.send(pair.server(), bytes(2)).ended(2);
    }

    @Test
    @DisplayName("SO_LINGER is reset-at-close or off; other options have the system's numbers, and unknown ones are "
            + "refused")
    void options() throws Exception {
        Pair pair = pair();
        PortSocket client = pair.client();
        client.option(StandardSocketOptions.TCP_NODELAY, true);
        client.option(StandardSocketOptions.SO_SNDBUF, 1000);
        IoException waits = assertThrows(IoException.class, () -> client.option(StandardSocketOptions.SO_LINGER, 5));
        assertEquals(IoError.INVALID_ARGUMENT, waits.error());
        IoException unknown = assertThrows(IoException.class, () -> client.option(StandardSocketOptions.IP_TOS, 1));
        assertEquals(IoError.NOT_SUPPORTED, unknown.error());
        assertEquals("option IP_TOS", unknown.operation());
        kernel.failNext("option", 10042);
        IoException refused =
                assertThrows(IoException.class, () -> client.option(StandardSocketOptions.SO_KEEPALIVE, true));
        assertEquals(IoError.NOT_SUPPORTED, refused.error());
        assertNotNull(refused.getCause());
        client.option(StandardSocketOptions.SO_LINGER, 0);
        Awaited received = Awaited.receive(pair.server(), bytes(10));
        client.close();
        received.failed(IoError.CONNECTION_RESET);
        IoException closed =
                assertThrows(IoException.class, () -> client.option(StandardSocketOptions.TCP_NODELAY, true));
        assertEquals(IoError.BAD_DESCRIPTOR, closed.error());
        assertThrows(IoException.class, client::shutdownOutput);
    }

    @Test
    @Shows("C49")
    @DisplayName("keep-alive times reach the system in seconds, together with SO_KEEPALIVE")
    void keepAlive() throws Exception {
        TcpOptions chosen = TcpOptions.defaults().keepAlive(Duration.ofSeconds(11), Duration.ofSeconds(12), 13);
        open(IocpLimits.defaults());
        TcpOptions loopback = TcpOptions.defaults().loopback(0);
        try (TcpServer server = TcpServer.listen(port, loopback, connection -> new TcpHandler() { })) {
            TcpConnection client = TcpClient.connect(port, chosen, server.address());
            assertEquals(11, kernel.optionSet(TCP, 3));
            assertEquals(12, kernel.optionSet(TCP, 17));
            assertEquals(13, kernel.optionSet(TCP, 16));
            assertEquals(1, kernel.optionSet(WinApi.SOL_SOCKET, 8));
            client.abort();
        }
    }

    @Test
    @DisplayName("the user timeout is TCP_MAXRT in whole seconds, never less than asked; values that Windows reads "
            + "otherwise are refused")
    void userTimeout() throws Exception {
        PortSocket client = pair().client();
        client.option(TcpOptions.USER_TIMEOUT, 1);
        assertEquals(1, kernel.optionSet(TCP, 5));
        client.option(TcpOptions.USER_TIMEOUT, 30_001);
        assertEquals(31, kernel.optionSet(TCP, 5));
        client.option(TcpOptions.USER_TIMEOUT, Integer.MAX_VALUE);
        assertEquals(2_147_484, kernel.optionSet(TCP, 5));
        for (int none : new int[] {0, -1}) {
            IoException refused = assertThrows(IoException.class, () -> client.option(TcpOptions.USER_TIMEOUT, none));
            assertEquals(IoError.INVALID_ARGUMENT, refused.error());
        }
        assertEquals(2_147_484, kernel.optionSet(TCP, 5));
    }
}
