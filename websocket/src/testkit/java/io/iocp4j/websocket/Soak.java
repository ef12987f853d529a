package io.iocp4j.websocket;

import io.iocp4j.core.AnyCall;
import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.HangDump;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PooledBuffer;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.RefCounted;
import io.iocp4j.core.TcpCalls;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import io.iocp4j.core.TestKeys;
import io.iocp4j.core.ThrowingLog;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * Everything at once on the real engine, for as long as one likes: any method of any connection and WebSocket by
 * several threads, pauses while numbered messages stream, TLS that fails, servers that close in the middle of
 * handshakes, peers that connect and reset, peers that do not read, messages that are streamed and compressed, openings
 * that are given up, errors in handlers, a logger that throws. Each of these is a chore; some threads do chores without
 * end, each within a deadline, and at the end nothing may be left.
 *
 * <p>{@code -Dsoak.minutes=60}, {@code -Dsoak.seed=1}. The seed decides what is done in which order; threads of a real
 * engine decide the rest.
 */
final class Soak {
    private static final int THREADS = 4;
    private static final long DEADLINE_SECONDS = 30;
    private static final Duration REPORT = Duration.ofSeconds(10);
    /** What the JDK may open for itself meanwhile. */
    private static final int DESCRIPTORS_MORE_MAX = 5;
    private static final int BURST = 20;

    /** Something that begins, happens and ends. */
    @FunctionalInterface
    private interface Chore {
        void run(SplittableRandom random) throws Exception;
    }

    /** Thrown by handlers on purpose. */
    private static final class OnPurpose extends Error {
        private static final long serialVersionUID = 1L;

        OnPurpose() {
            super("on purpose", null, false, false);
        }
    }

    private final long seed;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Map<String, Chore> chores = new LinkedHashMap<>();
    private final Map<String, AtomicLong> done = new LinkedHashMap<>();
    private final AtomicInteger handlers = new AtomicInteger();
    private volatile boolean over;

    private CompletionPort serverPort;
    private CompletionPort clientPort;
    private TcpServer plain;
    private TcpServer secure;
    /** Its certificate is of nobody's authority. */
    private TcpServer stranger;
    private WebSocketServer webSockets;

    private Soak(long seed) {
        this.seed = seed;
        chores.put("any calls of TCP", this::anyCallsOfTcp);
        chores.put("any calls of a WebSocket", this::anyCallsOfWebSocket);
        chores.put("numbers while others pause", this::numbersWhilePaused);
        chores.put("TLS that fails", this::failedTls);
        chores.put("a TLS server that closes", this::closingTlsServer);
        chores.put("peers that reset", this::resets);
        chores.put("a peer that does not read", this::slowReader);
        chores.put("streamed messages", this::streams);
        chores.put("openings given up", this::openings);
        chores.keySet().forEach(name -> done.put(name, new AtomicLong()));
    }

    /**
     * Runs for as many minutes as the system property {@code soak.minutes} says, with the seed of {@code soak.seed}.
     */
    public static void main(String[] arguments) {
        double minutes = Double.parseDouble(System.getProperty("soak.minutes", "3"));
        int code = 0;
        try {
            run(Duration.ofMillis((long) (minutes * 60_000)), Long.getLong("soak.seed", System.nanoTime()));
        } catch (Throwable thrown) {
            System.out.println(thrown.getMessage() == null ? thrown : thrown.getMessage());
            code = 1;
        }
        // what a failed soak leaves behind must not keep the process
        System.exit(code);
    }

    /** Throws what was found. */
    static void run(Duration time, long seed) throws Exception {
        System.out.println("soak of " + time.toSeconds()
                + " s, again with: mvn -ntp test -pl websocket -am -Dtest=SoakTest "
                + "-Dtest.groups=long -Dtest.groups.excluded= -Dsurefire.failIfNoSpecifiedTests=false -Dsoak.minutes="
                + time.toMillis() / 60_000.0 + " -Dsoak.seed=" + seed);
        new Soak(seed).run(time);
    }

