package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Flight Recorder")
class WebSocketEventTest {
    @Test
    @DisplayName("ask 13: is told of the life of each WebSocket: how long, who, how it ended, what went")
    void event(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("events.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("io.iocp4j.websocket.WebSocket").withThreshold(Duration.ZERO);
            recording.start();
            TestServer.Recorder recorder = new TestServer.Recorder();
            try (Duplex pair = Duplex.of(recorder, new TestServer.Recorder())) {
                pair.atClient.trySend("one");
                pair.atClient.trySend("two");
                pair.atServer.trySend("three");
                assertEquals("one", TestServer.take(recorder.events));
                assertEquals("two", TestServer.take(recorder.events));
                pair.atServer.close(4000, "enough");
                pair.atServer.closed().get(10, TimeUnit.SECONDS);
                pair.atClient.closed().get(10, TimeUnit.SECONDS);
            }
            recording.dump(file);
        }
        assertTrue(Files.size(file) > 0);
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(e -> e.getEventType().getName().equals("io.iocp4j.websocket.WebSocket")).toList();
        RecordedEvent server = events.stream().filter(e -> e.getString("role").equals("SERVER")).findFirst()
                .orElseThrow();
        RecordedEvent client = events.stream().filter(e -> e.getString("role").equals("CLIENT")).findFirst()
                .orElseThrow();
        assertEquals(2, events.size());
        assertEquals("/", server.getString("path"));
        assertEquals(4000, server.getInt("code"));
        assertEquals("enough", server.getString("reason"));
        assertEquals("LOCAL", server.getString("initiator"));
        assertEquals("REMOTE", client.getString("initiator"));
        assertTrue(server.getBoolean("clean") && client.getBoolean("clean"));
        assertEquals(2, server.getLong("messagesReceived"));
        assertEquals(1, server.getLong("messagesSent"));
        assertEquals(2, client.getLong("messagesSent"));
        assertTrue(client.getLong("messagesReceived") <= 1);
        assertEquals(server.getLong("bytesReceived"), client.getLong("bytesSent"));
        assertTrue(server.getLong("bytesSent") > 100);
        assertTrue(server.getString("peer").contains("127.0.0.1"));
        assertTrue(server.getDuration().toNanos() > 0);
    }
}
