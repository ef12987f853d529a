package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

/** A viewer over the WebSocket of the JDK, whose events wait until the test asks for them. */
final class TestViewer implements WebSocket.Listener, AutoCloseable {
    /** One thing that came: a text, a unit, or the end. */
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

        /** As in QueueRig; texts by their type. */
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
        TestViewer viewer = new TestViewer();
        viewer.socket = http.newWebSocketBuilder().subprotocols(RelayServer.SUBPROTOCOL).buildAsync(uri, viewer).join();
        return viewer;
    }

    /** Reads past hello, so that what follows is about the stream. */
    TestViewer greeted() throws InterruptedException {
        control("hello");
        return this;
    }

    Event next() throws InterruptedException {
        Event event = events.poll(RelayRig.DEADLINE_SECONDS, TimeUnit.SECONDS);
        assertNotNull(event, "nothing more came");
        return event;
    }

    /** The next event must be a control text of this type. */
    Map<String, Object> control(String type) throws InterruptedException {
        Event event = next();
        assertNotNull(event.text, () -> event + " instead of " + type);
        Map<String, Object> control = Json.parse(event.text);
        assertEquals(type, control.get("t"), event.text);
        return control;
    }

    void stream(String state, int epoch) throws InterruptedException {
        Map<String, Object> stream = control("stream");
        assertEquals(state, stream.get("state"));
        assertEquals((double) epoch, stream.get("epoch"));
    }

    /** The next events must be these units, as toString tells them. */
    void units(String... expected) throws InterruptedException {
        for (String unit : expected) {
            assertEquals(unit, next().toString());
        }
    }

    /** The next event must be the end. */
    void end(int code) throws InterruptedException {
        Event event = next();
        assertEquals(code, event.code, event::toString);
        assertTrue(event.reason != null && !event.reason.isBlank(), "a reason is given");
        assertNull(event.text);
    }

    void bye(int code) throws InterruptedException {
        Map<String, Object> bye = control("bye");
        assertEquals((double) code, bye.get("code"));
        double retry = (Double) bye.get("retryMs");
        assertTrue(retry >= 0 && retry < 2_000, "retry in " + retry);
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