    private void run(Duration time) throws Exception {
        try (ThrowingLog log = ThrowingLog.begin(3)) {
            doEach();
            Set<Thread> threadsBefore = threads();
            int descriptorsBefore = descriptors();
            doEndlessly(time);
            awaitBase(threadsBefore, descriptorsBefore);
            System.out.println("the logger was told of " + log.records() + " records, and threw for a third of them");
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("seed " + seed + ": " + failures.size() + " failures:\n"
                    + failures.stream().limit(10).collect(Collectors.joining("\n")));
        }
    }

    /** Once before anything is counted: classes are loaded, and the JDK opens what it keeps. */
    private void doEach() throws Exception {
        open();
        SplittableRandom random = new SplittableRandom(seed);
        chores.forEach((name, chore) -> doOne(name, chore, random.split()));
        close();
    }

    private void doEndlessly(Duration time) throws Exception {
        open();
        long begin = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        List<FutureTask<Void>> workers = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            SplittableRandom mine = random.split();
            workers.add(start("soak-" + i, () -> {
                List<String> names = List.copyOf(chores.keySet());
                while (!over && failures.isEmpty()) {
                    String name = names.get(mine.nextInt(names.size()));
                    doOne(name, chores.get(name), mine.split());
                }
            }));
        }
        long left = time.toNanos();
        while (left > 0 && failures.isEmpty()) {
            try {
                workers.getFirst().get(Math.min(left, REPORT.toNanos()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                report(System.nanoTime() - begin);
            }
            left = time.toNanos() - (System.nanoTime() - begin);
        }
        over = true;
        for (FutureTask<Void> worker : workers) {
            worker.get(2 * DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
        close();
        report(System.nanoTime() - begin);
    }

    private void doOne(String name, Chore chore, SplittableRandom random) {
        try {
            FutureTask<Void> task = start("soak-" + name, () -> chore.run(random));
            task.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            done.get(name).incrementAndGet();
        } catch (TimeoutException e) {
            failed(name + " does not end" + dump());
        } catch (ExecutionException e) {
            failed(name + ": " + e.getCause() + " at "
                    + List.of(e.getCause().getStackTrace()).stream().limit(8).toList());
        } catch (InterruptedException e) {
            failed(name + ": " + e);
        }
    }

    private String dump() {
        try {
            System.out.println(HangDump.threads());
            return ", see the stacks above";
        } catch (IOException e) {
            return ": " + e;
        }
    }

    private void failed(String what) {
        System.out.println("FAILED " + what);
        failures.add(what);
    }

    private void demand(boolean condition, String what) {
        if (!condition) {
            failed(what);
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private static FutureTask<Void> start(String name, Work work) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            work.run();
            return null;
        });
        Thread.ofPlatform().daemon().name(name).start(task);
        return task;
    }

    private void report(long nanos) {
        System.out.println(nanos / 1_000_000_000 + " s: " + done + ", connections " + plain.connections() + "+"
                + secure.connections()
                + ", WebSockets " + webSockets.webSockets() + ", threads " + threads().size() + ", descriptors "
                + descriptors()
                + ", memory of pools " + serverPort.buffers().usedBytes() + "+" + clientPort.buffers().usedBytes()
                + ", counted objects "
                + RefCounted.live().size() + ", heap "
                + (Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory() >> 20)
                + " MiB");
    }

    // ------------------------------------------------------------------ what there is

    private static TcpOptions options() {
        return TcpOptions.defaults().loopback(0).lingerTimeout(Duration.ofMillis(500)).waterMarks(1_000, 20_000)
                .maxSendQueue(1 << 20)
                .backlog(1_000);
    }

    private void open() throws IOException {
        serverPort = CompletionPort.open(PortOptions.defaults().workers(3));
        clientPort = CompletionPort.open(PortOptions.defaults().workers(2));
        plain = TcpServer.listen(serverPort, options(), connection -> new Checked(true));
        secure = TcpServer.listen(serverPort, options().tls(TestKeys.LOCALHOST.context()),
                connection -> new Checked(true));
        stranger = TcpServer.listen(serverPort, options().tls(TestKeys.STRANGER.context()),
                connection -> new Checked(true));
        webSockets = WebSocketServer.listen(serverPort,
                ServerOptions.defaults().deflate(Deflate.on()).closeTimeout(Duration.ofMillis(500))
                .heartbeat(Duration.ofSeconds(2), Duration.ofSeconds(10)).parts(false).tcp(options()),
                request -> new Echoing());
    }

    private void close() throws Exception {
        FutureTask<Void> closing = start("soak-closing", () -> {
            webSockets.close(Duration.ofSeconds(1));
            plain.close(Duration.ofSeconds(1));
            secure.close(Duration.ofSeconds(1));
            stranger.close(Duration.ofSeconds(1));
            serverPort.close();
            clientPort.close();
        });
        try {
            closing.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            failed("the servers and the ports do not close" + dump());
            return;
        }
        for (CompletionPort port : List.of(serverPort, clientPort)) {
            demand(port.outstanding() == 0 && port.counters().handles() == 0, "left: " + port.counters());
            demand(port.counters().handlerFailures() == 0, "completions threw: " + port.counters());
            demand(port.buffers().usedBytes() == 0, "memory is out: " + port.buffers().usedBytes());
        }
        demand(handlers.get() == 0, handlers + " handlers were not told of their end");
    }

    /** Everything that the soak began is given a moment to be over. */
    private void awaitBase(Set<Thread> threadsBefore, int descriptorsBefore) throws InterruptedException {
        Set<Thread> left = threads();
        left.removeAll(threadsBefore);
        for (Thread thread : left) {
            TimeUnit.SECONDS.timedJoin(thread, DEADLINE_SECONDS);
            demand(!thread.isAlive(), "a thread is left: " + thread);
        }
        demand(RefCounted.live().isEmpty(),
                "counted objects are left: " + RefCounted.live().stream().limit(3).toList());
        demand(descriptors() <= descriptorsBefore + DESCRIPTORS_MORE_MAX,
                descriptorsBefore + " descriptors, then " + descriptors());
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("iocp4j"))
                .collect(Collectors.toSet());
    }

    /** 0 where the system does not tell. */
    private static int descriptors() {
        String[] names = new File("/proc/self/fd").list();
        return names == null ? 0 : names.length;
    }

    private URI uri() {
        return URI.create("ws://127.0.0.1:" + webSockets.address().getPort() + "/");
    }

    // ------------------------------------------------------------------ who is told

    /** Order of the callbacks of one end of TCP; the server's end echoes, and now and then throws. */
    private final class Checked implements TcpHandler {
        private final boolean echoes;
        private final AtomicInteger inside = new AtomicInteger();
        private volatile boolean opened;
        private volatile boolean closed;

        Checked(boolean echoes) {
            this.echoes = echoes;
            handlers.incrementAndGet();
        }

        private void during(String event, boolean allowed) {
            boolean alone = inside.incrementAndGet() == 1;
            demand(alone && allowed && !closed, event + " out of order");
            inside.decrementAndGet();
        }

        @Override
        public void onOpen(TcpConnection c) {
            during("onOpen", !opened);
            opened = true;
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            during("onData", opened && data.hasRemaining());
            if (echoes && data.remaining() % 97 == 0) {
                throw new OnPurpose();
            }
            if (echoes && !c.send(data) && c.awaitsDrain()) {
                c.pause();
            }
        }

        @Override
        public void onDrain(TcpConnection c) {
            during("onDrain", opened);
            if (echoes) {
                c.resume();
            }
        }

        @Override
        public void onEnd(TcpConnection c) {
            during("onEnd", opened);
        }

        @Override
        public void onTimeout(TcpConnection c) {
            during("onTimeout", opened);
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            during("onClose", true);
            closed = true;
            handlers.decrementAndGet();
        }
    }

    /** The server's end of a WebSocket: echoes, as fast as the peer reads. */
    private final class Echoing implements WebSocketListener {
        private volatile boolean closed;

        Echoing() {
            handlers.incrementAndGet();
        }

        @Override
        public void onText(WebSocket socket, String text) {
            demand(!closed, "onText after onClose");
            if (text.startsWith("throw")) {
                throw new OnPurpose();
            }
            if (!socket.trySend(text)) {
                socket.pause();
            }
        }

        @Override
        public void onBinary(WebSocket socket, ByteBuffer data) {
            demand(!closed, "onBinary after onClose");
            if (!socket.trySend(data)) {
                socket.pause();
            }
        }

        @Override
        public void onDrain(WebSocket socket) {
            socket.resume();
        }

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            demand(!closed, "onClose twice");
            closed = true;
            handlers.decrementAndGet();
        }
    }

