package io.iocp4j.core;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the tests of TLS share: connections of ours with a socket of the JDK at their other end, which is another
 * implementation's.
 */
abstract class TlsFixture extends TcpFixture {
    static final String TLS_1_2 = "TLSv1.2";
    static final String TLS_1_3 = "TLSv1.3";

    final TcpOptions forServer = options.tls(TestKeys.LOCALHOST.context());
    final TcpOptions forClient = options.tls(TestKeys.trusting());
    private final Logger quiet = Logger.getLogger("io.iocp4j.core");

    @BeforeEach
    void hush() {
        quiet.setLevel(Level.SEVERE);
    }

    @AfterEach
    void speak() {
        quiet.setLevel(null);
    }

    /** Ours and theirs after the handshake. */
    final Pair secure(Role role, String version, Recorder handler) throws Exception {
        return secure(role, version, role == Role.ACCEPTED ? forServer : forClient, handler);
    }

    final Pair secure(Role role, String version, TcpOptions chosen, Recorder handler) throws Exception {
        Pair pair = role == Role.ACCEPTED ? accepted(version, chosen, handler) : connected(version, chosen, handler);
        closeLater(pair.connection()::abort);
        return pair;
    }

    private Pair accepted(String version, TcpOptions chosen, Recorder handler) throws Exception {
        try (TcpServer server = TcpServer.listen(port, chosen, connection -> handler)) {
            SSLSocket peer = client(TestKeys.trusting(), server.address(), version);
            peer.startHandshake();
            return new Pair(handler.awaitOpen(), peer);
        }
    }

    private Pair connected(String version, TcpOptions chosen, Recorder handler) throws Exception {
        try (ServerSocket listener = listener()) {
            TcpClient.connect(port, chosen, "localhost", listener.getLocalPort(), handler);
            SSLSocket peer = server(TestKeys.LOCALHOST.context(), listener.accept(), version);
            peer.startHandshake();
            return new Pair(handler.awaitOpen(), peer);
        }
    }

    /** A listener whose connections have small buffers. */
    static ServerSocket listener() throws IOException {
        ServerSocket listener = new ServerSocket();
        listener.setReceiveBufferSize(SMALL);
        listener.bind(new InetSocketAddress(LOOPBACK, 0));
        listener.setSoTimeout((int) Recorder.DEADLINE_SECONDS * 1000);
        return listener;
    }

    /** A client of the JDK before its handshake, connected. */
    final SSLSocket client(SSLContext context, InetSocketAddress to, String version) throws IOException {
        Socket plain = closeLater(new Socket());
        plain.setReceiveBufferSize(SMALL);
        plain.connect(to);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", to.getPort(), true);
        return prepared(socket, version);
    }

    /** A server's end of the JDK before its handshake. */
    final SSLSocket server(SSLContext context, Socket accepted, String version) throws IOException {
        closeLater(accepted);
        InputStream nothing = new ByteArrayInputStream(new byte[0]);
        return prepared((SSLSocket) context.getSocketFactory().createSocket(accepted, nothing, true), version);
    }

    private SSLSocket prepared(SSLSocket socket, String version) throws IOException {
        socket.setSoTimeout((int) Recorder.DEADLINE_SECONDS * 1000);
        socket.setEnabledProtocols(new String[] {version});
        return socket;
    }

    /** What may throw, on a thread of its own. */
    interface Work {
        void run() throws Exception;
    }

    static CompletableFuture<Void> inBackground(Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (Throwable thrown) {
                done.completeExceptionally(thrown);
            }
        });
        return done;
    }

    /** How a handshake went for the JDK's end; null if well. */
    static Throwable failureOf(Work work) {
        try {
            work.run();
            return null;
        } catch (Throwable thrown) {
            return thrown;
        }
    }
}
