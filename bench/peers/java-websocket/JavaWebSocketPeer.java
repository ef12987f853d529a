import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.java_websocket.WebSocket;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.server.WebSocketServer;

/** Java-WebSocket as a peer of the lab: {@code JavaWebSocketPeer PORT WORKERS}. */
final class JavaWebSocketPeer extends WebSocketServer {
    private final Set<WebSocket> viewers = ConcurrentHashMap.newKeySet();

    private JavaWebSocketPeer(InetSocketAddress address, int workers) {
        super(address, workers);
        setTcpNoDelay(true);
        setConnectionLostTimeout(0);
    }

    public static void main(String[] args) {
        new JavaWebSocketPeer(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])),
                Integer.parseInt(args[1])).run();
    }

    @Override
    public void onStart() {
        // the lab connects until it succeeds
    }

    @Override
    public void onOpen(WebSocket socket, ClientHandshake handshake) {
        if (socket.getResourceDescriptor().equals("/view")) {
            viewers.add(socket);
        }
    }

    @Override
    public void onMessage(WebSocket socket, String text) {
        socket.send(text);
    }

    @Override
    public void onMessage(WebSocket socket, ByteBuffer data) {
        if (socket.getResourceDescriptor().equals("/pub")) {
            broadcast(data, viewers);
        } else {
            socket.send(data);
        }
    }

    @Override
    public void onClose(WebSocket socket, int code, String reason, boolean remote) {
        viewers.remove(socket);
    }

    @Override
    public void onError(WebSocket socket, Exception failure) {
        System.err.println(failure);
    }
}
