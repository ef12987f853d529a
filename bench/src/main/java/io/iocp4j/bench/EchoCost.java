package io.iocp4j.bench;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Measures what an echo of 64 bytes costs the server, in CPU time and garbage per message. It compares TCP on the
 * completion port with a bare hand-written loop of AsynchronousSocketChannel. Each server has a JVM of its own on core
 * 0, and one worker. The load runs in this JVM, on another core:
 * <pre>
 * taskset -c 1 java -cp ... io.iocp4j.bench.EchoCost \
 *     [connections=64] [inFlight=1] [rounds=80] [launches=2] [before=class path]
 * </pre>
 * The servers of one launch live at the same time. They have rounds of a quarter of a second in turn, in a random
 * order. So a busy machine, and the caches that the previous server has left, harm all servers alike. The result is the
 * median of the ratios within a round, printed with its interval of 95 percent. {@code before} adds the TCP server of
 * an older build, to judge a change. It works on Linux only, because it reads the CPU time from /proc.
 */
public class EchoCost {
    /** Payload bytes of a message. */
    static final int PAYLOAD = 64;
    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long BREAK_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
    /** Has no state, so all connections share it. */
    private static final TcpHandler ECHO = new TcpHandler() {
        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            c.send(data);
        }
    };

    private final Map<String, String> arguments = new HashMap<>();

    /** Makes the comparison of the bare loop with TCP. */
    EchoCost() {
    }

    /**
     * Runs the comparison; in a JVM that the comparison has started, runs one of the servers.
     *
     * @param args as above
     * @throws Exception whatever goes wrong
     */
    public static void main(String[] args) throws Exception {
        new EchoCost().start(args);
    }

    /** The names of the servers. The others are compared with the first one. */
    List<String> kinds() {
        return List.of("bare", "tcp");
    }

    /** Starts a server of this name on an ephemeral port. Returns the port. */
    int serve(String kind) throws IOException {
        return switch (kind) {
            case "bare" -> bare();
            case "tcp" -> TcpServer.listen(onePort(), TcpOptions.defaults().loopback(0), connection -> ECHO)
                    .address().getPort();
            default -> throw new IllegalArgumentException("no server " + kind);
        };
    }

    /** One message as the client of this server sends it. */
    byte[] request(String kind) {
        return new byte[PAYLOAD];
    }

    /** The number of bytes in an answer of this server. */
    int responseLength(String kind) {
        return PAYLOAD;
    }

    /** Prepares a new connection of the client before its first message. The channel is blocking. */
    void open(String kind, SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }

    /** A port with one worker. */
    static CompletionPort onePort() throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(1));
    }

    /** Runs the program. The main method of each derived class calls it. */
    final void start(String[] args) throws Exception {
        if (args.length == 2 && args[0].equals("serve")) {
            System.out.println(serve(args[1]));
            var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
            while (System.in.read() >= 0) {
                System.out.println(threads.getTotalThreadAllocatedBytes());
            }
            Runtime.getRuntime().halt(0);
        }
        for (String arg : args) {
            arguments.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
        }
        int connections = number("connections", 64);
        int inFlight = number("inFlight", 1);
        List<Candidate> all = new ArrayList<>();
        Random order = new Random(0);
        for (int launch = 0; launch < number("launches", 2); launch++) {
            List<Candidate> candidates = launch(connections, inFlight);
            List<Candidate> turn = new ArrayList<>(candidates);
            for (int round = 0; round < number("rounds", 80); round++) {
                Collections.shuffle(turn, order);
                for (Candidate candidate : turn) {
                    candidate.measure();
                }
            }
            for (Candidate candidate : candidates) {
                candidate.stop();
            }
            all.addAll(candidates);
            System.out.printf("%d connections, %d in flight each, launch %d%n", connections, inFlight, launch + 1);
            report(candidates);
        }
        System.out.println("all launches");
        report(all);
    }

    private int number(String name, int otherwise) {
        return Integer.parseInt(arguments.getOrDefault(name, Integer.toString(otherwise)));
    }

    private List<Candidate> launch(int connections, int inFlight) throws IOException {
        String classPath = System.getProperty("java.class.path");
        List<Candidate> candidates = new ArrayList<>();
        for (String kind : kinds()) {
            candidates.add(new Candidate(kind, kind, classPath, connections, inFlight));
            if (arguments.containsKey("before") && !kind.equals("bare")) {
                String before = arguments.get("before") + File.pathSeparator + classPath;
                candidates.add(new Candidate(kind, kind + " before", before, connections, inFlight));
            }
        }
        for (Candidate candidate : candidates) {
            candidate.load.run(WARM_UP_NANOS);
        }
        return candidates;
    }

    private static void report(List<Candidate> candidates) {
        double[] bare = candidates.stream().filter(c -> c.name.equals(candidates.getFirst().name))
                .flatMap(c -> c.costs.stream()).mapToDouble(Double::doubleValue).toArray();
        for (String name : candidates.stream().map(c -> c.name).distinct().toList()) {
            List<Candidate> same = candidates.stream().filter(c -> c.name.equals(name)).toList();
            double[] costs = same.stream().flatMap(c -> c.costs.stream()).mapToDouble(Double::doubleValue).toArray();
            double[] ratios = new double[costs.length];
            double[] above = new double[costs.length];
            Arrays.setAll(ratios, i -> costs[i] / bare[i]);
            Arrays.setAll(above, i -> costs[i] - bare[i]);
            System.out.printf("  %-16s %.2f us CPU per message (least %.2f), %s of bare, %s us, %.0f B garbage%n", name,
                    sortedAt(costs, 0.5), sortedAt(costs, 0),
                    withInterval("%.3f", ratios), withInterval("%+.2f", above),
                    same.stream().mapToDouble(c -> (double) c.garbage / c.messages).average().orElse(0));
        }
    }

    /**
     * The median, and the two values between which it lies with a probability of 95 percent. Their places follow from
     * the number of values.
     */
    private static String withInterval(String format, double[] values) {
        double part = 0.98 / Math.sqrt(values.length);
        return (format + " (" + format + " to " + format + ")").formatted(sortedAt(values, 0.5),
                sortedAt(values, Math.max(0, 0.5 - part)), sortedAt(values, Math.min(1, 0.5 + part)));
    }

    private static double sortedAt(double[] values, double part) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted.length == 0 ? Double.NaN : sorted[(int) Math.round((sorted.length - 1) * part)];
    }

    // ------------------------------------------------------------------ one server and its load

    private final class Candidate {
        final String name;
        final List<Double> costs = new ArrayList<>();
        final Load load;
        long messages;
        long garbage;
        private final Process server;
        private final BufferedReader answers;

        Candidate(String kind, String name, String classPath, int connections, int inFlight) throws IOException {
            this.name = name;
            server = new ProcessBuilder("taskset", "-c", "0", ProcessHandle.current().info().command().orElseThrow(),
                    "-XX:+UseSerialGC", "-Xmx256m", "-cp", classPath, EchoCost.this.getClass().getName(), "serve", kind)
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            answers = new BufferedReader(new InputStreamReader(server.getInputStream()));
            load = new Load(kind, connections, inFlight, Integer.parseInt(answers.readLine()));
        }

        void measure() throws IOException {
            long allocated = allocated();
            long cpu = cpuNanos();
            long count = load.run(ROUND_NANOS);
            costs.add((cpuNanos() - cpu) / 1e3 / count);
            garbage += allocated() - allocated;
            messages += count;
        }

        /** The bytes that the server has allocated so far. */
        private long allocated() throws IOException {
            server.getOutputStream().write('\n');
            server.getOutputStream().flush();
            return Long.parseLong(answers.readLine());
        }

        /** The CPU time of all threads, without the time in which the machine was taken away from them. */
        private long cpuNanos() throws IOException {
            long nanos = 0;
            try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + server.pid() + "/task"))) {
                for (Path thread : threads) {
                    String schedstat = Files.readString(thread.resolve("schedstat"));
                    nanos += Long.parseLong(schedstat.substring(0, schedstat.indexOf(' ')));
                }
            }
            return nanos;
        }

        void stop() throws Exception {
            load.close();
            server.getOutputStream().close();
            server.waitFor();
        }
    }

    /** Keeps a number of messages in flight on each connection. */
    private final class Load {
        private final Selector selector = Selector.open();
        private final ByteBuffer requests;
        private final int requestLength;
        private final int responseLength;
        private final int inFlight;

        Load(String kind, int connections, int inFlight, int port) throws IOException {
            byte[] request = request(kind);
            this.inFlight = inFlight;
            requestLength = request.length;
            responseLength = responseLength(kind);
            requests = ByteBuffer.allocateDirect(requestLength * inFlight);
            while (requests.hasRemaining()) {
                requests.put(request);
            }
            for (int i = 0; i < connections; i++) {
                SocketChannel channel =
                        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                open(kind, channel);
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new int[1]);
            }
        }

        /** Runs the load for this time. Returns the number of messages that came back. */
        long run(long nanos) throws IOException {
            ByteBuffer in = ByteBuffer.allocateDirect(64 << 10);
            long messages = 0;
            long end = System.nanoTime() + nanos;
            for (SelectionKey key : selector.keys()) {
                ((SocketChannel) key.channel()).write(requests.rewind().limit(inFlight * requestLength));
            }
            long waiting = (long) selector.keys().size() * inFlight;
            boolean stopping = false;
            while (waiting > 0) {
                // never sleep: waking the load would be charged to the server, and more often the longer the load waits
                if (selector.selectNow() == 0) {
                    // and pause between two looks: each look takes locks of the system that the server's next write
                    // needs
                    elapse(BREAK_NANOS);
                }
                stopping |= System.nanoTime() > end;
                for (SelectionKey key : selector.selectedKeys()) {
                    SocketChannel channel = (SocketChannel) key.channel();
                    int[] got = (int[]) key.attachment();
                    got[0] += channel.read(in.clear());
                    int answered = got[0] / responseLength;
                    got[0] %= responseLength;
                    messages += answered;
                    if (stopping) {
                        waiting -= answered;
                    } else if (answered > 0) {
                        channel.write(requests.rewind().limit(answered * requestLength));
                    }
                }
                selector.selectedKeys().clear();
            }
            return messages;
        }

        private static void elapse(long nanos) {
            long end = System.nanoTime() + nanos;
            while (System.nanoTime() < end) {
                continue;
            }
        }

        void close() throws IOException {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        }
    }

    // ------------------------------------------------------------------ the bare server

    private static int bare() throws IOException {
        AsynchronousChannelGroup group = AsynchronousChannelGroup.withFixedThreadPool(1, Thread::new);
        AsynchronousServerSocketChannel listener = AsynchronousServerSocketChannel.open(group)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 511);
        listener.accept(null, new CompletionHandler<AsynchronousSocketChannel, Object>() {
            @Override
            public void completed(AsynchronousSocketChannel channel, Object none) {
                listener.accept(null, this);
                try {
                    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
                new Bare(channel).read();
            }

            @Override
            public void failed(Throwable failure, Object none) {
                throw new IllegalStateException(failure);
            }
        });
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    /**
     * The bare loop. It allocates nothing per message. A read that fills the buffer makes it grow, as in a
     * TcpConnection.
     */
    private static final class Bare implements CompletionHandler<Integer, Boolean> {
        private static final int BUFFER_MAX = 64 << 10;

        private final AsynchronousSocketChannel channel;
        private ByteBuffer buffer = ByteBuffer.allocateDirect(512);

        Bare(AsynchronousSocketChannel channel) {
            this.channel = channel;
        }

        void read() {
            channel.read(buffer.clear(), true, this);
        }

        @Override
        public void completed(Integer bytes, Boolean read) {
            if (read && bytes > 0) {
                channel.write(buffer.flip(), false, this);
            } else if (!read && buffer.hasRemaining()) {
                channel.write(buffer, false, this);
            } else if (!read) {
                if (buffer.limit() == buffer.capacity() && buffer.capacity() < BUFFER_MAX) {
                    buffer = ByteBuffer.allocateDirect(2 * buffer.capacity());
                }
                read();
            }
        }

        @Override
        public void failed(Throwable failure, Boolean read) {
            System.err.println("a connection ended: " + failure);
        }
    }
}
