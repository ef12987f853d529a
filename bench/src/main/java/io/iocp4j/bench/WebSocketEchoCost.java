package io.iocp4j.bench;

import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.frame.FrameEncoder;
import io.iocp4j.websocket.frame.Opcode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * {@link EchoCost} with a third server: WebSocket with the callback API. The difference to the row tcp is the cost of
 * WebSocket.
 * <pre>
 * taskset -c 1 java -cp ... io.iocp4j.bench.WebSocketEchoCost inFlight=32
 * </pre>
 */
public final class WebSocketEchoCost extends EchoCost {
    private static final String KIND = "websocket";

    private WebSocketEchoCost() {
    }

    /**
     * Runs the comparison; in a JVM that the comparison has started, runs one of the servers.
     *
     * @param args as those of {@link EchoCost}
     * @throws Exception whatever goes wrong
     */
    public static void main(String[] args) throws Exception {
        new WebSocketEchoCost().start(args);
    }

    @Override
    List<String> kinds() {
        return List.of("bare", "tcp", KIND);
    }

    @Override
    int serve(String kind) throws IOException {
        if (!kind.equals(KIND)) {
            return super.serve(kind);
        }
        ServerOptions loopback = ServerOptions.defaults().loopback(0);
        return WebSocketServer.listen(onePort(), loopback, request -> new WebSocketListener() {
            @Override
            public void onBinary(WebSocket socket, ByteBuffer data) {
                socket.trySend(data);
            }
        }).address().getPort();
    }

    @Override
    byte[] request(String kind) {
        if (!kind.equals(KIND)) {
            return super.request(kind);
        }
        ByteBuffer frame = ByteBuffer.allocate(PAYLOAD + 6);
        FrameEncoder.putHeader(frame, true, false, Opcode.BINARY, PAYLOAD, 0x01020304);
        return Arrays.copyOf(frame.array(), frame.position() + PAYLOAD);
    }

    @Override
    int responseLength(String kind) {
        return PAYLOAD + (kind.equals(KIND) ? 2 : 0);
    }

    @Override
    void open(String kind, SocketChannel channel) throws IOException {
        super.open(kind, channel);
        if (!kind.equals(KIND)) {
            return;
        }
        channel.write(ByteBuffer.wrap(("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII)));
        StringBuilder head = new StringBuilder();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (head.indexOf("\r\n\r\n") < 0 && channel.read(one.clear()) == 1) {
            head.append((char) one.get(0));
        }
    }
}
