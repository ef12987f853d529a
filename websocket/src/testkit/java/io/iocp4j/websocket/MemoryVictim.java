package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The server of {@link MemoryAttackTest}, in a process with little memory. Not a test. */
final class MemoryVictim {
    /** Left alone, the system would take megabytes itself. */
    private static final int SEND_BUFFER = 32 << 10;
    private static final Duration NO_PING = Duration.ofMinutes(10);

    private MemoryVictim() {
    }

    /** Ignores what trySend says, as careless applications do. */
    private static final class Echo implements WebSocketListener {
        @Override
        public void onText(WebSocket socket, String text) {
            socket.trySend(text);
        }

        @Override
        public void onBinary(WebSocket socket, ByteBuffer data) {
            socket.trySend(data);
        }
    }

    public static void main(String[] args) throws IOException {
        CompletionPort port = CompletionPort.open();
        // on a busy machine the test takes longer than the usual heartbeat, and it expects no pings
        WebSocketServer server = WebSocketServer.listen(port,
                ServerOptions.defaults().deflate(Deflate.on()).heartbeat(NO_PING, NO_PING)
                .tcp(TcpOptions.defaults().loopback(0).socketBuffers(SEND_BUFFER, 0)), request -> new Echo(),
                exchange -> exchange.respond(HttpResponse.text(200, "here")));
        System.out.println("listening on " + server.address().getPort());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (int question = 1; in.readLine() != null; question++) {
            System.out.println("memory " + question + ": heap " + port.memory().used(Kind.HEAP) + " of "
                    + port.memory().max(Kind.HEAP)
                    + " direct " + port.memory().used(Kind.DIRECT) + " of " + port.memory().max(Kind.DIRECT)
                    + " connections " + server.tcp().connections() + " evictions " + port.memory().evicted()
                    + " workers "
                    + port.counters().workers());
        }
    }
}
