package io.iocp4j.bench.server;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import io.iocp4j.core.TcpSession;
import io.iocp4j.relay.RelayServer;
import io.iocp4j.relay.ServeSettings;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.Message;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.Topic;
import io.iocp4j.websocket.UpgradeHandler;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.WebSocketSession;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.http.HttpContent;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/** A server of this project on one engine, written as an application would write it. */
final class EngineServer implements RunningServer {
    /** Long timeouts: a load that rests between two rounds must keep its connections. */
    private static final Duration PATIENCE = Duration.ofHours(1);
    /** Has no state, so all connections share it. */
    private static final TcpHandler ECHO = new TcpHandler() {
        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            if (!c.send(data)) {
                c.pause();
            }
        }

        @Override
        public void onDrain(TcpConnection c) {
            c.resume();
        }
    };
    private static final TcpSession BLOCKING_ECHO = connection -> {
        for (ByteBuffer data; (data = connection.read()) != null;) {
            connection.write(data);
        }
    };
    private static final WebSocketListener MESSAGE_ECHO = new WebSocketListener() {
        @Override
        public void onText(WebSocket socket, String text) {
            sent(socket, socket.trySend(text));
        }

        @Override
        public void onBinary(WebSocket socket, ByteBuffer data) {
            sent(socket, socket.trySend(data));
        }

        private static void sent(WebSocket socket, boolean more) {
            if (!more) {
                socket.pause();
            }
        }

        @Override
        public void onDrain(WebSocket socket) {
            socket.resume();
        }
    };

    private final int tcpPort;
    private final Runnable end;

    private EngineServer(int tcpPort, Runnable end) {
        this.tcpPort = tcpPort;
        this.end = end;
    }

    static EngineServer start(String engine, boolean blocking, String protocol, int workers) throws IOException {
        CompletionPort port = CompletionPort.open(PortOptions.defaults().engine(engine).workers(workers));
        boolean listening = false;
        try {
            int tcpPort = protocol.equals("ws") ? webSocket(port, blocking) : tcp(port, blocking, protocol);
            listening = true;
            return new EngineServer(tcpPort, port::close);
        } finally {
            if (!listening) {
                port.close();
            }
        }
    }

    /** Starts the relay. It chooses its engine itself, and waits long for a silent publisher. */
    static EngineServer relay() throws IOException {
        RelayServer relay = RelayServer.start(Settings.defaults().with(ServeSettings.PORT, 0)
                .with(ServeSettings.TEST_PICTURE, false).with(ServeSettings.PUBLISHER_TIMEOUT, PATIENCE));
        return new EngineServer(relay.address().getPort(), relay::close);
    }

    /** Returns options for workloads with any number of connections, and with peers that never read. */
    private static TcpOptions options() {
        return TcpOptions.defaults().loopback(0).maxConnections(Integer.MAX_VALUE).writeTimeout(Duration.ZERO);
    }

    private static int tcp(CompletionPort port, boolean blocking, String protocol) throws IOException {
        TcpOptions options = protocol.equals("tls") ? options().tls(Certificate.context()) : options();
        TcpServer server = blocking ? TcpServer.listenBlocking(port, options, BLOCKING_ECHO)
                : TcpServer.listen(port, options, connection -> ECHO);
        return server.address().getPort();
    }

    private static int webSocket(CompletionPort port, boolean blocking) throws IOException {
        ServerOptions options = ServerOptions.defaults().tcp(options()).deflate(Deflate.on())
                .heartbeat(PATIENCE, Duration.ofSeconds(20)).keepAliveTimeout(PATIENCE);
        return WebSocketServer.listen(port, options, paths(blocking), EngineServer::file).address().getPort();
    }

    private static UpgradeHandler paths(boolean blocking) {
        Topic viewers = Topic.create("viewers");
        WebSocketListener publisher = new WebSocketListener() {
            @Override
            public void onBinary(WebSocket socket, ByteBuffer data) {
                viewers.publish(data);
            }
        };
        WebSocketListener viewer = new WebSocketListener() {
            @Override
            public void onOpen(WebSocket socket) {
                viewers.add(socket);
            }
        };
        WebSocketSession echoing = socket -> {
            for (Message message : socket) {
                socket.send(message);
            }
        };
        WebSocketSession publishing = socket -> socket.forEach(viewers::publish);
        WebSocketSession viewing = socket -> {
            viewers.add(socket);
            for (Message message : socket) {
                throw new IOException("a viewer has sent " + message);
            }
        };
        return exchange -> switch (exchange.request().path()) {
            case "/echo" -> blocking ? WebSocketListener.session(echoing) : MESSAGE_ECHO;
            case "/pub" -> blocking ? WebSocketListener.session(publishing) : publisher;
            case "/view" -> blocking ? WebSocketListener.session(viewing) : viewer;
            default -> throw new HttpException(404, "there is /echo, /pub and /view");
        };
    }

    private static void file(HttpExchange exchange) throws HttpException {
        String size = exchange.request().parameter("size");
        if (!exchange.request().path().equals("/file") || size == null || !size.matches("\\d{1,18}")) {
            throw new HttpException(404, "there is /file?size=N");
        }
        exchange.respond(HttpResponse.stream(200, "application/octet-stream", new Letters(Long.parseLong(size))));
    }

    /** A body of this many letters x. */
    private record Letters(long length) implements HttpContent {
        private static final byte[] PIECE = new byte[64 << 10];

        static {
            Arrays.fill(PIECE, (byte) 'x');
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            for (long left = length; left > 0; left -= PIECE.length) {
                out.write(PIECE, 0, (int) Math.min(PIECE.length, left));
            }
        }
    }

    @Override
    public int port() {
        return tcpPort;
    }

    @Override
    public void close() {
        end.run();
    }
}
