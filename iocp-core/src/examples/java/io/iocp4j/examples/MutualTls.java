package io.iocp4j.examples;

import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A TLS server that demands a certificate of its clients, greets them by its subject, and a client that has one. */
public final class MutualTls {
    private MutualTls() {
    }

    /**
     * Serves, and asks itself.
     *
     * @param args a PKCS12 store with a key, a PKCS12 store of trusted certificates, and their password
     * @throws Exception whatever goes wrong
     */
    public static void main(String[] args) throws Exception {
        SSLContext context = context(Path.of(args[0]), Path.of(args[1]), args[2].toCharArray());
        try (TcpServer server = serve(context)) {
            System.out.println(ask(context, server.address().getPort()));
        }
    }

    static TcpServer serve(SSLContext context) throws IOException {
        TcpOptions options = TcpOptions.defaults().loopback(0)
                .tls(context, parameters -> parameters.setNeedClientAuth(true));
        return TcpServer.listenBlocking(options, connection -> {
            String who = connection.tlsSession().getPeerPrincipal().getName();
            connection.write("hello " + who + "\n");
        });
    }

    static String ask(SSLContext context, int tcpPort) throws IOException {
        try (TcpConnection connection = TcpClient.connect(TcpOptions.defaults().tls(context), "localhost", tcpPort)) {
            return connection.readLine();
        }
    }

    private static SSLContext context(Path keys, Path trusted, char[] password) throws IOException,
            GeneralSecurityException {
        KeyManagerFactory ours = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        ours.init(store(keys, password), password);
        TrustManagerFactory theirs = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        theirs.init(store(trusted, password));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(ours.getKeyManagers(), theirs.getTrustManagers(), null);
        return context;
    }

    private static KeyStore store(Path file, char[] password) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, password);
        }
        return store;
    }
}
