package io.iocp4j.examples;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.io.IOException;
import java.time.Duration;

/**
 * A server of a line protocol with the blocking API: each line has a deadline, and a client may change to TLS on the
 * same connection (STARTTLS).
 */
public final class LineServer {
    private final TcpOptions tls;
    private final Duration limit;

    private LineServer(TcpOptions tls, Duration limit) {
        this.tls = tls;
        this.limit = limit;
    }

    /**
     * Begins to serve. The context of {@code tls} has the server's key; a client may be silent as long as the limit.
     */
    static TcpServer listen(TcpOptions options, TcpOptions tls, Duration limit) throws IOException {
        return TcpServer.listenBlocking(options, new LineServer(tls, limit)::serve);
    }

    private void serve(TcpConnection connection) throws IOException {
        try {
            for (String line; (line = connection.readLine(limit)) != null; ) {
                if (line.equals("STARTTLS")) {
                    connection.write("ready\n");
                    connection.acceptTls(tls);
                } else {
                    connection.write((connection.tlsSession() == null ? "open: " : "secret: ") + line + "\n");
                }
            }
        } catch (IoException e) {
            if (e.error() != IoError.TIMED_OUT) {
                throw e;
            }
            connection.write("too slow\n");
        }
    }

    /** Asks such a server one question, over TLS. */
    static String ask(TcpOptions tls, int tcpPort, String question) throws IOException {
        try (TcpConnection connection = TcpClient.connect("localhost", tcpPort, Duration.ofSeconds(10))) {
            connection.write("STARTTLS\n");
            if (!"ready".equals(connection.readLine())) {
                throw new IOException("this server has no TLS");
            }
            connection.startTls(tls, "localhost", tcpPort);
            connection.write(question + "\n");
            return connection.readLine();
        }
    }
}
