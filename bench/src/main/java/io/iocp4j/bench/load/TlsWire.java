package io.iocp4j.bench.load;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** TLS with an {@link SSLEngine}. It trusts any server, because it sends no secrets. */
final class TlsWire extends Wire {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    /** The number of records in one write. */
    private static final int TOGETHER = 4;

    private final SSLEngine engine;
    private final ByteBuffer encryptedIn;
    private final ByteBuffer encryptedOut;

    /** Does the handshake. The channel is blocking. */
    TlsWire(SocketChannel channel, SSLContext context) throws IOException {
        super(channel);
        engine = context.createSSLEngine("localhost", channel.socket().getPort());
        engine.setUseClientMode(true);
        int record = engine.getSession().getPacketBufferSize();
        encryptedIn = ByteBuffer.allocateDirect(TOGETHER * record).flip();
        encryptedOut = ByteBuffer.allocateDirect(TOGETHER * record).flip();
        handshake(ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()));
    }

    /** A context for every connection of a load. */
    static SSLContext context() throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustsAll()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("no TLS", e);
        }
    }

    private static final class TrustsAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
            throw new IllegalStateException("a load is no server");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {
            assert chain.length > 0;
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private void handshake(ByteBuffer plain) throws IOException {
        engine.beginHandshake();
        for (HandshakeStatus status; (status = engine.getHandshakeStatus()) != HandshakeStatus.NOT_HANDSHAKING;) {
            switch (status) {
                case NEED_WRAP -> {
                    encrypt(NOTHING);
                    flush();
                }
                case NEED_TASK -> runTasks();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    SSLEngineResult result = engine.unwrap(encryptedIn, plain);
                    if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                        fill();
                    }
                }
                default -> throw new IllegalStateException("a handshake that is " + status);
            }
        }
    }

    private void runTasks() {
        for (Runnable task; (task = engine.getDelegatedTask()) != null;) {
            task.run();
        }
    }

    private void fill() throws IOException {
        int bytes = channel.read(encryptedIn.compact());
        encryptedIn.flip();
        if (bytes < 0) {
            throw new EOFException("the server ended the connection");
        }
    }

    @Override
    void read(ByteBuffer in) throws IOException {
        in.clear();
        fill();
        SSLEngineResult result;
        do {
            result = engine.unwrap(encryptedIn, in);
            if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                runTasks();
            }
            if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                throw new EOFException("the server ended TLS");
            }
            if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
                throw new IllegalStateException("a buffer of " + in.capacity() + " bytes is too small");
            }
        } while (result.getStatus() == SSLEngineResult.Status.OK && encryptedIn.hasRemaining());
        in.flip();
    }

    @Override
    boolean write(ByteBuffer out) throws IOException {
        boolean room = flush();
        while (room && out.hasRemaining()) {
            encrypt(out);
            room = flush();
        }
        return room && !out.hasRemaining();
    }

    /** Fills the buffer for the socket, which is empty before. */
    private void encrypt(ByteBuffer plain) throws IOException {
        encryptedOut.clear();
        SSLEngineResult result;
        do {
            result = engine.wrap(plain, encryptedOut);
        } while (result.getStatus() == SSLEngineResult.Status.OK && plain.hasRemaining());
        encryptedOut.flip();
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
            throw new EOFException("TLS has ended");
        }
    }

    private boolean flush() throws IOException {
        if (encryptedOut.hasRemaining()) {
            channel.write(encryptedOut);
        }
        return !encryptedOut.hasRemaining();
    }
}
