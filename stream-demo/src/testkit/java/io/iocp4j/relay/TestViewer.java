package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.JsonTree;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A viewer on the WebSocket client of the JDK. Its events are queued until the test takes them. */
final class TestViewer implements WebSocket.Listener, AutoCloseable {
    /** An event: a text, a unit, or the end of the connection. */
    record Event(String text, byte[] unit, int code, String reason) {
        ByteBuffer header() {
            return ByteBuffer.wrap(unit);
        }

        int seq() {
            return header().getInt(4);
        }

        byte[] payload() {
            byte[] payload = new byte[unit.length - MediaUnit.HEADER_BYTES];
            header().get(MediaUnit.HEADER_BYTES, payload);
            return payload;
        }

        /** Describes units as QueueRig does; returns a text unchanged. */
        @Override
        public String toString() {
            if (unit == null) {
                return text == null ? "close " + code + " " + reason : text;
            }
            int flags = unit[1];
            return (unit[0] == MediaUnit.KIND_INIT ? "init " : (flags & MediaUnit.KEY) != 0 ? "K" : "f") + seq()
                    + ((flags & MediaUnit.DISCONT) != 0 ? "!" : "") + ((flags & MediaUnit.FROM_CACHE) != 0 ? "c" : "");
        }
    }

    final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    WebSocket socket;
    private final StringBuilder text = new StringBuilder();
    private final ByteArrayOutputStream binary = new ByteArrayOutputStream();

    private TestViewer() {
    }

    static TestViewer open(HttpClient http, URI uri) {
        return open(http, uri, RelayServer.SUBPROTOCOL);
    }

    static TestViewer open(HttpClient http, URI uri, String subprotocol, String... lessPreferred) {
        TestViewer viewer = new TestViewer();
        viewer.socket = http.newWebSocketBuilder().subprotocols(subprotocol, lessPreferred).buildAsync(uri, viewer)
                .join();
        return viewer;
    }

    /** Takes the hello text, after which the events of the stream follow. */
    TestViewer greeted() throws InterruptedException {
        control("hello");
        return this;
    }

    Event next() throws InterruptedException {
        Event event = events.poll(RelayRig.DEADLINE_SECONDS, TimeUnit.SECONDS);
        assertNotNull(event, "no event in time");
        return event;
    }

    /** Takes the next event, which must be a control text of this type. */
    Map<String, Object> control(String type) throws InterruptedException {
        Event event = next();
        assertNotNull(event.text, () -> event + " instead of " + type);
        Map<String, Object> control = JsonTree.readObject(event.text);
        assertEquals(type, control.get("t"), event.text);
        return control;
    }

    /** Takes the next event, which must be a stream text with this state and epoch. */
    void stream(String state, int epoch) throws InterruptedException {
        Map<String, Object> stream = control("stream");
        assertEquals(state, stream.get("state"));
        assertEquals((double) epoch, stream.get("epoch"));
    }

    /** Takes the next events, which must be these units, in the format of {@link Event#toString}. */
    void units(String... expected) throws InterruptedException {
        for (String unit : expected) {
            assertEquals(unit, next().toString());
        }
    }

    /** Takes the next event, which must be the end of the connection. */
    void end(int code) throws InterruptedException {
        Event event = next();
        assertEquals(code, event.code, event::toString);
        assertTrue(event.reason != null && !event.reason.isBlank(), "the close frame has no reason");
        assertNull(event.text);
    }

    /** Takes the next two events, which must be a bye text and the end of the connection, with this code. */
    void bye(int code) throws InterruptedException {
        Map<String, Object> bye = control("bye");
        assertEquals((double) code, bye.get("code"));
        double retry = (Double) bye.get("retryMs");
        assertTrue(retry >= 0 && retry < 2_000, "retry after " + retry + " ms");
        end(code);
    }

    TestViewer send(String json) {
        socket.sendText(json, true).join();
        return this;
    }

    @Override
    public void onOpen(WebSocket opened) {
        opened.request(Long.MAX_VALUE);
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            events.add(new Event(text.toString(), null, 0, null));
            text.setLength(0);
        }
        return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        byte[] piece = new byte[data.remaining()];
        data.get(piece);
        binary.writeBytes(piece);
        if (last) {
            events.add(new Event(null, binary.toByteArray(), 0, null));
            binary.reset();
        }
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        events.add(new Event(null, null, code, reason));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        events.add(new Event(null, null, -1, error.toString()));
    }

    @Override
    public void close() {
        socket.abort();
    }
}
