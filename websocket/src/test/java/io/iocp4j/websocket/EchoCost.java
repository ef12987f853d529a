package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.io.BufferedReader;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Not a test: what an echo of 64 bytes costs the server, in CPU time per message, for a bare hand-written AsynchronousSocketChannel loop,
 * for TCP on the completion port, and for WebSocket on it. Each server runs in a JVM of its own on one core, with one worker; the load, one
 * message in flight per connection, runs in this JVM, to be started on another core:
 * <pre>
 * taskset -c 1 java -cp ... io.iocp4j.websocket.EchoCost [connections] [rounds]
 * </pre>
 * Linux only: the CPU time is read from /proc. The rounds of the servers alternate, so that a busy machine harms all alike.
 */
final class EchoCost {
    private static final int PAYLOAD = 64;
    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(6);
    private static final long MEASURE_NANOS = TimeUnit.SECONDS.toNanos(8);

    private EchoCost() {
    }

    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("serve")) {
            serve(args[1]);
            return;
        }
        int connections = args.length > 0 ? Integer.parseInt(args[0]) : 64;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        Map<String, List<double[]>> results = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (String kind : List.of("bare", "tcp", "websocket")) {
                results.computeIfAbsent(kind, k -> new ArrayList<>()).add(measure(kind, connections));
            }
        }
        double bare = median(results.get("bare"), 0);
        System.out.printf("%d connections, %d rounds, echo of %d bytes, medians (min to max)%n", connections, rounds, PAYLOAD);
        results.forEach((kind, values) -> System.out.printf("%-10s %.2f us CPU per message (%.2f to %.2f), %.2f of bare, %.0f B garbage, "
                + "%.0f messages/s%n", kind, median(values, 0), values.stream().mapToDouble(v -> v[0]).min().orElse(0),
                values.stream().mapToDouble(v -> v[0]).max().orElse(0), median(values, 0) / bare, median(values, 1), median(values, 2)));
    }

    private static double median(List<double[]> values, int index) {
        double[] sorted = values.stream().mapToDouble(v -> v[index]).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    /** CPU microseconds per message, garbage bytes per message, messages per second. */
    private static double[] measure(String kind, int connections) throws Exception {
        List<String> command = new ArrayList<>(List.of("taskset", "-c", "0", ProcessHandle.current().info().command().orElseThrow(),
                "-XX:+UseSerialGC", "-Xmx256m", "-cp", System.getProperty("java.class.path"), EchoCost.class.getName(), "serve", kind));
        Process server = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(server.getInputStream()))) {
            int port = Integer.parseInt(out.readLine());
            Load load = new Load(kind.equals("websocket"), connections, port);
            load.run(WARM_UP_NANOS);
            double cpu = cpuSeconds(server.pid());
            long allocated = ask(server, out);
            long began = System.nanoTime();
            long messages = load.run(MEASURE_NANOS);
            double seconds = (System.nanoTime() - began) / 1e9;
            double used = cpuSeconds(server.pid()) - cpu;
            long garbage = ask(server, out) - allocated;
            load.close();
            return new double[] {used * 1e6 / messages, (double) garbage / messages, messages / seconds};
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    /** What the server has allocated so far. */
    private static long ask(Process server, BufferedReader out) throws IOException {
        server.getOutputStream().write('\n');
        server.getOutputStream().flush();
        return Long.parseLong(out.readLine());
    }

    private static double cpuSeconds(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
    }

    // ------------------------------------------------------------------ the load

    private static final class Load {
        private final Selector selector = Selector.open();
        private final byte[] request;
        private final int responseLength;

        Load(boolean webSocket, int connections, int port) throws IOException {
            ByteBuffer frame = ByteBuffer.allocate(PAYLOAD + 6);
            if (webSocket) {
                FrameEncoder.putHeader(frame, true, false, Opcode.BINARY, PAYLOAD, 0x01020304);
            }
            int header = frame.position();
            frame.position(header + PAYLOAD);
            request = Arrays.copyOf(frame.array(), frame.position());
            responseLength = PAYLOAD + (webSocket ? 2 : 0);
            for (int i = 0; i < connections; i++) {
                SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                if (webSocket) {
                    upgrade(channel);
                }
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new int[1]);
            }
        }

        private static void upgrade(SocketChannel channel) throws IOException {
            channel.write(ByteBuffer.wrap(("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").getBytes()));
            StringBuilder head = new StringBuilder();
            ByteBuffer one = ByteBuffer.allocate(1);
            while (head.indexOf("\r\n\r\n") < 0 && channel.read(one.clear()) == 1) {
                head.append((char) one.get(0));
            }
        }

        /** Messages that came back within the time. */
        long run(long nanos) throws IOException {
            ByteBuffer out = ByteBuffer.allocateDirect(request.length).put(request);
            ByteBuffer in = ByteBuffer.allocateDirect(4096);
            long messages = 0;
            long end = System.nanoTime() + nanos;
            for (SelectionKey key : selector.keys()) {
                ((SocketChannel) key.channel()).write(out.flip());
            }
            int waiting = selector.keys().size();
            boolean stopping = false;
            while (waiting > 0) {
                selector.select();
                stopping |= System.nanoTime() > end;
                for (SelectionKey key : selector.selectedKeys()) {
                    SocketChannel channel = (SocketChannel) key.channel();
                    int[] got = (int[]) key.attachment();
                    got[0] += channel.read(in.clear());
                    if (got[0] >= responseLength) {
                        got[0] -= responseLength;
                        messages++;
                        if (stopping) {
                            waiting--;
                        } else {
                            channel.write(out.rewind());
                        }
                    }
                }
                selector.selectedKeys().clear();
            }
            return messages;
        }

        void close() throws IOException {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        }
    }

    // ------------------------------------------------------------------ the servers

    private static void serve(String kind) throws Exception {
        int port = switch (kind) {
            case "bare" -> bare();
            case "tcp" -> TcpServer.listen(onePort(), TcpOptions.defaults().loopback(0), connection -> new TcpHandler() {
                @Override
                public void onData(TcpConnection c, ByteBuffer data) {
                    c.send(data);
                }
            }).address().getPort();
            default -> WebSocketServer.builder().webSockets(request -> new WebSocketListener() {
                @Override
                public void onBinary(WebSocket socket, ByteBuffer data) {
                    socket.trySend(data);
                }
            }).listen(onePort(), TcpOptions.defaults().loopback(0)).address().getPort();
        };
        System.out.println(port);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        while (System.in.read() >= 0) {
            System.out.println(threads.getTotalThreadAllocatedBytes());
        }
    }

    private static CompletionPort onePort() throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(1));
    }

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

    private static final class Bare implements CompletionHandler<Integer, Boolean> {
        private final AsynchronousSocketChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(512);

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
                read();
            }
        }

        @Override
        public void failed(Throwable failure, Boolean read) {
            System.err.println("a connection ended: " + failure);
        }
    }
}
