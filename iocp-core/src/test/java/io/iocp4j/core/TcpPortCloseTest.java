package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A port that closes takes its connections with it")
class TcpPortCloseTest extends TcpFixture {
    @Test
    @Shows({"B3", "B18"})
    @DisplayName("open, paused, connecting and closing ones, with and without pending sends: onClose once each, all "
            + "freed")
    void everyKind() throws Exception {
        TcpOptions small = options.socketBuffers(SMALL, 0);
        List<Recorder> recorders = new ArrayList<>();
        List<TcpConnection> connections = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Recorder recorder = new Recorder();
            Pair pair = accept(small, recorder);
            recorders.add(recorder);
            connections.add(pair.connection());
            if (i % 2 == 1) {
                pair.connection().send(ByteBuffer.allocate(2 * MIB));
            }
            if (i / 2 == 1) {
                pair.connection().pause();
                pair.peerSends("held");
                settle(pair.connection());
            }
            if (i / 2 == 2) {
                pair.connection().close();
                recorder.awaitClose();
            }
        }
        Recorder connecting = new Recorder();
        recorders.add(connecting);
        connections.add(TcpClient.connect(port, options, silentAddress(), connecting));
        TcpServer server = TcpServer.listen(port, options, connection -> new Recorder());
        port.close();
        for (int i = 0; i < recorders.size(); i++) {
            assertEquals(1, recorders.get(i).count("close"), "connection " + i);
            assertEquals("close", recorders.get(i).events().getLast());
            CloseInfo info = awaitClosed(connections.get(i));
            assertEquals(IoError.OPERATION_ABORTED, info.error());
            assertEquals(CloseInfo.Initiator.LOCAL, info.initiator());
            assertFalse(connections.get(i).send(text("late")));
        }
        assertTrue(server.closed().isDone());
        assertEquals(0, port.buffers().usedBytes());
    }

    @Test
    @DisplayName("a key that is set while the port closes is told too, each key once")
    void keySetWhileClosing() throws Exception {
        AtomicInteger first = new AtomicInteger();
        AtomicInteger second = new AtomicInteger();
        PortSocket[] socket = new PortSocket[1];
        socket[0] = port.socket(() -> {
            first.incrementAndGet();
            socket[0].key(second::incrementAndGet);
        });
        port.close();
        assertEquals(1, first.get());
        assertEquals(1, second.get());
    }

    @Test
    @DisplayName("a connection that is accepted, paused, while the port closes is not forgotten")
    void acceptedWhileClosing() throws Exception {
        Recorder recorder = new Recorder();
        CountDownLatch made = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(1);
        List<TcpConnection> accepted = new ArrayList<>();
        TcpServer server = TcpServer.listen(port, options, connection -> {
            accepted.add(connection);
            connection.pause();
            made.countDown();
            try {
                await(closing);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return recorder;
        });
        try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
            await(made);
            CountDownLatch told = new CountDownLatch(1);
            port.socket(told::countDown);
            Thread closer = Thread.ofPlatform().name("test-closer").start(port::close);
            await(told);
            closing.countDown();
            closer.join();
            assertEquals(-1, client.getInputStream().read());
        }
        recorder.awaitClose();
        assertEquals(1, recorder.count("close"));
        awaitClosed(accepted.getFirst());
        await(server.closed());
    }

    @Test
    @DisplayName("connects and listens that race with the end of the port fail cleanly or end with it")
    void connectRaces() throws Exception {
        for (int round = 0; round < 100; round++) {
            try (ServerSocket listener = new ServerSocket(0, 512, LOOPBACK)) {
                InetSocketAddress address = (InetSocketAddress) listener.getLocalSocketAddress();
                CompletionPort racing = CompletionPort.open(PortOptions.defaults().workers(2));
                List<Recorder> begun = new ArrayList<>();
                List<TcpConnection> connections = new ArrayList<>();
                List<TcpServer> servers = new ArrayList<>();
                CountDownLatch started = new CountDownLatch(1);
                Thread connector = Thread.ofPlatform().name("test-connector").start(() -> {
                    try {
                        while (true) {
                            Recorder recorder = new Recorder();
                            connections.add(TcpClient.connect(racing, options, address, recorder));
                            begun.add(recorder);
                            servers.add(TcpServer.listen(racing, options, connection -> new Recorder()));
                            started.countDown();
                        }
                    } catch (IOException | IllegalStateException e) {
                        started.countDown();
                    }
                });
                await(started);
                racing.close();
                connector.join();
                for (int i = 0; i < begun.size(); i++) {
                    awaitClosed(connections.get(i));
                    assertEquals(1, begun.get(i).count("close"));
                }
                for (TcpServer server : servers) {
                    await(server.closed());
                }
                assertThrows(IllegalStateException.class,
                        () -> TcpClient.connect(racing, options, address, new Recorder()));
                assertThrows(IllegalStateException.class,
                        () -> TcpServer.listen(racing, options, connection -> new Recorder()));
                assertEquals(0, racing.buffers().usedBytes());
                assertEquals(0, racing.counters().handles());
            }
        }
    }
}
