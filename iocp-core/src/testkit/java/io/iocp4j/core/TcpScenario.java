package io.iocp4j.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One run of TCP in a {@link Simulation}: a server and some clients, everything about them drawn from one seed, up to
 * the end, with what must be true then. A quarter of the seeds is harmless: nothing is broken or cut, so everything
 * must arrive.
 */
final class TcpScenario {
    /** When whatever has not ended by itself is ended from outside. */
    private static final long HORIZON_NANOS = Duration.ofSeconds(40).toNanos();
    private static final int STEPS_MAX = 200_000;
    /** Longer than any limit of these connections. */
    private static final long STOPPED_NANOS = Duration.ofSeconds(12).toNanos();
    private static final int CLIENTS_MAX = 3;
    private static final int WORKERS = 2;
    private static final int LOG_TAIL = 80;

    private final SplittableRandom random;
    private final BufferPool buffers;
    private final Simulation world;
    private final boolean harmless;
    private final boolean stopped;
    private final List<ScriptedEnd.Act> acts;
    private final int sizeMax;
    private final SimulatedPort serverPort;
    private final SimulatedPort clientPort;
    private final List<ScriptedEnd> clients = new ArrayList<>();
    private final List<ScriptedEnd> accepted = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final int liveBefore = RefCounted.live().size();
    private TcpServer server;

    TcpScenario(long seed, BufferPool buffers, ExecutorService otherWorker, boolean logging) {
        this.random = new SplittableRandom(seed);
        this.buffers = buffers;
        this.harmless = random.nextInt(4) == 0;
        this.stopped = random.nextInt(4) == 0;
        // after a stop a peer has a second, as long as one may be slow
        Faults drawn = stopped ? Faults.draw(random).with(Faults.Kind.SLOW_PEER, 0) : Faults.draw(random);
        Faults faults = harmless ? drawn.harmless() : drawn;
        this.world = new Simulation(random.nextLong(), faults, buffers).otherWorker(otherWorker);
        if (logging) {
            world.keepLog();
        }
        this.acts = drawActs();
        // through a window of some bytes only little can go
        this.sizeMax = faults.of(Faults.Kind.SMALL_WINDOW) > 0 ? 200 : random.nextInt(8) == 0 ? 20_000 : 1_000;
        this.serverPort = new SimulatedPort(world, "servers", WORKERS);
        this.clientPort = random.nextInt(4) == 0 ? serverPort : new SimulatedPort(world, "clients", WORKERS);
    }

    private List<ScriptedEnd.Act> drawActs() {
        List<ScriptedEnd.Act> drawn = new ArrayList<>(List.of(ScriptedEnd.Act.SEND));
        for (ScriptedEnd.Act act : ScriptedEnd.Act.values()) {
            if ((act.harmless || !harmless) && random.nextBoolean()) {
                drawn.add(act);
            }
        }
        return drawn;
    }

    private TcpOptions drawOptions() {
        int receiveMin = 1 + random.nextInt(600);
        int low = random.nextInt(200);
        TcpOptions options = TcpOptions.defaults().loopback(0)
                .receive(receiveMin, receiveMin + random.nextInt(4_000))
                .waterMarks(low, low + random.nextInt(1_000))
                .allowHalfOpen(random.nextBoolean())
                .idleTimeout(random.nextInt(4) == 0 ? Duration.ofMillis(500 + random.nextInt(4_000)) : Duration.ZERO)
                .connectTimeout(Duration.ofMillis(500 + random.nextInt(4_000)))
                // a peer that is slow is not cut off where everything has to arrive
                .lingerTimeout(harmless ? Duration.ofSeconds(10) : Duration.ofMillis(random.nextInt(3_000)))
                .minLingerRate(harmless ? 0 : 1 << 10);
        return harmless ? options : options.maxSendQueue(random.nextInt(4) == 0 ? 1_500 : 1 << 20)
                .maxConnections(random.nextInt(8) == 0 ? 1 : 100);
    }

    // ------------------------------------------------------------------ the run

    /** Runs it to its end and throws what was found. */
    TcpScenario run() {
        try {
            begin();
            // the time for which the process is stopped comes on top
            world.run(HORIZON_NANOS + STOPPED_NANOS, STEPS_MAX);
            checkAtRest();
            boolean endInOrder = random.nextBoolean();
            if (endInOrder) {
                endConnections();
                checkNothingOpen();
            }
            serverPort.close();
            clientPort.close();
            world.run(Long.MAX_VALUE, STEPS_MAX);
            checkEnd();
        } catch (IOException | RuntimeException e) {
            check(false, "threw", e, "at", Stream.of(e.getStackTrace()).limit(4).toList());
        } catch (AssertionError e) {
            check(false, e.getMessage());
        }
        world.failures().forEach(thrown -> check(false,
                "thrown:", thrown, "at", Stream.of(thrown.getStackTrace()).limit(4).toList()));
        if (!violations.isEmpty()) {
            throw new AssertionError(String.join("\n", violations) + tail());
        }
        return this;
    }

