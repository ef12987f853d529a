package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("What Flight Recorder is told")
class FlightEventsTest extends TcpFixture {
    @TempDir
    private Path directory;
    private Recording recording;

    @BeforeEach
    void record() {
        recording = closeLater(new Recording());
        recording.start();
    }

    /** The events of one kind, by the end of its name, in their order. */
    private List<RecordedEvent> recorded(String kind) throws IOException {
        recording.stop();
        Path file = directory.resolve(kind + ".jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("io.iocp4j.core." + kind))
                .sorted(Comparator.comparing(RecordedEvent::getEndTime)).toList();
    }

    @Test
    @DisplayName("a connection that opens, whichever side began it")
    void opened() throws Exception {
        Recorder recorder = new Recorder();
        Pair accepted = pair(Role.ACCEPTED, options, recorder);
        Pair connected = pair(Role.CONNECTED, options, new Recorder());
        List<RecordedEvent> events = recorded("ConnectionOpened");
        assertEquals(List.of(true, false), events.stream().map(event -> event.getBoolean("accepted")).toList());
        assertEquals(accepted.connection().local().toString(), events.get(0).getString("local"));
        assertEquals(accepted.connection().remote().toString(), events.get(0).getString("peer"));
        assertEquals(connected.connection().remote().toString(), events.get(1).getString("peer"));
    }

    @Test
    @DisplayName("a connection that is gone, once: bytes both ways, who ended it and why")
    void closed() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.peerSends("12345");
        recorder.awaitBytes(5);
        pair.connection().send(text("123"));
        pair.peerReads(3);
        pair.peer().close();
        awaitClosed(pair.connection());
        RecordedEvent event = only(recorded("ConnectionClosed"));
        assertEquals(pair.connection().local().toString(), event.getString("local"));
        assertEquals(pair.connection().remote().toString(), event.getString("peer"));
        assertEquals(5, event.getLong("bytesRead"));
        assertEquals(3, event.getLong("bytesWritten"));
        assertEquals(0, event.getLong("bytesLost"));
        assertEquals("REMOTE", event.getString("initiator"));
        assertNull(event.getString("error"));
        Duration lifetime = event.getDuration("lifetime");
        assertTrue(lifetime.isPositive() && lifetime.compareTo(Duration.ofMinutes(1)) < 0, lifetime::toString);
    }

    @Test
    @DisplayName("a connection that was lost, and a connect that failed, with their errors")
    void closedByErrors() throws Exception {
        int closedPort;
        try (ServerSocket listener = new ServerSocket(0, 1, LOOPBACK)) {
            closedPort = listener.getLocalPort();
        }
        TcpConnection refused = TcpClient.connect(port, options, LOOPBACK.getHostAddress(), closedPort, new Recorder());
        awaitClosed(refused);
        Pair pair = accept(options, new Recorder());
        pair.connection().abort(IoError.HANDLER_FAILED, null);
        awaitClosed(pair.connection());
        List<RecordedEvent> events = recorded("ConnectionClosed");
        assertEquals(List.of("CONNECTION_REFUSED", "HANDLER_FAILED"),
                events.stream().map(event -> event.getString("error")).toList());
        InetSocketAddress tried = InetSocketAddress.createUnresolved(LOOPBACK.getHostAddress(), closedPort);
        assertEquals(List.of(tried.toString(), pair.connection().remote().toString()),
                events.stream().map(event -> event.getString("peer")).toList());
        assertTrue(refused.toString().contains(tried.toString()), refused::toString);
        assertEquals(List.of("REMOTE", "LOCAL"), events.stream().map(event -> event.getString("initiator")).toList());
    }

    @Test
    @DisplayName("a callback that took 20 ms or more, by its name; faster ones are not told")
    void slowHandler() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                CountDownLatch passed = new CountDownLatch(1);
                port.schedule(Duration.ofMillis(30), passed::countDown);
                try {
                    TcpFixture.await(passed);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                super.onData(c, data);
            }
        };
        Pair pair = accept(options, recorder);
        pair.peerSends("x");
        recorder.awaitBytes(1);
        // the event is told after the callback
        settle(pair.connection());
        List<RecordedEvent> events = recorded("SlowHandler").stream()
                .filter(event -> event.getString("callback").equals("onData")).toList();
        RecordedEvent event = only(events);
        assertEquals(pair.connection().remote().toString(), event.getString("peer"));
        assertTrue(event.getDuration().compareTo(Duration.ofMillis(20)) >= 0, event::toString);
    }

    @Test
    @DisplayName("callbacks that are fast are not told")
    void fastHandler() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        for (int i = 1; i <= 20; i++) {
            pair.peerSends("x");
            recorder.awaitBytes(i);
        }
        settle(pair.connection());
        // on a machine that is busy some may be slow
        assertTrue(recorded("SlowHandler").size() < 20);
    }

    @Test
    @DisplayName("an accept that failed, with its error")
    void acceptFailed() throws Exception {
        TcpAcceptFailureTest.FailingPort failing =
                new TcpAcceptFailureTest.FailingPort(port, IoError.NO_DESCRIPTORS, 2);
        Recorder recorder = new Recorder();
        CountDownLatch told = new CountDownLatch(2);
        ConnectionFilter filter = new ConnectionFilter() {
            @Override
            public void onAcceptFailed(IoException failure) {
                told.countDown();
            }
        };
        TcpServer server = closeLater(TcpServer.listen(failing, options.filter(filter), connection -> recorder));
        closeLater(new Socket(LOOPBACK, server.address().getPort()));
        closeLater(recorder.awaitOpen()::abort);
        await(told);
        List<RecordedEvent> events = recorded("AcceptFailed");
        assertEquals(2, events.size());
        for (RecordedEvent event : events) {
            assertEquals("NO_DESCRIPTORS", event.getString("error"));
            assertEquals(server.address().toString(), event.getString("local"));
            assertFalse(event.getString("message").isBlank());
        }
    }

    private static RecordedEvent only(List<RecordedEvent> events) {
        assertEquals(1, events.size(), events::toString);
        return events.get(0);
    }
}
