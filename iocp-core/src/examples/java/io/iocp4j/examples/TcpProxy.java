package io.iocp4j.examples;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A TCP proxy with the callback API. A side that reads slowly slows the other side down (back pressure), the end of one
 * side becomes the end of the other, and a lost connection takes its partner with it.
 */
public final class TcpProxy {
    private TcpProxy() {
    }

    /**
     * Forwards one TCP port until the process is stopped.
     *
     * @param args the TCP port to listen on, the host to forward to, and its TCP port
     * @throws IOException if the port is taken
     */
    public static void main(String[] args) throws IOException {
        CompletionPort port = CompletionPort.open();
        TcpOptions options = TcpOptions.defaults().tcpPort(Integer.parseInt(args[0])).allowHalfOpen(true);
        TcpServer proxy = listen(port, options, args[1], Integer.parseInt(args[2]));
        proxy.awaitClosed();
        port.close();
    }

    static TcpServer listen(CompletionPort port, TcpOptions options, String host, int tcpPort) throws IOException {
        return TcpServer.listen(port, options, client -> {
            Side toClient = new Side();
            Side toServer = new Side();
            try {
                toServer.partner = client;
                // what the client sends meanwhile is kept by the connection until it is open
                toClient.partner = TcpClient.connect(port, options, host, tcpPort, toServer);
            } catch (IOException e) {
                client.abort();
            }
            return toClient;
        });
    }

    /** One of the two connections: whatever it receives goes to its partner. */
    private static final class Side implements TcpHandler {
        private volatile TcpConnection partner;

        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            if (!partner.send(data)) {
                c.pause();
                // another worker may have called onDrain of the partner before the pause
                if (!partner.awaitsDrain()) {
                    c.resume();
                }
            }
        }

        @Override
        public void onDrain(TcpConnection c) {
            // this side takes more again, so the other one may send
            partner.resume();
        }

        @Override
        public void onEnd(TcpConnection c) {
            partner.end();
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            if (partner != null) {
                partner.close();
            }
        }
    }
}
