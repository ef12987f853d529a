package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A connection that is handed to another handler")
class TcpHandlerChangeTest extends TcpFixture {
    private final Recorder next = new Recorder();
    private final Recorder peer = new Recorder();

    @Test
    @DisplayName("reports to the other from the next callback on, without a second onOpen, up to onClose")
    void handedOver() throws Exception {
        Recorder first = new Recorder() {
            @Override
            public void onData(TcpConnection connection, ByteBuffer data) throws IOException {
                super.onData(connection, data);
                connection.handler(next);
                connection.send(text("go on"));
            }
        };
        TcpPair pair = TcpPair.open(port, options, first, peer);
        closeLater(pair.left()::abort);
        pair.right().send(text("one"));
        peer.awaitBytes(5);
        pair.right().send(text("two"));
        next.awaitBytes(3);
        pair.right().close();
        next.awaitClose();
        assertEquals("one", first.received());
        assertEquals(List.of("open", "data"), first.events());
        assertEquals("two", next.received());
        assertEquals("data", next.events().getFirst());
    }

    @Test
    @DisplayName("is so in its callbacks and tasks only, and never with the blocking API")
    void elsewhere() throws Exception {
        Recorder first = new Recorder();
        TcpPair pair = TcpPair.open(port, options, first, peer);
        closeLater(pair.left()::abort);
        first.awaitOpen();
        assertThrows(IllegalStateException.class, () -> pair.left().handler(next));
        pair.left().execute(() -> pair.left().handler(next));
        pair.right().send(text("one"));
        next.awaitBytes(3);
        TcpPair blocking = TcpPair.open(port, options);
        closeLater(blocking.left()::abort);
        assertThrows(IllegalStateException.class, () -> blocking.left().handler(next));
    }
}
