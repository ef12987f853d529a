import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** Jetty as a peer of the lab: {@code JettyPeer PORT WORKERS}. The workers are its selectors. */
final class JettyPeer {
    private static final int MESSAGE_MAX = 16 << 20;
    private static final Set<Session> VIEWERS = ConcurrentHashMap.newKeySet();

    public static void main(String[] args) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, 1, Integer.parseInt(args[1]));
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(args[0]));
        connector.setIdleTimeout(0);
        connector.setAcceptQueueSize(1024);
        server.addConnector(connector);
        server.setHandler(WebSocketUpgradeHandler.from(server, container -> {
            container.setMaxBinaryMessageSize(MESSAGE_MAX);
            container.setMaxTextMessageSize(MESSAGE_MAX);
            container.setMaxFrameSize(MESSAGE_MAX);
            container.setIdleTimeout(java.time.Duration.ZERO);
            container.addMapping("/echo", (request, response, callback) -> new Echo());
            container.addMapping("/pub", (request, response, callback) -> new Publisher());
            container.addMapping("/view", (request, response, callback) -> new Viewer());
        }));
        server.start();
        server.join();
    }

    /** Must be public, as Jetty looks up its methods. */
    public static class Echo extends Session.Listener.AbstractAutoDemanding {
        @Override
        public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
            getSession().sendBinary(payload, callback);
        }

        @Override
        public void onWebSocketText(String message) {
            getSession().sendText(message, Callback.NOOP);
        }
    }

    /** Sends to all viewers. */
    public static class Publisher extends Session.Listener.AbstractAutoDemanding {
        @Override
        public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
            ByteBuffer copy = ByteBuffer.allocate(payload.remaining()).put(payload).flip();
            VIEWERS.forEach(viewer -> viewer.sendBinary(copy.duplicate(), Callback.NOOP));
            callback.succeed();
        }
    }

    /** Receives what is published. */
    public static class Viewer extends Session.Listener.AbstractAutoDemanding {
        @Override
        public void onWebSocketOpen(Session session) {
            super.onWebSocketOpen(session);
            VIEWERS.add(session);
        }

        @Override
        public void onWebSocketClose(int code, String reason, Callback callback) {
            VIEWERS.remove(getSession());
            callback.succeed();
        }
    }
}
