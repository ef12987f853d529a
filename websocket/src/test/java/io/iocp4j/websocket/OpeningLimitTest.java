package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.Faults;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.SimulatedPort;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The time limit of an opening, at any moment")
class OpeningLimitTest {
    private static final int STEPS_MAX = 100_000;

    private final Simulation world = new Simulation(1, Faults.none(), new BufferPool(0));
    private final SimulatedPort port = new SimulatedPort(world, "port", 2);
    private final Told told = new Told();
    /** The first timer that the client asks for. */
    private Runnable limit;
    private int sockets;

    private static final class Told implements WebSocketListener {
        private CloseStatus end;

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            end = why;
        }
    }

    /**
     * The port of the client, on which the time limit fires when its socket of this number is made, the first timer
     * being number 0.
     */
    private CompletionPort lateAt(int socket) {
        return SeenPort.of(port, (method, arguments) -> {
            // a time limit of the port is a timer, or made of timers
            if (limit == null && (method.equals("schedule") || method.equals("deadline"))) {
                limit = (Runnable) arguments[1];
                if (socket == 0) {
                    limit.run();
                }
                return new CompletableFuture<Void>();
            }
            if (method.equals("socket") && ++sockets == socket) {
                limit.run();
            }
            return null;
        });
    }

    private URI serve(TcpHandler handler) throws IOException {
        TcpServer server = TcpServer.listen(port, TcpOptions.defaults().loopback(0), connection -> handler);
        return URI.create("ws://127.0.0.1:" + server.address().getPort() + "/");
    }

    private URI silent() throws IOException {
        return serve(new TcpHandler() {
        });
    }

    private URI redirectTo(URI target) throws IOException {
        return serve(new TcpHandler() {
            @Override
            public void onData(TcpConnection connection, ByteBuffer data) {
                connection.send(HttpResponse.of(302).withHeader("Location", target.toString()).encode(false, false));
            }
        });
    }

    private void fails(int lateAt, URI uri) {
        CompletableFuture<WebSocket> opening =
                WebSocketClient.connectAsync(lateAt(lateAt), ClientOptions.defaults().maxRedirects(3), uri, told);
        world.run(Duration.ofMinutes(2).toNanos(), STEPS_MAX);
        assertTrue(opening.isDone(), "hangs behind its time limit");
        Throwable thrown = assertThrows(CompletionException.class, opening::join).getCause();
        assertEquals(IoError.TIMED_OUT, assertInstanceOf(IoException.class, thrown).error());
        assertEquals(CloseCode.ABNORMAL, told.end.code());
        port.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        assertEquals(0, port.outstanding());
    }

    @Test
    @DisplayName("before the first connection is begun")
    void beforeTheFirst() throws IOException {
        fails(0, silent());
    }

    @Test
    @DisplayName("while the first connection is begun")
    void inTheFirst() throws IOException {
        fails(1, silent());
    }

    @Test
    @DisplayName("while a redirect leads from one connection to the next")
    void inARedirect() throws IOException {
        fails(2, redirectTo(silent()));
    }

    @Test
    @DisplayName("while the second of two redirects does")
    void inTheSecondRedirect() throws IOException {
        fails(3, redirectTo(redirectTo(silent())));
    }
}
