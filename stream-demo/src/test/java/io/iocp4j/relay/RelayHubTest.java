package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

@DisplayName("Streams by path, and the life of a stream, with a timer that a test runs")
class RelayHubTest {
    private final ManualPort port = new ManualPort();
    private final RelayHub hub = new RelayHub(RelayOptions.defaults(), port, Clock.systemUTC());
    private final List<String> replaced = new ArrayList<>();

    private RelayStream.Publisher publisher(String name) {
        return (status, why) -> replaced.add(name);
    }

    private RelayStream publish(String path, String container, RelayStream.Publisher publisher) {
        try {
            return hub.publish(path, container, publisher, "video/mp4", 2, 1, ByteBuffer.allocate(10));
        } catch (HttpException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("100 streams at a time, one more is answered 503, and a new publisher of one of them is not one more")
    void streamsMax() throws Exception {
        for (int i = 0; i < RelayHub.STREAMS_MAX; i++) {
            publish("s" + i, "fmp4", publisher("p" + i));
        }
        HttpException e = assertThrows(HttpException.class,
                () -> hub.publish("more", "fmp4", publisher("more"), "video/mp4", 2, 1, ByteBuffer.allocate(10)));
        assertEquals(503, e.status());
        publish("s0", "fmp4", publisher("again"));
        assertEquals(List.of("p0"), replaced);
    }

    @AfterEach
    void nothingIsLeft() {
        hub.endAll(1001, "the test is over");
        assertEquals(0, port.buffers().usedBytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "cam1", "A-b_9", "-", "a/b/c/d", "0/1"})
    @DisplayName("these may name a stream")
    void paths(String path) {
        assertTrue(RelayHub.isPath(path));
        assertTrue(RelayHub.isPath("a".repeat(64)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a/", "/a", "a//b", "a/b/c/d/e", "a.b", "..", "a b", "a%20b", "\u00e4", "a\n", "a\\b", "a?b",
        "<a>", "a\u0000"})
    @DisplayName("these may not")
    void noPaths(String path) {
        assertFalse(RelayHub.isPath(path));
        assertFalse(RelayHub.isPath("a".repeat(65)));
        assertFalse(RelayHub.isPath("a".repeat(100_000) + "!"));
    }

    @Test
    @DisplayName("a stream is there from its first publisher until its end")
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
        assertTrue(hub.json().startsWith("{\"streams\":[{\"path\":\"a\",\"state\":\"live\","), hub::json);
    }

    @Test
    @DisplayName("a publisher of another container makes another stream, also while somebody else is still ending the old one")
    void otherContainer() {
        RelayStream[] next = new RelayStream[1];
        RelayStream old = publish("a", "mjpeg", (status, why) -> next[0] = publish("a", "fmp4", publisher("two")));
        assertTrue(old.isAllKeys());
        // the old publisher is told before the stream is taken out, so here it comes right in between
        old.end(4410, "x");
        assertSame(next[0], hub.find("a"));
        assertNotSame(old, next[0]);
        assertFalse(next[0].isAllKeys());
    }

    @Test
    @DisplayName("only the publisher that has the stream publishes, begins anew or leaves")
    void onlyTheOwner() {
        RelayStream.Publisher first = publisher("one");
        RelayStream.Publisher second = publisher("two");
        RelayStream stream = publish("a", "fmp4", first);
        publish("a", "fmp4", second);
        stream.media(first, ByteBuffer.allocate(5), true);
        stream.init(first, "video/mp4", 20, 10, ByteBuffer.allocate(5));
        stream.unpublish(first);
        assertTrue(stream.json().contains("\"state\":\"live\"") && stream.json().contains("\"framesIn\":0"), stream::json);
        assertTrue(stream.json().contains("\"width\":2,"), stream::json);
        assertEquals(0, port.timers.size());
        stream.media(second, ByteBuffer.allocate(5), true);
        assertTrue(stream.json().contains("\"framesIn\":1") && stream.json().contains("\"gopBytes\":21"), stream::json);
    }

    @Test
    @DisplayName("another init segment of the same publisher empties the cache and keeps the epoch")
    void initAgain() {
        RelayStream.Publisher publisher = publisher("one");
        RelayStream stream = publish("a", "fmp4", publisher);
        stream.media(publisher, ByteBuffer.allocate(5), true);
        stream.init(publisher, "video/mp4", 20, 10, ByteBuffer.allocate(5));
        assertTrue(stream.json().contains("\"gopBytes\":0") && stream.json().contains("\"epoch\":1"), stream::json);
        assertEquals(512, port.buffers().usedBytes());
    }

    @Test
    @DisplayName("a stream ends when its publisher does not come back in time")
    void graceOver() {
        RelayStream.Publisher publisher = publisher("one");
        publish("a", "fmp4", publisher).unpublish(publisher);
        port.timers.getFirst().run();
        assertNull(hub.find("a"));
        assertEquals(List.of(), replaced, "it had left by itself");
    }

    @Test
    @DisplayName("a timer that was cancelled too late ends neither a stream that is live again nor one that waits anew")
    void lateTimer() {
        RelayStream.Publisher publisher = publisher("one");
        RelayStream stream = publish("a", "fmp4", publisher);
        stream.unpublish(publisher);
        publish("a", "fmp4", publisher);
        port.timers.getFirst().run();
        assertSame(stream, hub.find("a"));
        stream.unpublish(publisher);
        port.timers.getFirst().run();
        assertSame(stream, hub.find("a"), "its own time has only begun");
        port.timers.getLast().run();
        assertNull(hub.find("a"));
    }
}
