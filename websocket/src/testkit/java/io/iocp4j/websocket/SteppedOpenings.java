package io.iocp4j.websocket;

import io.iocp4j.core.Faults;
import io.iocp4j.core.SteppedWorld;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * Threads of an application that open WebSockets and give them up, with time limits so short that they end at any step
 * of an opening: before the first connection, on the way to where a redirect leads, while the answer comes.
 */
class SteppedOpenings extends SteppedWorld {
    private static final List<String> PATHS = List.of("/ws", "/busy", "/r1", "/r2");
    private static final int OPENINGS_MAX = 4;
    private static final Duration LIMIT_MAX = Duration.ofMillis(20);

    private final List<Client> clients = new ArrayList<>();
    private WebSocketServer server;
    private TcpServer redirects;

    /** One opening, and what it was told. */
    private final class Client implements WebSocketListener {
        private final List<String> told = new ArrayList<>();
        private CompletableFuture<WebSocket> result;

        @Override
        public void onOpen(WebSocket socket) {
            told.add("open");
        }

        @Override
        public void onText(WebSocket socket, String text) {
            told.add(text);
            socket.close();
        }

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            told.add("close");
        }
    }

    @Override
    protected Faults faults() {
        return Faults.none().with(Faults.Kind.EARLY, random.nextDouble()).with(Faults.Kind.REORDER, random.nextInt(2))
                .with(Faults.Kind.DELAY, random.nextBoolean() ? 0 : 0.2)
                .with(Faults.Kind.SILENT, random.nextInt(4) == 0 ? 0.3 : 0)
                .with(Faults.Kind.RESET, random.nextInt(8) == 0 ? 0.05 : 0);
    }

    private static TcpOptions options() {
        return TcpOptions.defaults().loopback(0).lingerTimeout(Duration.ofMillis(10));
    }

    @Override
    protected void begin() throws IOException {
        clients.clear();
        server = WebSocketServer.listen(serverPort, ServerOptions.defaults().subprotocols("v1")
                .closeTimeout(Duration.ofMillis(10)).tcp(options()), OpeningScenario::greet);
        String target = "ws://127.0.0.1:" + server.address().getPort();
        redirects = TcpServer.listen(serverPort, options(), connection -> new OpeningScenario.Redirecting(target));
    }

    @Override
    protected Runnable application(int number) {
        SplittableRandom mine = random.split();
        int[] left = {OPENINGS_MAX};
        return () -> {
            if (left[0]-- > 0) {
                open(mine);
            } else if (mine.nextInt(20) == 0) {
                List<Client> there = clients.stream().filter(client -> client.result != null).toList();
                there.get(mine.nextInt(there.size())).result.cancel(true);
            }
        };
    }

    private void open(SplittableRandom mine) {
        String path = PATHS.get(mine.nextInt(PATHS.size()));
        int tcpPort = (path.startsWith("/r") ? redirects.address() : server.address()).getPort();
        Client client = new Client();
        clients.add(client);
        long limit = 1 + mine.nextLong(mine.nextBoolean() ? 20_000 : LIMIT_MAX.toNanos());
        try {
            client.result = WebSocketClient.connectAsync(clientPort, ClientOptions.defaults().tcp(options())
                    .subprotocols("v1").maxRedirects(2).closeTimeout(Duration.ofMillis(10))
                    .connectTimeout(Duration.ofNanos(limit)), URI.create("ws://127.0.0.1:" + tcpPort + path), client);
        } catch (IllegalStateException e) {
            check(clientPort == serverPort, "the port of the clients was not closed: " + e);
            clients.remove(client);
        }
    }

    @Override
    protected void end() {
        for (Client client : clients) {
            check(client.result != null && client.result.isDone(),
                    "an opening hangs past its time limit, told " + client.told);
        }
        server.close();
        redirects.close();
        clients.forEach(client -> client.result.thenAccept(WebSocket::abort));
    }

    @Override
    protected void checkEnd() {
        for (Client client : clients) {
            boolean opened = client.told.contains("open");
            check(client.told.getLast().equals("close"), "no onClose, told " + client.told);
            check(opened || client.told.size() == 1, "told before it was open " + client.told);
            check(client.told.stream().filter("close"::equals).count() == 1, "not one end: " + client.told);
        }
        check(server.closed().isDone() && redirects.closed().isDone(), "the servers did not end");
    }

    @Override
    protected String told() {
        return clients.stream().map(client -> String.join(",", client.told)).collect(Collectors.joining(" "));
    }
}
