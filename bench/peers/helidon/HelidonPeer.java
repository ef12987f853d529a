import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.websocket.WsRouting;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Helidon as a peer of the lab: {@code HelidonPeer PORT}. It has a virtual thread for each connection. */
final class HelidonPeer {
    private static final Set<WsSession> VIEWERS = ConcurrentHashMap.newKeySet();

    public static void main(String[] args) {
        WebServer.builder().host("127.0.0.1").port(Integer.parseInt(args[0])).backlog(1024)
                .addRouting(WsRouting.builder().endpoint("/echo", Echo::new).endpoint("/pub", Publisher::new)
                        .endpoint("/view", Viewer::new))
                .build().start();
    }

    private static final class Echo implements WsListener {
        @Override
        public void onMessage(WsSession session, BufferData data, boolean last) {
            session.send(data, last);
        }

        @Override
        public void onMessage(WsSession session, String text, boolean last) {
            session.send(text, last);
        }
    }

    private static final class Publisher implements WsListener {
        @Override
        public void onMessage(WsSession session, BufferData data, boolean last) {
            byte[] bytes = data.readBytes();
            VIEWERS.forEach(viewer -> viewer.send(BufferData.create(bytes), last));
        }
    }

    private static final class Viewer implements WsListener {
        @Override
        public void onOpen(WsSession session) {
            VIEWERS.add(session);
        }

        @Override
        public void onClose(WsSession session, int status, String reason) {
            VIEWERS.remove(session);
        }

        @Override
        public void onError(WsSession session, Throwable failure) {
            VIEWERS.remove(session);
        }
    }
}