    // ------------------------------------------------------------------ chores

    private void anyCallsOfTcp(SplittableRandom random) throws Exception {
        Queue<CompletableFuture<?>> futures = new ConcurrentLinkedQueue<>();
        AnyCall calls = TcpCalls.onConnection(futures::add).focus(random)
                .with(PooledBuffer.class, call -> clientPort.buffers().acquire(1 + call.random().nextInt(2_000)));
        TcpServer server = random.nextBoolean() ? plain : secure;
        TcpOptions options = server == plain ? options() : options().tls(TestKeys.trusting());
        List<TcpConnection> connections = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            connections.add(TcpClient.connect(clientPort, options, server.address(), new Checked(false)));
        }
        callAll(calls, connections, random, connection -> connection.abort());
        for (TcpConnection connection : connections) {
            connection.closed().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
        for (CompletableFuture<?> future : futures) {
            awaitEnd(future);
        }
    }

    private interface End<T> {
        void end(T target);
    }

    /** Several threads call; then everything is ended, so that those that wait come back. */
    private static <T> void callAll(AnyCall calls, List<T> targets, SplittableRandom random, End<T> end)
            throws Exception {
        List<FutureTask<Void>> callers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            SplittableRandom mine = random.split();
            callers.add(start("soak-caller", () -> {
                for (int left = 200; left > 0; left--) {
                    calls.call("soak", targets.get(mine.nextInt(targets.size())), mine);
                }
            }));
        }
        for (FutureTask<Void> caller : callers) {
            try {
                caller.get(200, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                // it waits for room, perhaps; the end comes to it
                break;
            }
        }
        targets.forEach(end::end);
        for (FutureTask<Void> caller : callers) {
            caller.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** Well or not, but not never. */
    private static void awaitEnd(Future<?> future) throws Exception {
        try {
            future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof IOException)) {
                throw e;
            }
        }
    }

