package io.iocp4j.examples;

import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.UpgradeAnswer;
import io.iocp4j.websocket.UpgradeExchange;
import io.iocp4j.websocket.UpgradeHandler;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.http.DirectoryHandler;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;

/**
 * Pages, uploads, server-sent events and WebSockets on one port. Every handler is on a virtual thread, so it may read
 * files, wait for a body, or ask a database.
 */
public final class WebSite {
    private final Path directory;
    private final HttpHandler files;

    private WebSite(Path directory) {
        this.directory = directory;
        this.files = DirectoryHandler.of(directory);
    }

    /**
     * Serves a directory until the process is stopped.
     *
     * @param args the TCP port to listen on, and the directory
     * @throws IOException if the port is taken
     */
    public static void main(String[] args) throws IOException {
        ServerOptions options = ServerOptions.defaults().tcpPort(Integer.parseInt(args[0]));
        WebSocketServer server = listen(options, Path.of(args[1]));
        server.closeOnExit(Duration.ofSeconds(5));
        server.awaitClosed();
    }

    static WebSocketServer listen(ServerOptions options, Path directory) throws IOException {
        WebSite site = new WebSite(directory);
        return WebSocketServer.listen(options, UpgradeHandler.blocking(site::decide),
                HttpHandler.blocking(site::answer));
    }

    private void answer(HttpExchange exchange) throws Exception {
        String path = exchange.request().path();
        if (path.equals("/login")) {
            exchange.respond(HttpResponse.html(200, "<p>welcome").withHeader("Set-Cookie", "user=guest; HttpOnly"));
        } else if (path.equals("/clock")) {
            exchange.respond(HttpResponse.events(events -> events.send(Instant.now().toString())));
        } else if (exchange.request().method().equals("POST")) {
            Path part = Files.createTempFile(directory, "upload", "");
            try (InputStream body = exchange.bodyStream()) {
                Files.copy(body, part, StandardCopyOption.REPLACE_EXISTING);
            }
            exchange.respond(HttpResponse.text(201, part.getFileName().toString()));
        } else {
            files.onRequest(exchange);
        }
    }

    private UpgradeAnswer decide(UpgradeExchange exchange) throws HttpException {
        String user = exchange.request().cookie("user");
        if (user == null) {
            throw new HttpException(401, "log in first");
        }
        return WebSocketListener.session(socket -> socket.send("hello " + user));
    }
}
