package io.iocp4j.websocket;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Faults;
import io.iocp4j.core.RefCounted;
import io.iocp4j.core.SimulatedPort;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One run of WebSockets in a {@link Simulation}: a server and some clients behind a real handshake, scripts on both
 * ends, everything drawn from one seed, up to the end, with what must be true then. A quarter of the seeds is harmless:
 * nothing is broken or cut, so every message must arrive and every close must be clean. In a third of the seeds
 * messages are compressed, as each end likes it, and in a third the clock moves while messages are decoded.
 */
final class WebSocketScenario {
    /**
     * Through a window of a byte, with delays, a message takes minutes; where everything has to arrive nothing is cut
     * before.
     */
    private static final Duration PATIENCE = Duration.ofMinutes(20);
    private static final Duration HORIZON = Duration.ofMinutes(2);
    private static final int STEPS_MAX = 400_000;
    private static final int LOG_TAIL = 120;

    private final SplittableRandom random;
    private final BufferPool buffers;
    private final Simulation world;
    private final boolean harmless;
    private final boolean deflate;
    private final List<ScriptedSocket.Act> acts = new ArrayList<>(List.of(ScriptedSocket.Act.TEXT));
    private final int sizeMax;
    private final SimulatedPort port;
    private final List<ScriptedSocket> servers = new ArrayList<>();
    private final List<ScriptedSocket> clients = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final int liveBefore = RefCounted.live().size();
    private WebSocketServer server;

    WebSocketScenario(long seed, BufferPool buffers, boolean logging) {
        this.random = new SplittableRandom(seed);
        this.buffers = buffers;
        this.harmless = random.nextInt(4) == 0;
        this.deflate = random.nextInt(3) == 0;
        Faults drawn = Faults.draw(random);
        Faults faults = harmless ? drawn.harmless() : drawn;
        this.world = new Simulation(random.nextLong(), faults, buffers);
        if (random.nextInt(3) == 0) {
            // turns that end early
            world.slowClock(random.nextLong(MessageReceiver.TURN_NANOS_MAX));
        }
        if (logging) {
            world.keepLog();
        }
        for (ScriptedSocket.Act act : ScriptedSocket.Act.values()) {
            if ((act.harmless || !harmless) && random.nextBoolean()) {
                acts.add(act);
            }
        }
        boolean narrow = faults.probabilities()[Faults.Kind.SMALL_WINDOW.ordinal()] > 0;
        this.sizeMax = narrow ? 60 : random.nextInt(8) == 0 ? 20_000 : 700;
        this.port = new SimulatedPort(world, "port", 2);
    }

    WebSocketScenario run() {
        try {
            begin();
            world.run((harmless ? PATIENCE : HORIZON).toNanos(), STEPS_MAX);
            if (harmless) {
                check(ends().stream().allMatch(end -> end.told != null),
                        "a WebSocket that both sides ended did not end");
                check(server.webSockets() == 0, "the server counts", server.webSockets());
            }
            port.close();
            world.run(Long.MAX_VALUE, STEPS_MAX);
            checkEnd();
        } catch (IOException | RuntimeException | AssertionError e) {
            check(false, "threw", e, "at", Stream.of(e.getStackTrace()).limit(6).toList());
        }
        world.failures().forEach(thrown ->
                check(false, "thrown:", thrown, "at", Stream.of(thrown.getStackTrace()).limit(6).toList()));
        if (!violations.isEmpty()) {
            throw new AssertionError(String.join("\n", violations) + tail());
        }
        return this;
    }