    private void begin() throws IOException {
        TcpOptions options = drawOptions();
        server = TcpServer.listen(serverPort, options, connection -> {
            ScriptedEnd end = end("server-" + accepted.size(), options);
            accepted.add(end);
            end.begin(connection);
            end.made();
            return end;
        });
        for (int i = 1 + random.nextInt(CLIENTS_MAX); i > 0; i--) {
            world.later(random.nextLong(Duration.ofMillis(50).toNanos()), this::connect);
        }
        // the process is stopped and continued: what is late by that is no silence of a peer
        if (stopped) {
            world.later(random.nextLong(Duration.ofSeconds(3).toNanos()), () -> world.jump(STOPPED_NANOS));
        }
        if (!harmless) {
            sometimes(5, server::close);
            sometimes(6, serverPort::close);
            sometimes(6, clientPort::close);
        }
    }

    private ScriptedEnd end(String name, TcpOptions options) {
        return new ScriptedEnd(this, name, options.allowHalfOpen(), random.split());
    }

    private void sometimes(int oneIn, Runnable action) {
        if (random.nextInt(oneIn) == 0) {
            world.later(random.nextLong(Duration.ofMillis(400).toNanos()), action);
        }
    }

    private void connect() {
        TcpOptions options = drawOptions();
        ScriptedEnd end = end("client-" + clients.size(), options);
        try {
            TcpConnection connection = TcpClient.connect(clientPort, options, server.address(), end);
            clients.add(end);
            end.begin(connection);
        } catch (IllegalStateException e) {
            check(!clientPort.isOpen(), "refused by a port that is open", e);
        } catch (IOException e) {
            check(false, "threw", e);
        }
    }

    private void endConnections() {
        ends().forEach(end -> {
            if (random.nextBoolean()) {
                end.connection().close();
            } else {
                end.connection().abort();
            }
        });
        server.close();
        world.run((HORIZON_NANOS + STOPPED_NANOS) * 2, STEPS_MAX);
    }

    // ------------------------------------------------------------------ for the ends

    Simulation world() {
        return world;
    }

    boolean isHarmless() {
        return harmless;
    }

    int sizeMax() {
        return sizeMax;
    }

    ScriptedEnd.Act drawAct(SplittableRandom from) {
        return acts.get(from.nextInt(acts.size()));
    }

    /** Sends one counted buffer on every connection. */
    void sendShared(byte[] contents) {
        PooledBuffer shared = buffers.acquire(contents.length);
        shared.buffer().put(contents).flip();
        ends().forEach(end -> end.send(shared, contents));
        shared.release();
    }

    void check(boolean condition, Object... what) {
        if (!condition) {
            String text = Arrays.stream(what).map(String::valueOf).collect(Collectors.joining(" "));
            world.log("VIOLATION", text);
            violations.add(text);
        }
    }

    // ------------------------------------------------------------------ what must be true

    private List<ScriptedEnd> ends() {
        return Stream.concat(clients.stream(), accepted.stream()).toList();
    }

    private void checkAtRest() {
        ends().forEach(ScriptedEnd::checkAtRest);
        if (harmless) {
            check(ends().stream().allMatch(ScriptedEnd::isClosed), "a connection that both sides ended did not end");
            check(accepted.size() == clients.size(), "connected", clients.size(), "accepted", accepted.size());
        }
    }

    /** Before the ports are closed: by then their connections must have gone by themselves. */
    private void checkNothingOpen() {
        for (SimulatedPort port : List.of(serverPort, clientPort)) {
            check(port.counters().handles() == 0, port, "has open handles", port.counters());
            check(port.outstanding() == 0, port, "has operations outstanding", port.counters());
        }
        check(server.connections() == 0, "the server counts", server.connections(), "connections");
        check(server.closed().isDone(), "the server's closed() did not complete");
    }

    private void checkEnd() {
        checkNothingOpen();
        boolean eof = world.injected().containsKey(Faults.Kind.EOF);
        for (ScriptedEnd client : clients) {
            ScriptedEnd other = accepted.stream().filter(end -> client.connection().local() != null
                    && client.connection().local().equals(end.connection().remote())).findFirst().orElse(null);
            client.checkEnd(other, eof);
            if (other != null) {
                other.checkEnd(client, eof);
            }
        }
        for (SimulatedPort port : List.of(serverPort, clientPort)) {
            check(port.counters().nullCompletions() == WORKERS, port, "ended with", port.counters());
            check(port.counters().handlerFailures() == 0, port, "has completions that threw", port.counters());
        }
        check(world.ledger.unfinished().isEmpty(), "not finished:", world.ledger.unfinished());
        check(buffers.usedBytes() == 0, "bytes in use:", buffers.usedBytes());
        List<String> live = RefCounted.live();
        check(live.size() <= liveBefore, "counted objects left:", live.stream().limit(3).toList());
    }

    private String tail() {
        List<String> log = world.log();
        List<String> last = log.subList(Math.max(0, log.size() - LOG_TAIL), log.size());
        return log.isEmpty() ? "" : "\n... " + String.join("\n", last);
    }
}
