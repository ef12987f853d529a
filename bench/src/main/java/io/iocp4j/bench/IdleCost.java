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
 * Measures what an idle connection costs its server, in bytes. Each connection exchanges messages once and then rests.
 * The server has a JVM of its own, whose whole heap is in physical memory from the start. The other ends have another
 * JVM.
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
     * The cost of one connection.
     *
     * @param counted direct memory, and the heap in use after a collection; exact to the byte
     * @param resident growth of the physical memory outside the heap. It includes direct memory and the memory of C
     *        libraries. With 10,000 connections it is exact to some hundred bytes. 0 where the system does not report
     *        it
     */
    public record Bytes(long counted, long resident) {
    }

    /** Makes the measurement of TCP. */
    IdleCost() {
    }

    /**
     * Measures; in a JVM that the measurement has started, runs one of the two sides.
     *
     * @param args the kind of server, and the number of connections
     * @throws Exception whatever goes wrong
     */
    public static void main(String[] args) throws Exception {
        new IdleCost().start(args);
    }

    /** Starts a server of this kind on an ephemeral port. Returns the port. */
    int serve(String kind) throws IOException {
        TcpHandler echo = new TcpHandler() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) {
                c.send(data);
            }
        };
        TcpOptions options = TcpOptions.defaults().loopback(0).maxConnections(Integer.MAX_VALUE);
        return TcpServer.listen(options, connection -> echo).address().getPort();
    }

    /** All bytes that the other end sends to such a server. */
    byte[] opening(String kind) {
        return new byte[MESSAGE];
    }

    /** The last bytes of the server's answer. */
    byte[] ending(String kind) {
        return new byte[MESSAGE];
    }

    /** Runs the program. The main method of each derived class calls it. */
    final void start(String[] args) throws Exception {
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
     * Measures in a JVM of its own, without leak detection and without leftovers of tests.
     *
     * @param server this class or a derived one, with a main method
     * @param kind the kind of server
     * @param connections the number of connections, 1 or more
     * @return the cost of each connection
     * @throws IOException if the measurement fails; the JVM has printed why
     */
    public static Bytes measured(Class<? extends IdleCost> server, String kind, int connections) throws IOException {
        Process process = java(server, "-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch", SERVE, kind,
                Integer.toString(connections));
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String[] bytes = output.strip().split(" ");
            if (bytes.length != 2) {
                throw new IOException("no measurement of " + kind);
            }
            return new Bytes(Long.parseLong(bytes[0]), Long.parseLong(bytes[1]));
        } finally {
            process.destroy();
        }
    }

    /** Starts a JVM. Arguments that begin with a hyphen are its options. */
    private static Process java(Class<? extends IdleCost> main, String... arguments) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(
                List.of(java, "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
        List<String> all = List.of(arguments);
        command.addAll(all.stream().filter(argument -> argument.startsWith("-")).toList());
        command.add(main.getName());
        command.addAll(all.stream().filter(argument -> !argument.startsWith("-")).toList());
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private Bytes measure(String kind, int connections) throws IOException {
        int tcpPort = serve(kind);
        // objects that are made once, or for several connections at a time, are not part of the cost of one
        Process first = others(kind, tcpPort, WARM_UP);
        Bytes before = used();
        Process second = others(kind, tcpPort, connections);
        Bytes after = used();
        first.destroy();
        second.destroy();
        return new Bytes((after.counted - before.counted) / connections,
                (after.resident - before.resident) / connections);
    }

    /** Opens connections from another JVM. Returns when all have exchanged their messages. */
    private Process others(String kind, int tcpPort, int connections) throws IOException {
        Process process = java(getClass(), CONNECT, kind, Integer.toString(tcpPort), Integer.toString(connections));
        String line = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        if (!"idle".equals(line)) {
            throw new IOException("the JVM of the other ends printed: " + line);
        }
        return process;
    }

    private static Bytes used() throws IOException {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        // the cleaners of the first collection make more objects unreachable, which the second one frees
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
        String kilobytes = Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith("VmRSS:")).findFirst().orElseThrow();
        return Long.parseLong(kilobytes.replaceAll("\\D", "")) << 10;
    }

    private void connect(String kind, int tcpPort, int connections) throws IOException {
        List<SocketChannel> channels = new ArrayList<>();
        ByteBuffer opening = ByteBuffer.wrap(opening(kind));
        ByteBuffer ending = ByteBuffer.wrap(ending(kind));
        ByteBuffer answer = ByteBuffer.allocate(ANSWER_MAX);
        for (int i = 0; i < connections; i++) {
            SocketChannel channel =
                    SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcpPort));
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
                throw new IOException("the expected ending is not in " + answer.position()
                        + " bytes, or the server ended the connection");
            }
        } while (answer.position() < length || !answer.slice(answer.position() - length, length).equals(ending));
    }
}