    private void begin() throws IOException {
        ServerOptions options = draw(ServerOptions.defaults()).requestTimeout(PATIENCE);
        server = WebSocketServer.listen(port, options.tcp(drawOptions()), request -> end("server-", servers));
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            world.later(random.nextLong(Duration.ofMillis(50).toNanos()), this::connect);
        }
    }

    private TcpOptions drawOptions() {
        int receiveMin = 1 + random.nextInt(600);
        return TcpOptions.defaults().loopback(0).receive(receiveMin, receiveMin + random.nextInt(4_000))
                .lingerTimeout(harmless ? PATIENCE : Duration.ofMillis(random.nextInt(3_000)))
                .minLingerRate(harmless ? 0 : 1 << 10);
    }

    private <O extends WebSocketOptions<O>> O draw(O options) {
        O drawn = options.parts(random.nextBoolean()).slowConsumer(SlowConsumer.DROP)
                .closeTimeout(harmless ? PATIENCE : Duration.ofMillis(1 + random.nextInt(3_000)));
        Duration interval = random.nextBoolean() ? Duration.ZERO : Duration.ofMillis(1_000 + random.nextInt(5_000));
        return drawn.heartbeat(interval, harmless ? PATIENCE : Duration.ofMillis(1 + random.nextInt(5_000)))
                .deflate(drawDeflate());
    }

    private Deflate drawDeflate() {
        return !deflate ? Deflate.off() : Deflate.on().threshold(random.nextInt(200))
                .noContextTakeover(random.nextBoolean(), random.nextBoolean())
                .maxWindowBits(9 + random.nextInt(7), 9 + random.nextInt(7));
    }

    private ScriptedSocket end(String name, List<ScriptedSocket> ends) {
        ScriptedSocket end = new ScriptedSocket(this, name + ends.size(), random.split());
        ends.add(end);
        return end;
    }

    private void connect() {
        try {
            ClientEnd.connect(port, drawOptions(), server.address(), end("client-", clients),
                    draw(ClientOptions.defaults()), clients.size() - 1);
        } catch (IOException e) {
            check(false, "threw", e);
        }
    }

    // ------------------------------------------------------------------ for the ends

    Simulation world() {
        return world;
    }

    BufferPool buffers() {
        return buffers;
    }

    boolean isHarmless() {
        return harmless;
    }

    int sizeMax() {
        return sizeMax;
    }

    ScriptedSocket.Act drawAct(SplittableRandom from) {
        return acts.get(from.nextInt(acts.size()));
    }

    List<ScriptedSocket> everybody() {
        return ends();
    }

    void check(boolean condition, Object... what) {
        if (!condition) {
            String text = Arrays.stream(what).map(String::valueOf).collect(Collectors.joining(" "));
            world.log("VIOLATION", text);
            violations.add(text);
        }
    }

    // ------------------------------------------------------------------ what must be true

    long messages() {
        return ends().stream().mapToLong(end -> end.received.size()).sum();
    }

    boolean compressed() {
        return clients.stream().anyMatch(end -> end.socket != null && end.socket.handshake().deflate() != null);
    }

    long cleanCloses() {
        return ends().stream().filter(end -> end.socket != null && end.socket.closed().join().clean()).count();
    }

    private List<ScriptedSocket> ends() {
        return Stream.concat(servers.stream(), clients.stream()).toList();
    }

    private void checkEnd() {
        for (ScriptedSocket client : clients) {
            ScriptedSocket other = servers.stream().filter(end -> isOtherEnd(end, client)).findFirst().orElse(null);
            client.checkEnd(other);
            if (other != null) {
                other.checkEnd(client);
            }
        }
        check(!harmless || servers.size() == clients.size(), "opened", servers.size(), "of", clients.size());
        check(server.webSockets() == 0, "the server counts", server.webSockets(), "at the end");
        check(port.counters().handles() == 0, "open handles", port.counters());
        check(port.outstanding() == 0, "operations outstanding", port.counters());
        check(port.counters().handlerFailures() == 0, "completions that threw", port.counters());
        check(buffers.usedBytes() == 0, "bytes in use:", buffers.usedBytes());
        List<String> live = RefCounted.live();
        check(live.size() <= liveBefore, "counted objects left:", live.stream().limit(3).toList());
    }

    /** The request of each client has its number. */
    private boolean isOtherEnd(ScriptedSocket end, ScriptedSocket client) {
        return end.socket != null && end.socket.handshake().request().path().equals("/" + clients.indexOf(client));
    }

    private String tail() {
        List<String> log = world.log();
        List<String> last = log.subList(Math.max(0, log.size() - LOG_TAIL), log.size());
        return log.isEmpty() ? "" : "\n... " + String.join("\n", last);
    }
}
