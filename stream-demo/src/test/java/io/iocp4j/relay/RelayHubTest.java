package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.http.HttpException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The streams of a relay by path, and the life of a stream")
class RelayHubTest {
    private final ManualPort port = new ManualPort();
    private final RelayHub hub = new RelayHub(Settings.defaults(), port, Clock.systemUTC());
    private final List<String> replaced = new ArrayList<>();

    private RelayStream.Publisher publisher(String name) {
        return (status, why) -> replaced.add(name);
    }

    private RelayStream publish(String path, String container, RelayStream.Publisher publisher) {
        try {
            return hub.publish(path, publisher, Sample.format(container, "video/mp4", 2, 1, ByteBuffer.allocate(10)));
        } catch (HttpException e) {
            throw new AssertionError(e);
        }
    }

    private RelayStream withFrame(RelayStream stream) {
        try {
            hub.admitFrame(stream);
            return stream;
        } catch (HttpException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("a stream without a frame ends with its publisher, unless somebody waits for it")
    void noFrame() {
        RelayStream.Publisher publisher = publisher("one");
        publish("a", "fmp4", publisher).unpublish(publisher);
        assertNull(hub.find("a"));
        assertFalse(hub.hasEnded("a"), "nobody has seen it");
    }

    @Test
    @DisplayName("the 101st stream is refused with 503 at its first frame, a new publisher of an existing one is not")
    void streamsMax() throws Exception {
        int max = LimitSettings.MAX_STREAMS.standard();
        for (int i = 0; i < max; i++) {
            hub.admitFrame(publish("s" + i, "fmp4", publisher("p" + i)));
        }
        RelayStream more = publish("more", "fmp4", publisher("more"));
        HttpException e = assertThrows(HttpException.class, () -> hub.admitFrame(more));
        assertEquals(503, e.status());
        assertEquals(1, hub.admission().timesReached(RelayLimit.STREAMS));
        hub.admitFrame(publish("s0", "fmp4", publisher("again")));
        assertEquals(List.of("p0"), replaced);
    }

    @AfterEach
    void nothingIsLeft() {
        hub.endAll(1001, "the test is over");
        assertEquals(0, port.buffers().usedBytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "cam1", "A-b_9", "-", "a/b/c/d", "0/1"})
    @DisplayName("a valid path")
    void paths(String path) {
        assertTrue(RelayHub.isPath(path));
        assertTrue(RelayHub.isPath("a".repeat(64)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a/", "/a", "a//b", "a/b/c/d/e", "a.b", "..", "a b", "a%20b", "\u00e4", "a\n",
        "a\\b", "a?b", "<a>", "a\u0000"})
    @DisplayName("an invalid path")
    void invalidPaths(String path) {
        assertFalse(RelayHub.isPath(path));
        assertFalse(RelayHub.isPath("a".repeat(65)));
        assertFalse(RelayHub.isPath("a".repeat(100_000) + "!"));
    }

    @Test
    @DisplayName("a stream is listed from its first publisher until it has ended")
    void life() {
        assertNull(hub.find("a"));
        RelayStream stream = publish("a", "fmp4", publisher("one"));
        assertSame(stream, hub.find("a"));
        assertSame(stream, publish("a", "fmp4", publisher("two")));
        assertEquals(List.of("one"), replaced);
        hub.endAll(1001, "x");
        assertNull(hub.find("a"));
        assertEquals(List.of("one", "two"), replaced);
        assertNotSame(stream, publish("a", "fmp4", publisher("three")));
        StreamReport first = hub.reports().getFirst();
        assertTrue(first.path().equals("a") && first.state().equals("live"), first::toString);
    }

    @Test
    @DisplayName("a publisher of another container creates a new stream, even while the old one is ending")
    void otherContainer() {
        RelayStream[] next = new RelayStream[1];
        RelayStream old = publish("a", "mjpeg", (status, why) -> next[0] = publish("a", "fmp4", publisher("two")));
        assertTrue(old.isAllKeys());
        // end() notifies the old publisher before it removes the stream, so this publishes between the two steps
        old.end(4410, "x");
        assertSame(next[0], hub.find("a"));
        assertNotSame(old, next[0]);
        assertFalse(next[0].isAllKeys());
    }

    @Test
    @DisplayName("calls of a former publisher are ignored")
    void formerPublisher() {
        RelayStream.Publisher first = publisher("one");
        RelayStream.Publisher second = publisher("two");
        RelayStream stream = publish("a", "fmp4", first);
        publish("a", "fmp4", second);
        stream.media(first, ByteBuffer.allocate(5), Sample.KEY);
        stream.init(first, Sample.format("fmp4", "video/mp4", 20, 10, ByteBuffer.allocate(5)));
        stream.unpublish(first);
        assertTrue(stream.json().contains("\"state\":\"live\""), stream::json);
        assertTrue(stream.json().contains("\"framesIn\":0"), stream::json);
        assertTrue(stream.json().contains("\"width\":2,"), stream::json);
        assertEquals(0, port.timers.size());
        stream.media(second, ByteBuffer.allocate(5), Sample.KEY);
        assertTrue(stream.json().contains("\"framesIn\":1") && stream.json().contains("\"gopBytes\":21"), stream::json);
    }

    @Test
    @DisplayName("another init segment from the same publisher empties the cache and keeps the epoch")
    void initAgain() {
        RelayStream.Publisher publisher = publisher("one");
        RelayStream stream = publish("a", "fmp4", publisher);
        stream.media(publisher, ByteBuffer.allocate(5), Sample.KEY);
        stream.init(publisher, Sample.format("fmp4", "video/mp4", 20, 10, ByteBuffer.allocate(5)));
        assertTrue(stream.json().contains("\"gopBytes\":0") && stream.json().contains("\"epoch\":1"), stream::json);
        assertEquals(512, port.buffers().usedBytes());
    }

    @Test
    @DisplayName("a stream ends if its publisher does not come back in time")
    void graceOver() {
        RelayStream.Publisher publisher = publisher("one");
        withFrame(publish("a", "fmp4", publisher)).unpublish(publisher);
        port.timers.getFirst().run();
        assertNull(hub.find("a"));
        assertEquals(List.of(), replaced, "the publisher had already left");
    }

    @Test
    @DisplayName("a timer that was cancelled too late does not end a stream that is live or waits again")
    void lateTimer() {
        RelayStream.Publisher publisher = publisher("one");
        RelayStream stream = withFrame(publish("a", "fmp4", publisher));
        stream.unpublish(publisher);
        publish("a", "fmp4", publisher);
        port.timers.getFirst().run();
        assertSame(stream, hub.find("a"));
        stream.unpublish(publisher);
        port.timers.getFirst().run();
        assertSame(stream, hub.find("a"), "the second waiting time has its own timer");
        port.timers.getLast().run();
        assertNull(hub.find("a"));
    }
}
