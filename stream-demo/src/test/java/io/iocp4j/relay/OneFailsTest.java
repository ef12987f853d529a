package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.media.MediaInit;
import io.iocp4j.websocket.ClientOptions;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketPair;
import io.iocp4j.websocket.http.HttpException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("An exception while serving one viewer or publisher does not affect the others")
@Timeout(60)
class OneFailsTest {
    private static final int DEADLINE_SECONDS = 10;

    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private final List<String> lost = new ArrayList<>();
    private final RelayStream.Publisher publisher = (status, why) -> lost.add("publisher " + status);
    private CompletionPort port;
    private RelayHub hub;
    private RelayStream stream;
    private Viewer broken;

    @BeforeEach
    void twoViewers() throws Exception {
        port = CompletionPort.open();
        hub = new RelayHub(Settings.defaults(), port, Clock.systemUTC());
        stream = hub.publish("a", publisher, format(2, 1));
        // each call of this viewer throws a NullPointerException; it joins first, so the good viewer is called after it
        broken = new Viewer("broken", RelayRig.visit(), stream, hub.admission(), new ViewerQueue(1, false), null,
                Clock.systemUTC());
        assertThrows(NullPointerException.class, () -> stream.join(broken));
        ViewerQueue queue = new ViewerQueue(TimeUnit.SECONDS.toNanos(20), false);
        Viewer good = new Viewer("good", RelayRig.visit(), stream, hub.admission(), queue, port, Clock.systemUTC());
        WebSocketPair.openAsync(port, ServerOptions.defaults(), request -> good, ClientOptions.defaults(),
                new WebSocketListener() {
                    @Override
                    public void onText(WebSocket socket, String text) {
                        Object type = Json.parse(text).get("t");
                        seen.add(type.equals("stream") ? "stream " + Json.parse(text).get("state") : type.toString());
                    }

                    @Override
                    public void onBinary(WebSocket socket, ByteBuffer data) {
                        seen.add((data.get(0) == MediaUnit.KIND_INIT ? "init " : "frame ") + data.getInt(4));
                    }
                });
        expect("hello", "stream live", "init 0");
        assertEquals(2, stream.viewers());
    }

    private void expect(String... events) throws InterruptedException {
        for (String event : events) {
            assertEquals(event, seen.poll(DEADLINE_SECONDS, TimeUnit.SECONDS));
        }
    }

    @AfterEach
    void nothingIsLeft() {
        hub.endAll(1001, "the test is over");
        port.close();
        assertEquals(0, port.buffers().usedBytes());
    }

    @Test
    @DisplayName("a viewer that fails at a frame is removed, and the publisher and the other viewer continue")
    void frame() throws Exception {
        stream.media(publisher, ByteBuffer.allocate(5), Sample.KEY);
        stream.media(publisher, ByteBuffer.allocate(5), Sample.FRAME);
        expect("frame 0", "frame 1");
        assertEquals(1, stream.viewers());
        assertTrue(stream.json().contains("\"framesIn\":2,"), stream::json);
    }

    @Test
    @DisplayName("a viewer that fails at an init segment is removed, and the other viewer continues")
    void init() throws Exception {
        stream.init(publisher, format(4, 3));
        expect("stream live", "init 0");
        assertEquals(1, stream.viewers());
    }

    @Test
    @DisplayName("a viewer that fails when the publisher leaves is removed, and the stream waits for a publisher")
    void leave() throws Exception {
        stream.unpublish(publisher);
        expect("stream waiting");
        assertEquals(1, stream.viewers());
        assertTrue(stream.json().contains("\"state\":\"waiting\""), stream::json);
    }

    @Test
    @DisplayName("a viewer that fails at the end of the stream does not keep the stream from ending")
    void end() throws Exception {
        stream.end(Viewer.STREAM_ENDED, "over");
        expect("stream ended", "bye");
        assertNull(hub.find("a"));
        assertEquals(List.of("publisher 409"), lost);
    }

    @Test
    @DisplayName("an exception of a publisher that loses its stream stops neither the next publisher nor the end")
    void lostThrows() throws Exception {
        RelayStream.Publisher throwing = (status, why) -> {
            lost.add("throwing " + status);
            throw new IllegalStateException("for the test");
        };
        hub.publish("a", throwing, format(2, 1));
        expect("stream live", "init 0");
        hub.publish("a", throwing, format(2, 1));
        expect("stream live", "init 0");
        stream.end(Viewer.STREAM_ENDED, "over");
        expect("stream ended", "bye");
        assertEquals(List.of("publisher 409", "throwing 409", "throwing 409"), lost);
        assertNull(hub.find("a"));
    }

    @Test
    @DisplayName("a publisher that cannot begin is removed: the stream waits, then ends")
    void publishFails() throws HttpException {
        ManualPort manual = new ManualPort();
        RelayHub other = new RelayHub(Settings.defaults(), manual, Clock.systemUTC());
        other.admitFrame(other.publish("b", publisher, format(2, 1)));
        manual.memoryOut = true;
        RelayStream.Publisher second = (status, why) -> lost.add("second " + status);
        assertThrows(OutOfMemoryError.class,
                () -> other.publish("b", second, format(2, 1)));
        assertEquals(List.of("publisher 409"), lost);
        assertEquals("waiting", other.reports().getFirst().state());
        manual.timers.getFirst().run();
        assertNull(other.find("b"));

        manual.memoryOut = false;
        RelayStream next = other.publish("b", publisher, format(2, 1));
        manual.memoryOut = true;
        assertThrows(OutOfMemoryError.class, () -> next.media(publisher, ByteBuffer.allocate(10), Sample.KEY));
        assertThrows(OutOfMemoryError.class, () -> next.init(publisher, format(4, 3)));
        manual.memoryOut = false;
        assertTrue(next.json().contains("\"width\":2,"), "the failed init segment must change nothing: " + next.json());
        next.media(publisher, ByteBuffer.allocate(10), Sample.KEY);
        other.endAll(1001, "the test is over");
        assertEquals(0, manual.buffers().usedBytes());
    }

    private static MediaInit format(int width, int height) {
        return Sample.format("fmp4", "video/mp4", width, height, ByteBuffer.allocate(10));
    }
}
