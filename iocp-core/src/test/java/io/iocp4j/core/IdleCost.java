package io.iocp4j.core;

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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Not a test: what an idle connection costs its server, in bytes of heap and of direct memory together. Each connection has echoed one
 * message before it rests. The other ends are in a JVM of their own.
 * <pre>
 * java -XX:+UseSerialGC -cp ... io.iocp4j.core.IdleCost 10000
 * </pre>
 * prints the number alone. The process needs a descriptor for each connection: {@code ulimit -n}.
 */
final class IdleCost {
    private static final int WARM_UP = 200;
    private static final int MESSAGE = 64;
    private static final long DEADLINE_SECONDS = 60;

    private IdleCost() {
    }

    /**
     * Measures, or in a JVM that it started is the other ends.
     *
     * @param args how many connections; or a TCP port and how many
     * @throws Exception whatever goes wrong
     */
    public static void main(String[] args) throws Exception {
        if (args.length == 2) {
            connect(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        } else {
            System.out.println(measure(Integer.parseInt(args[0])));
        }
        System.exit(0);
    }

    private static long measure(int connections) throws Exception {
        CountDownLatch warm = new CountDownLatch(WARM_UP);
        CountDownLatch all = new CountDownLatch(WARM_UP + connections);
        TcpHandler echo = new TcpHandler() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) {
                c.send(data);
                warm.countDown();
                all.countDown();
            }
        };
        TcpServer server = TcpServer.listen(TcpOptions.defaults().loopback(0).maxConnections(Integer.MAX_VALUE), connection -> echo);
        // what is made once, or for some at a time, is not what a connection costs
        Process first = others(server, WARM_UP);
        await(warm);
        long before = used();
        Process second = others(server, connections);
        await(all);
        long after = used();
        first.destroy();
        second.destroy();
        return (after - before) / connections;
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("still waiting for " + latch.getCount() + " connections");
        }
    }

    /** Returns when all have had their echo. */
    private static Process others(TcpServer server, int connections) throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-cp",
                System.getProperty("java.class.path"), IdleCost.class.getName(),
                Integer.toString(server.address().getPort()), Integer.toString(connections))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String line = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        if (!"idle".equals(line)) {
            throw new IOException("the other ends said: " + line);
        }
        return process;
    }

    /** Heap after a full collection, and direct memory. */
    private static long used() {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        // the second collection frees what the first has made unreachable by running its cleaners
        memory.gc();
        memory.gc();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct")).mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
        return memory.getHeapMemoryUsage().getUsed() + direct;
    }

    private static void connect(int tcpPort, int connections) throws IOException {
        List<SocketChannel> channels = new ArrayList<>();
        ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE);
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcpPort));
            channels.add(channel);
            channel.write(message.clear());
            message.clear();
            while (message.hasRemaining() && channel.read(message) >= 0) {
                continue;
            }
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
}
