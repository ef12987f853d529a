package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/**
 * What the tests of the client share: a port, a listener that writes everything down, and a WebSocket that is closed
 * behind each test. No buffer may be missing then, and no listener may have heard of two ends.
 */
abstract class ClientFixture {
    static final TcpOptions TCP = TcpOptions.defaults().lingerTimeout(Duration.ofSeconds(1));

    final CompletionPort port;
    final Recorder recorder = new Recorder();
    ClientOptions client = ClientOptions.defaults().tcp(TCP).closeTimeout(Duration.ofSeconds(1));
    private CompletableFuture<WebSocket> opening = CompletableFuture.failedFuture(new IOException("none"));

    ClientFixture() {
        try {
            port = CompletionPort.open();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void closePort() throws Exception {
        if (!opening.isCompletedExceptionally()) {
            WebSocket socket = opening.get(TestServer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
            socket.abort();
            socket.closed().get(TestServer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        }
        port.close();
        assertTrue(recorder.ends.size() <= 1, "two ends: " + recorder.ends);
        assertEquals(0, port.buffers().usedBytes());
        assertEquals(0, port.counters().handlerFailures());
    }

    final CompletableFuture<WebSocket> begin(URI uri) {
        opening = WebSocketClient.connectAsync(port, client, uri, recorder);
        return opening;
    }

    final WebSocket open(URI uri) throws Exception {
        WebSocket socket = begin(uri).get(TestServer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        assertEquals(socket, recorder.socket(), "onOpen comes before the result");
        return socket;
    }

    /** Fails to open: the exception, of which the listener was told as 1006, once and without an onOpen. */
    final <E extends Exception> E refused(Class<E> type, URI uri) throws Exception {
        CompletableFuture<WebSocket> result = begin(uri);
        ExecutionException failed = assertThrows(ExecutionException.class,
                () -> result.get(TestServer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS));
        assertNotOpened();
        return assertInstanceOf(type, failed.getCause());
    }

    final void assertNotOpened() throws InterruptedException {
        assertEquals(CloseCode.ABNORMAL, recorder.end().code());
        assertTrue(recorder.opened.isEmpty(), "onOpen was called");
        assertTrue(recorder.ends.isEmpty(), "a second onClose");
    }
}
