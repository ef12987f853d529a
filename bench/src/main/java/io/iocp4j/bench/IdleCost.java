package io.iocp4j.bench;

import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures what an idle connection costs its server, in bytes. Each connection has had one conversation before it rests. The
 * server has a JVM of its own, whose whole heap is in physical memory from the start. The other ends have another JVM.
 * <pre>
 * java -cp ... io.iocp4j.bench.IdleCost tcp 10000
 * </pre>
 * Both processes need a descriptor for each connection: {@code ulimit -n}.
 */
public class IdleCost {
    private static final int WARM_UP = 200;
    private static final int MESSAGE = 64;
    private static final int ANSWER_MAX = 256 << 10;
    private static final String SERVE = "serve";
    private static final String CONNECT = "connect";
    private static final Path STATUS = Path.of("/proc/self/status");

    /**
     * What one connection costs.
     *
     * @param counted heap that is in use after a collection and direct memory, to the byte
     * @param resident growth of the physical memory outside the heap, direct memory and what libraries in C take included; to some hundred
     *     bytes with 10,000 connections. 0 where the system does not say
     */
    public record Bytes(long counted, long resident) {
    }

    /** Makes the measurement of TCP. */
    protected IdleCost() {
    }

    /**
     * Measures, or in a JVM that it started is one of the two sides.
     *
     * @param args what kind of server, and how many connections
     * @throws Exception whatever goes wrong
     */
    public static void main(String[] args) throws Exception {
        new IdleCost().start(args);
    }

    /** Starts a server of this kind on an ephemeral port, which is returned. */
    protected int serve(String kind) throws IOException {
        TcpHandler echo = new TcpHandler() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) {
                c.send(data);
            }
        };
        TcpOptions options = TcpOptions.defaults().loopback(0).maxConnections(Integer.MAX_VALUE);
        return TcpServer.listen(options, connection -> echo).address().getPort();
    }

    /** All that the other end says to such a server. */
    protected byte[] opening(String kind) {
        return new byte[MESSAGE];
    }

    /** The last bytes of what the server answers. */
    protected byte[] ending(String kind) {
        return new byte[MESSAGE];
    }

    /** To be called by main of each class that derives from this one. */
    protected final void start(String[] args) throws Exception {
        switch (args[0]) {
            case SERVE -> {
                Bytes bytes = measure(args[1], Integer.parseInt(args[2]));
                System.out.println(bytes.counted + " " + bytes.resident);
            }
            case CONNECT -> connect(args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3]));
            default -> System.out.println(measured(getClass(), args[0], Integer.parseInt(args[1])));
        }
        System.exit(0);
    }

    /**
     * Measures in a JVM of its own, in which no leak is watched and nothing is left of tests.
     *
     * @param server this class or one that derives from it, with a main method
     * @param kind which of its servers
     * @param connections how many
     * @return for each of them
     * @throws IOException if the measurement fails; the JVM has said why
     */
    public static Bytes measured(Class<? extends IdleCost> server, String kind, int connections) throws IOException {
        Process process = java(server, "-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch", SERVE, kind, Integer.toString(connections));
        try {
            String[] bytes = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip().split(" ");
            if (bytes.length != 2) {
                throw new IOException("no measurement of " + kind);
            }
            return new Bytes(Long.parseLong(bytes[0]), Long.parseLong(bytes[1]));
        } finally {
            process.destroy();
        }
    }

    /** Options of the JVM begin with a hyphen. */
    private static Process java(Class<? extends IdleCost> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
        List<String> all = List.of(arguments);
        command.addAll(all.stream().filter(argument -> argument.startsWith("-")).toList());
        command.add(main.getName());
        command.addAll(all.stream().filter(argument -> !argument.startsWith("-")).toList());
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private Bytes measure(String kind, int connections) throws IOException {
        int tcpPort = serve(kind);
        // what is made once, or for some at a time, is not what a connection costs
        Process first = others(kind, tcpPort, WARM_UP);
        Bytes before = used();
        Process second = others(kind, tcpPort, connections);
        Bytes after = used();
        first.destroy();
        second.destroy();
        return new Bytes((after.counted - before.counted) / connections, (after.resident - before.resident) / connections);
    }

    /** Returns when all have had their conversation. */
    private Process others(String kind, int tcpPort, int connections) throws IOException {
        Process process = java(getClass(), CONNECT, kind, Integer.toString(tcpPort), Integer.toString(connections));
        String line = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        if (!"idle".equals(line)) {
            throw new IOException("the other ends said: " + line);
        }
        return process;
    }

    private static Bytes used() throws IOException {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        // the second collection frees what the first has made unreachable by running its cleaners
        memory.gc();
        memory.gc();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct")).mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
        return new Bytes(memory.getHeapMemoryUsage().getUsed() + direct, resident());
    }

    private static long resident() throws IOException {
        if (!Files.exists(STATUS)) {
            return 0;
        }
        String kilobytes = Files.readAllLines(STATUS).stream().filter(line -> line.startsWith("VmRSS:")).findFirst().orElseThrow();
        return Long.parseLong(kilobytes.replaceAll("\\D", "")) << 10;
    }

    private void connect(String kind, int tcpPort, int connections) throws IOException {
        List<SocketChannel> channels = new ArrayList<>();
        ByteBuffer opening = ByteBuffer.wrap(opening(kind));
        ByteBuffer ending = ByteBuffer.wrap(ending(kind));
        ByteBuffer answer = ByteBuffer.allocate(ANSWER_MAX);
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcpPort));
            channels.add(channel);
            channel.write(opening.rewind());
            readUntil(channel, ending, answer.clear());
        }
        System.out.println("idle");
        // until the server's process ends
        while (System.in.read() >= 0) {
            continue;
        }
        for (SocketChannel channel : channels) {
            channel.close();
        }
    }

    private static void readUntil(SocketChannel channel, ByteBuffer ending, ByteBuffer answer) throws IOException {
        int length = ending.remaining();
        do {
            if (channel.read(answer) <= 0) {
                throw new IOException("no such ending in " + answer.position() + " bytes, or the server ended the connection");
            }
        } while (answer.position() < length || !answer.slice(answer.position() - length, length).equals(ending));
    }
}
