import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Vert.x as a peer of the lab: {@code VertxPeer PORT WORKERS}. */
final class VertxPeer {
    private static final int MESSAGE_MAX = 16 << 20;
    private static final Set<ServerWebSocket> VIEWERS = ConcurrentHashMap.newKeySet();

    public static void main(String[] args) {
        int workers = Integer.parseInt(args[1]);
        HttpServerOptions options = new HttpServerOptions().setHost("127.0.0.1").setPort(Integer.parseInt(args[0]))
                .setTcpNoDelay(true).setAcceptBacklog(1024).setPerMessageWebSocketCompressionSupported(true)
                .setMaxWebSocketFrameSize(MESSAGE_MAX).setMaxWebSocketMessageSize(MESSAGE_MAX);
        Vertx.vertx(new VertxOptions().setEventLoopPoolSize(workers)).deployVerticle(() -> new VerticleBase() {
            @Override
            public Future<?> start() {
                return vertx.createHttpServer(options).webSocketHandler(VertxPeer::opened).listen();
            }
        }, new DeploymentOptions().setInstances(workers)).onFailure(failure -> {
            System.err.println(failure);
            System.exit(1);
        });
    }

    private static void opened(ServerWebSocket socket) {
        switch (socket.path()) {
            case "/echo" -> socket.binaryMessageHandler(socket::writeBinaryMessage)
                    .textMessageHandler(socket::writeTextMessage);
            case "/pub" -> socket.binaryMessageHandler(VertxPeer::publish);
            default -> {
                VIEWERS.add(socket);
                socket.closeHandler(gone -> VIEWERS.remove(socket));
            }
        }
    }

    private static void publish(Buffer message) {
        VIEWERS.forEach(viewer -> viewer.writeBinaryMessage(message));
    }
}
