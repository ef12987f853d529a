package io.iocp4j.websocket;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Faults;
import io.iocp4j.core.RefCounted;
import io.iocp4j.core.SimulatedPort;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpLimits;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpRequestReader;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * Openings in a {@link Simulation}: our server and some clients of ours, everything about them drawn from one seed, and
 * what must be true when the time is over. A quarter of the seeds is harmless: nothing is broken or cancelled, so each
 * opening must end as its server says.
 */
final class OpeningScenario {
    private static final Duration PATIENT = Duration.ofSeconds(60);
    private static final long HORIZON_NANOS = Duration.ofSeconds(90).toNanos();
    /** What a callback may come late behind the time limit. */
    private static final long GRACE_NANOS = Duration.ofSeconds(2).toNanos();
    private static final int STEPS_MAX = 300_000;
    private static final int FOLLOWED = 2;
    /** The third is one redirect too far. */
    private static final List<String> PATHS = List.of("/ws", "/busy", "/r3", "/r1", "/r2", "/ws");
    /** When openings begin and are cancelled. */
    private static final long HURRY_NANOS = Duration.ofSeconds(2).toNanos();

    /** How an opening ended. */
    enum Outcome {
        /** A WebSocket. */
        OPENED,
        /** A response that is none. */
        REFUSED,
        /** No answer. */
        LOST,
        /** Given up by the application. */
        CANCELLED
    }