    private void anyCallsOfWebSocket(SplittableRandom random) throws Exception {
        Queue<CompletableFuture<?>> futures = new ConcurrentLinkedQueue<>();
        AnyCall calls = new AnyCall(WebSocket.class,
                Set.of("receive", "receiveStream", "iterator", "forEach", "spliterator"),
                Set.of("close", "abort"), 6)
                .refusing(Set.of("waterMarks", "close", "ping", "outputStream", "writer", "flush", "send"))
                .focus(random)
                .with(int.class, call -> (call.name().equals("close") ? 4_000 : 0) + call.random().nextInt(900))
                .with(ByteBuffer.class,
                call -> ByteBuffer.allocate(call.random().nextInt(call.name().equals("ping") ? 126 : 5_000)))
                .with(Message.class, call -> call.random().nextBoolean() ? Message.text("a message")
                        : Message.shared(clientPort.buffers(), "a shared message"))
                .results((result, call) -> take(result, futures));
        AtomicInteger ends = new AtomicInteger();
        List<WebSocket> sockets = new ArrayList<>();
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            CompletableFuture<WebSocket> opening = WebSocketClient.connectAsync(clientPort,
                    ClientOptions.defaults().tcp(options()).closeTimeout(Duration.ofMillis(500))
                    .deflate(random.nextBoolean() ? Deflate.on() : Deflate.off()), uri(), new WebSocketListener() {
                        @Override
                        public void onClose(WebSocket socket, CloseStatus why) {
                            ends.incrementAndGet();
                        }
                    });
            sockets.add(opening.get(DEADLINE_SECONDS, TimeUnit.SECONDS));
        }
        callAll(calls, sockets, random, WebSocket::abort);
        for (WebSocket socket : sockets) {
            socket.closed().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
        demand(ends.get() == sockets.size(), ends + " x onClose for " + sockets.size() + " WebSockets");
        for (CompletableFuture<?> future : futures) {
            awaitEnd(future);
        }
    }

