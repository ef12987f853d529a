package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.ServerHandshake;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server, or a proxy, of plain bytes: answers each connection by its script, right or wrong, without the code under
 * test. The connections come one after the other; what a script throws, {@link #close()} throws.
 */
final class RawServer implements AutoCloseable {
    /** One connection from its first byte; it stays open behind the script until the server is closed. */
    interface Script {
        void run(Peer client) throws Exception;
    }

    /** The server's end. */
    static final class Peer {
        final Socket socket;
        private final DataInputStream in;
        /** The last head that was read. */
        String head = "";

        Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(socket.getInputStream());
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) TestServer.DEADLINE.toMillis());
        }

        /** Reads the head of a request up to its empty line. */
        Peer request() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            do {
                bytes.write(in.readUnsignedByte());
                head = bytes.toString(StandardCharsets.ISO_8859_1);
            } while (!head.endsWith("\r\n\r\n"));
            return this;
        }

        /** A field of the last head; null if it is not there. */
        String field(String name) {
            return head.lines().filter(line -> line.regionMatches(true, 0, name + ": ", 0, name.length() + 2))
                    .map(line -> line.substring(name.length() + 2)).findFirst().orElse(null);
        }

        /** The answer that opens a WebSocket, with these further lines. */
        String switching(String... lines) {
            return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: " + ServerHandshake.accept(field("Sec-WebSocket-Key")) + "\r\n"
                    + String.join("", lines) + "\r\n";
        }

        Peer accept() throws IOException {
            return send(switching());
        }

        Peer send(String latin1) throws IOException {
            return send(latin1.getBytes(StandardCharsets.ISO_8859_1));
        }

        Peer send(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
            return this;
        }

        /** The text of the next frame, which has to be a masked text message. */
        String text() throws IOException {
            assertEquals(0x81, in.readUnsignedByte());
            return new String(payload(), StandardCharsets.UTF_8);
        }

        /** The code of the next frame, which has to be a Close frame. */
        int closeCode() throws IOException {
            assertEquals(0x88, in.readUnsignedByte());
            byte[] payload = payload();
            return (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
        }

        /** Takes the client's Close frame, answers it, and ends. */
        void close() throws IOException {
            assertEquals(0x88, in.readUnsignedByte());
            send(WireBytes.unmasked(0x88, payload()));
            socket.shutdownOutput();
            awaitEnd();
        }

        private byte[] payload() throws IOException {
            int length = in.readUnsignedByte();
            assertEquals(0x80, length & 0x80, "a client masks");
            byte[] key = in.readNBytes(4);
            byte[] payload = in.readNBytes(length & 0x7F);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= key[i % 4];
            }
            return payload;
        }

        /** Waits until the client ends its side: in order, or else by a reset. */
        boolean awaitEnd() {
            try {
                in.readAllBytes();
                return true;
            } catch (IOException reset) {
                return false;
            }
        }

        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new ArrayList<>();
    private final FutureTask<Void> task;

    /** The n-th connection is answered by the n-th script. */
    RawServer(Script... scripts) throws IOException {
        task = new FutureTask<>(() -> run(scripts), null);
        Thread.ofPlatform().name("test-raw-server").start(task);
    }

    private void run(Script[] scripts) {
        for (Script script : scripts) {
            try {
                Socket socket = listener.accept();
                synchronized (sockets) {
                    sockets.add(socket);
                }
                script.run(new Peer(socket));
            } catch (EOFException gone) {
                throw new AssertionError("the client was gone before the script was through", gone);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    URI uri(String resource) {
        return URI.create("ws://" + listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort()
                + resource);
    }

    /** Waits until every script is through. */
    @Override
    public void close() throws IOException {
        try {
            task.get(TestServer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new AssertionError("the script did not come to its end", e);
        } finally {
            listener.close();
            synchronized (sockets) {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        }
    }
}
