package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ListenerFailureTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(WebSocketListener.class);

    private static final int MORE_THAN_THE_HIGH_WATER_MARK = 8 << 20;

    /** Throws in the callback of the given name. */
    private static final class Failing extends Recorder {
        private final String callback;
        private final Throwable failure;

        Failing(String callback, Throwable failure) {
            this.callback = callback;
            this.failure = failure;
        }

        private void fail(String here) throws IOException {
            if (here.equals(callback)) {
                switch (failure) {
                    case IOException e -> throw e;
                    case Error e -> throw e;
                    default -> throw (RuntimeException) failure;
                }
            }
        }

        @Override
        public void onOpen(WebSocket socket) throws IOException {
            super.onOpen(socket);
            if (callback.equals("onDrain")) {
                socket.trySend(ByteBuffer.allocate(MORE_THAN_THE_HIGH_WATER_MARK));
            }
            fail("onOpen");
        }

        @Override
        public void onText(WebSocket socket, String text) throws IOException {
            fail("onText");
        }

        @Override
        public void onBinary(WebSocket socket, ByteBuffer data) throws IOException {
            fail("onBinary");
        }

        @Override
        public void onPong(WebSocket socket, ByteBuffer payload) throws IOException {
            fail("onPong");
        }

        @Override
        public void onDrain(WebSocket socket) throws IOException {
            fail("onDrain");
        }
    }

    static Stream<Arguments> failures() {
        return Stream.of("onOpen", "onText", "onBinary", "onPong", "onDrain").flatMap(callback -> Stream
                .of(new IOException("on purpose"), new IllegalStateException("on purpose"),
                        new StackOverflowError("on purpose"))
                .map(failure -> Arguments.of(callback, failure)));
    }

    @ParameterizedTest(name = "{0} throws {1}")
    @Shows({"CVE-2022-41940", "CVE-2023-31125"})
    @DisplayName("a listener that throws ends its own connection with 1011 and hears "
            + "onClose once; others live on")
    @MethodSource("failures")
    void callbackThrows(String callback, Throwable failure) throws Exception {
        Failing failing = new Failing(callback, failure);
        Iterator<WebSocketListener> listeners = List.<WebSocketListener>of(failing, new Echo()).iterator();
        try (TestServer server = TestServer.webSockets(listeners::next);
                RawClient client = server.upgraded();
                RawClient other = server.upgraded()) {
            client.send(WireBytes.join(WireBytes.masked(0x81, "t"), WireBytes.masked(0x82, "b"),
                    WireBytes.masked(0x8A, "p")));
            if (callback.equals("onDrain")) {
                assertEquals(MORE_THAN_THE_HIGH_WATER_MARK, client.frame().payload().length);
            }
            client.assertClose(CloseCode.INTERNAL_ERROR);
            assertEquals(CloseCode.INTERNAL_ERROR, failing.end().code());
            assertNotEquals(WebSocket.State.OPEN, failing.socket().state());
            other.text("unharmed");
            assertEquals("unharmed", other.text());
        }
        assertTrue(failing.ends.isEmpty(), "onClose once");
    }

    @Test
    @DisplayName("an onClose that throws changes nothing: the handshake of closing goes on, closed() completes")
    void onCloseThrows() throws Exception {
        Recorder failing = new Recorder() {
            @Override
            public void onClose(WebSocket socket, CloseStatus why) {
                super.onClose(socket, why);
                throw new AssertionError("on purpose");
            }
        };
        try (TestServer server = TestServer.webSockets(() -> failing); RawClient client = server.upgraded()) {
            WebSocket socket = failing.socket();
            client.close(1000);
            client.assertClose(1000);
            client.end();
            assertEquals(1000, failing.end().code());
            assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
        }
        assertTrue(failing.ends.isEmpty(), "onClose once");
    }
}