    private final SplittableRandom random;
    private final Simulation world;
    private final boolean harmless;
    private final SimulatedPort serverPort;
    private final SimulatedPort clientPort;
    private final BufferPool buffers;
    private final List<Client> clients = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final int liveBefore = RefCounted.live().size();
    final Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);

    /** One opening, and what it was told. */
    private final class Client implements WebSocketListener {
        private final String path;
        private final Duration limit = harmless ? PATIENT : Duration.ofMillis(300 + random.nextInt(4_000));
        private CompletableFuture<WebSocket> result;
        private final List<String> told = new ArrayList<>();
        private long doneNanos = -1;
        private long begunNanos;

        Client(String path) {
            this.path = path;
        }

        void begin(String uri) {
            begunNanos = world.nanos();
            result = WebSocketClient.connectAsync(clientPort,
                    ClientOptions.defaults().tcp(drawTcp()).connectTimeout(limit).maxRedirects(FOLLOWED)
                    .subprotocols("v1"), URI.create(uri), this);
            result.whenComplete((socket, thrown) -> doneNanos = world.nanos());
        }

        void cancel() {
            if (result != null) {
                result.cancel(true);
            }
        }

        @Override
        public void onOpen(WebSocket socket) {
            told.add("open");
            OpeningScenario.this.check(!result.isDone() || result.isCompletedExceptionally(),
                    "the result came before onOpen");
        }

        @Override
        public void onText(WebSocket socket, String text) {
            told.add(text);
            socket.close();
        }

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            told.add("close " + why.code());
        }

        void check() {
            String what = path + " " + told;
            Outcome outcome = outcome();
            OpeningScenario.this.check(doneNanos >= 0, what + ": no outcome");
            long late = limit.toNanos() + GRACE_NANOS + world.stoodStillNanos();
            OpeningScenario.this.check(doneNanos <= begunNanos + late, what + ": too late");
            outcomes.merge(outcome, 1, Integer::sum);
            if (outcome == Outcome.OPENED) {
                OpeningScenario.this.check(told.getFirst().equals("open"), what + ": opened without onOpen");
                OpeningScenario.this.check(told.stream().filter(event -> event.startsWith("close")).count() == 1,
                        what + ": not one end");
            } else {
                OpeningScenario.this.check(told.equals(List.of("close 1006")), what + ": " + outcome);
            }
            if (harmless) {
                boolean opens = path.equals("/ws") || path.equals("/r1") || path.equals("/r2");
                OpeningScenario.this.check(opens ? told.equals(List.of("open", "hi", "close 1000"))
                        : outcome == Outcome.REFUSED, what + ": " + outcome);
            }
        }

        private Outcome outcome() {
            return result.isCancelled() ? Outcome.CANCELLED
                    : result.handle((socket, thrown) -> thrown == null ? Outcome.OPENED
                            : thrown instanceof HandshakeException ? Outcome.REFUSED
                            : Outcome.LOST).getNow(Outcome.LOST);
        }
    }

    OpeningScenario(long seed, BufferPool buffers) {
        this.random = new SplittableRandom(seed);
        this.buffers = buffers;
        this.harmless = random.nextInt(4) == 0;
        Faults drawn = Faults.draw(random);
        this.world = new Simulation(random.nextLong(), harmless ? drawn.harmless() : drawn, buffers);
        this.serverPort = new SimulatedPort(world, "server", 2);
        this.clientPort = new SimulatedPort(world, "clients", 2);
    }

    private TcpOptions drawTcp() {
        int receiveMin = 1 + random.nextInt(300);
        return TcpOptions.defaults().loopback(0).receive(receiveMin, receiveMin + random.nextInt(2_000))
                .lingerTimeout(Duration.ofSeconds(harmless ? 20 : 1))
                .minLingerRate(harmless ? 0 : 1 << 10);
    }

    /** Runs it to its end and throws what was found. */
    void run() throws IOException {
        WebSocketServer server = WebSocketServer.listen(serverPort, ServerOptions.defaults().subprotocols("v1")
                .requestTimeout(PATIENT).tcp(drawTcp()), OpeningScenario::greet);
        String target = "ws://127.0.0.1:" + server.address().getPort();
        TcpServer redirects = TcpServer.listen(serverPort, drawTcp(), connection -> new Redirecting(target));
        String first = "ws://127.0.0.1:" + redirects.address().getPort();
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            String path = PATHS.get(random.nextInt(PATHS.size()));
            Client client = new Client(path);
            clients.add(client);
            world.later(random.nextLong(HURRY_NANOS), () -> client.begin((path.startsWith("/r") ? first : target)
                    + path));
            if (!harmless && random.nextInt(3) == 0) {
                world.later(random.nextLong(HURRY_NANOS), client::cancel);
            }
        }
        world.run(HORIZON_NANOS, STEPS_MAX);
        clients.forEach(Client::check);
        check(serverPort.outstanding() + clientPort.outstanding() <= 4, "operations that nobody waits for");
        redirects.close();
        server.close();
        serverPort.close();
        clientPort.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        check(buffers.usedBytes() == 0, buffers.usedBytes() + " bytes are out");
        check(RefCounted.live().size() == liveBefore, "objects are left: " + RefCounted.live());
        world.failures().forEach(thrown -> check(false, "thrown: " + thrown));
        if (!violations.isEmpty()) {
            throw new AssertionError(String.join("\n", violations));
        }
    }

    static WebSocketListener greet(UpgradeExchange exchange) throws HttpException {
        if (!exchange.request().path().equals("/ws")) {
            throw new HttpException(503, "busy".repeat(3_000));
        }
        return new WebSocketListener() {
            @Override
            public void onOpen(WebSocket socket) {
                socket.trySend("hi");
            }
        };
    }

    /** Leads /r2 to /r1 and that to a WebSocket. */
    static final class Redirecting implements TcpHandler {
        private final HttpRequestReader reader = new HttpRequestReader(HttpLimits.defaults());
        private final String target;

        Redirecting(String target) {
            this.target = target;
        }

        @Override
        public void onData(TcpConnection connection, ByteBuffer data) throws IOException {
            HttpRequest request = reader.read(data);
            if (request != null) {
                int left = request.path().charAt(2) - '1';
                String location = left == 0 ? target + "/ws" : "/r" + left;
                connection.send(HttpResponse.of(302).withHeader("Location", location).encode(false, false));
                connection.close();
            }
        }
    }

    private void check(boolean condition, String violation) {
        if (!condition) {
            violations.add(violation);
        }
    }
}
