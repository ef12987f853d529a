package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A TLS server under attack")
class TlsAttackTest extends TlsFixture {
    /** Handshake record of TLS 1.0 to 1.3, RFC 8446 section 5.1. */
    private static final int HANDSHAKE = 22;
    private static final int ALERT = 21;

    private final BlockingQueue<Recorder> made = new LinkedBlockingQueue<>();
    private TcpServer server;

    @BeforeEach
    void listen() throws IOException {
        server = TcpServer.listen(port, forServer, connection -> {
            Recorder handler = new Recorder();
            made.add(handler);
            return handler;
        });
    }

    @AfterEach
    void close() {
        server.close(Duration.ZERO);
    }

    private Socket attacker() throws IOException {
        Socket socket = closeLater(new Socket(LOOPBACK, server.address().getPort()));
        socket.setSoTimeout((int) Recorder.DEADLINE_SECONDS * 1000);
        return socket;
    }

    private Recorder handler() throws InterruptedException {
        return made.poll(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Somebody else was not harmed, and can be served. */
    private void assertServes() throws Exception {
        try (SSLSocket client = client(TestKeys.trusting(), server.address(), TLS_1_3)) {
            client.getOutputStream().write(7);
            handler().awaitBytes(1);
        }
    }

    private static void assertRefused(Recorder handler, IoError error) throws InterruptedException {
        CloseInfo info = handler.awaitClose();
        assertEquals(error, info.error(), String.valueOf(info.cause()));
        assertInstanceOf(SSLException.class, info.cause());
        assertEquals(0, handler.count("open"));
    }

    @Test
    @DisplayName("answers plain HTTP with an alert, and ends that connection alone")
    void plainHttp() throws Exception {
        SSLSocket good = client(TestKeys.trusting(), server.address(), TLS_1_3);
        good.startHandshake();
        Recorder unharmed = handler();
        Socket attacker = attacker();
        attacker.getOutputStream()
                .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        byte[] answer = attacker.getInputStream().readAllBytes();
        assertEquals(ALERT, answer[0], Arrays.toString(answer));
        assertRefused(handler(), IoError.TLS_FAILURE);
        good.getOutputStream().write("still here".getBytes(StandardCharsets.US_ASCII));
        unharmed.awaitBytes(10);
        assertServes();
    }

    @Test
    @DisplayName("survives bytes that mean nothing, a hundred times")
    void garbage() throws Exception {
        for (int seed = 0; seed < 100; seed++) {
            byte[] bytes = random(1 + seed * 20, seed);
            if (seed % 2 == 0) {
                // looks like a handshake up to here
                bytes[0] = HANDSHAKE;
            }
            Socket attacker = attacker();
            Recorder handler = handler();
            failureOf(() -> {
                attacker.getOutputStream().write(bytes);
                attacker.shutdownOutput();
                attacker.getInputStream().readAllBytes();
            });
            IoError error = handler.awaitClose().error();
            assertTrue(error == IoError.TLS_FAILURE || error == IoError.CONNECTION_RESET,
                    "seed " + seed + ": " + error);
            assertEquals(0, handler.count("open"), "seed " + seed);
        }
        assertServes();
    }

    @Test
    @DisplayName("refuses a record of 64 KiB by its header, without waiting for it or taking memory for it")
    void hugeRecord() throws Exception {
        Socket attacker = attacker();
        long before = port.buffers().usedBytes();
        attacker.getOutputStream().write(new byte[] {HANDSHAKE, 3, 3, (byte) 0xFF, (byte) 0xFF});
        assertRefused(handler(), IoError.TLS_FAILURE);
        assertTrue(port.buffers().usedBytes() - before <= 64 << 10, "took " + port.buffers().usedBytes());
        assertServes();
    }

    @Test
    @DisplayName("refuses a handshake message of 16 MiB by its length")
    void hugeMessage() throws Exception {
        Socket attacker = attacker();
        Recorder handler = handler();
        // a record of 16 KiB after the other, all of one ClientHello
        byte[] first = new byte[5 + (16 << 10)];
        System.arraycopy(new byte[] {HANDSHAKE, 3, 3, 0x40, 0, 1, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF}, 0, first, 0,
                9);
        byte[] next = new byte[5 + (16 << 10)];
        System.arraycopy(new byte[] {HANDSHAKE, 3, 3, 0x40, 0}, 0, next, 0, 5);
        OutputStream out = attacker.getOutputStream();
        CompletableFuture<Void> flood = inBackground(() -> {
            out.write(first);
            for (int i = 0; i < 1024; i++) {
                out.write(next);
            }
        });
        assertRefused(handler, IoError.TLS_FAILURE);
        assertThrows(Exception.class, () -> await(flood), "the server took 16 MiB of it");
        assertServes();
    }

    @ParameterizedTest(name = "{0} bytes")
    @ValueSource(ints = {0, 1, 5, 60, 150})
    @DisplayName("takes the end in the middle of a ClientHello for what it is")
    void truncatedHello(int length) throws Exception {
        byte[] hello = helloOfJdk();
        Socket attacker = attacker();
        attacker.getOutputStream().write(hello, 0, length);
        attacker.shutdownOutput();
        assertRefused(handler(), IoError.CONNECTION_RESET);
        assertServes();
    }

    @Test
    @DisplayName("shakes hands with a client whose bytes come one by one")
    void oneByOne() throws Exception {
        try (ServerSocket between = listener()) {
            CompletableFuture<Void> proxy = inBackground(() -> {
                try (Socket client = between.accept(); Socket behind = attacker()) {
                    client.setTcpNoDelay(true);
                    behind.setTcpNoDelay(true);
                    CompletableFuture<Void> back = inBackground(() -> oneByOne(behind, client));
                    oneByOne(client, behind);
                    await(back);
                }
            });
            SSLSocket client = client(TestKeys.trusting(), (InetSocketAddress) between.getLocalSocketAddress(),
                    TLS_1_3);
            client.getOutputStream().write(7);
            Recorder handler = handler();
            handler.awaitBytes(1);
            client.shutdownOutput();
            assertEquals(-1, client.getInputStream().read());
            await(proxy);
        }
    }

    private static void oneByOne(Socket from, Socket to) throws IOException {
        for (int next = from.getInputStream().read(); next >= 0; next = from.getInputStream().read()) {
            to.getOutputStream().write(next);
        }
        to.shutdownOutput();
    }

    @Test
    @DisplayName("ends a connection of which a single bit was changed on the way")
    void changedBit() throws Exception {
        try (ServerSocket between = listener()) {
            CompletableFuture<Void> proxy = inBackground(() -> {
                try (Socket client = between.accept(); Socket behind = attacker()) {
                    CompletableFuture<Void> back =
                            inBackground(() -> behind.getInputStream().transferTo(client.getOutputStream()));
                    int total = 0;
                    byte[] buffer = new byte[64 << 10];
                    for (int n = client.getInputStream().read(buffer); n >= 0; n = client.getInputStream()
                            .read(buffer)) {
                        total += n;
                        if (total > 100_000) {
                            buffer[n - 1] ^= 1;
                        }
                        behind.getOutputStream().write(buffer, 0, n);
                    }
                    await(back);
                }
            });
            SSLSocket client = client(TestKeys.trusting(), (InetSocketAddress) between.getLocalSocketAddress(),
                    TLS_1_3);
            byte[] bytes = random(MIB, 1);
            failureOf(() -> client.getOutputStream().write(bytes));
            Recorder handler = handler();
            CloseInfo info = handler.awaitClose();
            assertEquals(IoError.TLS_FAILURE, info.error());
            byte[] got = handler.bytes();
            assertTrue(got.length < 110_000, "came through: " + got.length);
            assertEquals(-1, Arrays.mismatch(got, Arrays.copyOf(bytes, got.length)));
            assertServes();
            client.close();
            failureOf(() -> await(proxy));
        }
    }

    @Test
    @DisplayName("answers nothing but TLS: a client of ours at a plain server fails with TLS_FAILURE")
    void plainServer() throws Exception {
        Recorder handler = new Recorder();
        try (ServerSocket listener = listener()) {
            TcpClient.connect(port, forClient, "localhost", listener.getLocalPort(), handler);
            Socket peer = closeLater(listener.accept());
            peer.getOutputStream().write("220 ready\r\n".getBytes(StandardCharsets.US_ASCII));
            assertEquals(IoError.TLS_FAILURE, handler.awaitClose().error());
            assertEquals(0, handler.count("open"));
        }
    }

    // ------------------------------------------------------------------ the end in the middle of a handshake

    @Test
    @DisplayName("ends with it in the middle of a handshake, and tells each handler: close of the server, abort, "
            + "close of the port")
    void endInHandshake() throws Exception {
        byte[] hello = helloOfJdk();
        for (int length : new int[] {0, 20, hello.length}) {
            Socket attacker = attacker();
            attacker.getOutputStream().write(hello, 0, length);
            Recorder handler = handler();
            if (length == hello.length) {
                // the server has answered and waits for the rest
                assertEquals(HANDSHAKE, attacker.getInputStream().read());
            }
            server.close(Duration.ZERO);
            assertEquals(0, handler.count("open"));
            assertEquals(CloseInfo.Initiator.LOCAL, handler.awaitClose().initiator());
            server.awaitClosed();
            listen();
        }
        CompletionPort other = CompletionPort.open(PortOptions.defaults().workers(2));
        Recorder handler = new Recorder();
        try (Socket client = new Socket()) {
            TcpServer closing = TcpServer.listen(other, forServer, connection -> {
                handler.add("made");
                return handler;
            });
            client.connect(closing.address());
            client.getOutputStream().write(hello);
            handler.await("made");
            other.close();
        }
        assertEquals(IoError.OPERATION_ABORTED, handler.awaitClose().error());
        assertEquals(0, other.outstanding());
        assertEquals(0, other.buffers().usedBytes());
    }

    /** The first flight of a client of the JDK. */
    private byte[] helloOfJdk() throws Exception {
        try (ServerSocket listener = listener()) {
            SSLSocket client = client(TestKeys.trusting(), (InetSocketAddress) listener.getLocalSocketAddress(),
                    TLS_1_3);
            CompletableFuture<Void> shaking = inBackground(client::startHandshake);
            byte[] hello;
            try (Socket accepted = listener.accept()) {
                byte[] header = accepted.getInputStream().readNBytes(5);
                int length = (header[3] & 0xFF) << 8 | header[4] & 0xFF;
                hello = Arrays.copyOf(header, 5 + length);
                System.arraycopy(accepted.getInputStream().readNBytes(length), 0, hello, 5, length);
            }
            assertNotEquals(null, failureOf(() -> await(shaking)));
            return hello;
        }
    }
}