    private static void take(Object result, Queue<CompletableFuture<?>> futures) {
        try {
            switch (result) {
                case CompletableFuture<?> future -> futures.add(future);
                case OutputStream stream -> {
                    try (stream) {
                        stream.write(new byte[3_000]);
                    }
                }
                case Writer writer -> {
                    try (writer) {
                        writer.write("x".repeat(3_000));
                    }
                }
                case null, default -> { }
            }
        } catch (IOException e) {
            // ended meanwhile, by whom is not asked
            futures.add(CompletableFuture.completedFuture(e));
        }
    }

    /** Both ends are paused and resumed by other threads while numbered messages go there and back. */
    private void numbersWhilePaused(SplittableRandom random) throws Exception {
        int messages = 300;
        AtomicInteger next = new AtomicInteger();
        CompletableFuture<Void> all = new CompletableFuture<>();
        WebSocket socket = WebSocketClient.connectAsync(clientPort, ClientOptions.defaults()
                .tcp(options().maxSendQueue(4 << 20).receive(50, 50)), uri(), new WebSocketListener() {
                    @Override
                    public void onText(WebSocket from, String text) {
                        int due = next.getAndIncrement();
                        if (Integer.parseInt(text) != due) {
                            all.completeExceptionally(new AssertionError(text + " came where " + due + " was due"));
                        } else if (due == messages - 1) {
                            all.complete(null);
                        }
                    }

                    @Override
                    public void onClose(WebSocket from, CloseStatus why) {
                        all.completeExceptionally(new AssertionError("ended after " + next + " messages: " + why));
                    }
                }).get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        SplittableRandom mine = random.split();
        FutureTask<Void> pausing = start("soak-pausing", () -> {
            while (!all.isDone()) {
                socket.pause();
                for (int numbers = mine.nextInt(2_000); numbers > 0; numbers--) {
                    mine.nextInt();
                }
                socket.resume();
            }
        });
        for (int i = 0; i < messages; i++) {
            socket.send("" + i);
        }
        all.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        pausing.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        socket.close();
        socket.closed().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * A client that does not trust the server, on a port of its own or not, and one that meets a server without TLS:
     * each throws soon.
     */
    private void failedTls(SplittableRandom random) throws Exception {
        TcpOptions trusting = options().tls(TestKeys.trusting()).connectTimeout(Duration.ofSeconds(10));
        for (int i = 0; i < BURST; i++) {
            refuses(() -> TcpClient.connect(trusting, "127.0.0.1", stranger.address().getPort()));
            refuses(() -> TcpClient.connect(clientPort, trusting, stranger.address()));
        }
        refuses(() -> TcpClient.connect(clientPort, trusting, plain.address()));
    }

    private interface Connect {
        TcpConnection connect() throws IOException;
    }

    private void refuses(Connect connect) {
        try {
            connect.connect().abort();
            failed("a connection to a server that is not to be trusted");
        } catch (IOException e) {
            demand(!(e instanceof IoException known) || known.error() != IoError.TIMED_OUT, "too late: " + e);
        }
    }

    /** With a port of its own, and handshakes under way. */
    private void closingTlsServer(SplittableRandom random) throws Exception {
        TcpServer server = TcpServer.listen(options().tls(TestKeys.LOCALHOST.context()),
                connection -> new Checked(true));
        List<TcpConnection> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(TcpClient.connect(clientPort, options().tls(TestKeys.trusting()), server.address(),
                    new Checked(false)));
        }
        if (random.nextBoolean()) {
            clients.getFirst().closed().completeOnTimeout(null, random.nextInt(1, 20), TimeUnit.MILLISECONDS).get();
        }
        server.close(Duration.ofMillis(random.nextInt(200)));
        for (TcpConnection client : clients) {
            client.abort();
            client.closed().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** Then the server still accepts, soon. */
    private void resets(SplittableRandom random) throws Exception {
        List<InetSocketAddress> servers = List.of(plain.address(), secure.address(), webSockets.address());
        for (int i = 0; i < BURST; i++) {
            Socket socket = new Socket();
            socket.setSoLinger(true, 0);
            socket.connect(servers.get(random.nextInt(servers.size())));
            if (random.nextBoolean()) {
                socket.getOutputStream().write(random.nextInt());
            }
            socket.close();
        }
        try (Socket alive = new Socket(plain.address().getAddress(), plain.address().getPort())) {
            alive.setSoTimeout(10_000);
            alive.getOutputStream().write(7);
            demand(alive.getInputStream().read() == 7, "another byte came back");
        }
    }

    /** Asks for more than it reads, reads a little, and goes. */
    private void slowReader(SplittableRandom random) throws Exception {
        Socket slow = new Socket();
        slow.setReceiveBufferSize(4_096);
        slow.setSoTimeout(10_000);
        slow.connect(plain.address());
        FutureTask<Void> sending = start("soak-sending", () -> {
            for (int i = 0; i < 50; i++) {
                slow.getOutputStream().write(new byte[10_000]);
            }
        });
        try {
            byte[] some = new byte[1_000];
            for (int i = random.nextInt(40); i > 0 && slow.getInputStream().read(some) >= 0; i--) {
                if (random.nextInt(20) == 0) {
                    slow.setSoLinger(true, 0);
                    break;
                }
            }
        } catch (SocketException e) {
            // its handler threw, which a piece of some lengths makes it do, so that the server has cut it
            demand(e.getMessage().contains("reset"), e.toString());
        } finally {
            slow.close();
        }
        awaitEnd(sending);
    }

    private void streams(SplittableRandom random) throws Exception {
        boolean deflate = random.nextBoolean();
        byte[] bytes = new byte[random.nextInt(100_000)];
        random.nextBytes(bytes);
        try (WebSocket socket = WebSocketClient.connect(clientPort,
                ClientOptions.defaults().tcp(options()).deflate(deflate ? Deflate.on() : Deflate.off())
                .closeTimeout(Duration.ofMillis(500)), uri())) {
            for (int i = 0; i < 5; i++) {
                try (OutputStream out = socket.outputStream()) {
                    out.write(bytes, 0, bytes.length / 2);
                    out.flush();
                    out.write(bytes, bytes.length / 2, bytes.length - bytes.length / 2);
                }
                Message back = socket.receive(Duration.ofSeconds(DEADLINE_SECONDS));
                demand(back != null && back.data().equals(ByteBuffer.wrap(bytes)), "another message came back");
            }
            socket.send("throw");
            demand(socket.receive(Duration.ofSeconds(DEADLINE_SECONDS)) == null, "a message of a listener that threw");
        } catch (WebSocketException e) {
            demand(e.getMessage().contains("1011"), "ended otherwise: " + e);
        }
    }

    private void openings(SplittableRandom random) throws Exception {
        List<CompletableFuture<WebSocket>> openings = new ArrayList<>();
        for (int i = 0; i < BURST; i++) {
            Duration limit = Duration.ofNanos(1 + random.nextLong(random.nextBoolean() ? 200_000 : 20_000_000));
            openings.add(WebSocketClient.connectAsync(clientPort, ClientOptions.defaults().tcp(options())
                    .connectTimeout(limit).closeTimeout(Duration.ofMillis(500)), uri(), new WebSocketListener() { }));
            if (random.nextInt(4) == 0) {
                openings.get(random.nextInt(openings.size())).cancel(true);
            }
        }
        for (CompletableFuture<WebSocket> opening : openings) {
            WebSocket socket = opening.handle((opened, thrown) -> opened).get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            if (socket != null) {
                socket.abort();
                socket.closed().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            }
        }
    }
}
