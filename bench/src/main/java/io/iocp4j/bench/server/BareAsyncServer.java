package io.iocp4j.bench.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The baseline on {@link AsynchronousSocketChannel}. An echo over TCP allocates nothing per message. */
final class BareAsyncServer implements RunningServer {
    private static final int BACKLOG = 511;
    private static final long SECONDS_MAX = 10;

    private final AsynchronousChannelGroup group;
    private final AsynchronousServerSocketChannel listener;
    private final int tcpPort;
    private final boolean webSocket;
    private final Set<Link> viewers = ConcurrentHashMap.newKeySet();

    BareAsyncServer(boolean webSocket, int workers) throws IOException {
        this.webSocket = webSocket;
        group = AsynchronousChannelGroup.withFixedThreadPool(workers,
                task -> new Thread(task, "iocp4j bench bare-aio"));
        listener = AsynchronousServerSocketChannel.open(group)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        tcpPort = ((InetSocketAddress) listener.getLocalAddress()).getPort();
        listener.accept(null, new Accepting());
    }

    @Override
    public int port() {
        return tcpPort;
    }

    @Override
    public void close() {
        try {
            group.shutdownNow();
            if (!group.awaitTermination(SECONDS_MAX, TimeUnit.SECONDS)) {
                System.err.println("bare-aio: its threads did not end");
            }
        } catch (IOException e) {
            System.err.println("bare-aio: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Accepting implements CompletionHandler<AsynchronousSocketChannel, Object> {
        @Override
        public void completed(AsynchronousSocketChannel channel, Object none) {
            listener.accept(null, this);
            try {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                new Link(channel).read();
            } catch (IOException e) {
                failed(e, none);
            }
        }

        @Override
        public void failed(Throwable failure, Object none) {
            if (!group.isShutdown()) {
                System.err.println("bare-aio: no connection accepted: " + failure);
            }
        }
    }

    private void publish(ByteBuffer frame) {
        for (Link viewer : viewers) {
            viewer.deliveries.offer(frame.duplicate());
        }
    }

    /** Reads, writes the answer, and reads again. The attachment tells a read from a write. */
    private final class Link implements CompletionHandler<Integer, Boolean> {
        private final AsynchronousSocketChannel channel;
        private final Conversation conversation =
                webSocket ? new FrameConversation(BareAsyncServer.this::publish) : new Conversation.Echo();
        private final Deliveries deliveries = new Deliveries(this);
        private ByteBuffer answer;

        Link(AsynchronousSocketChannel channel) {
            this.channel = channel;
        }

        void read() {
            channel.read(conversation.input(), true, this);
        }

        @Override
        public void completed(Integer bytes, Boolean read) {
            if (read && bytes < 0) {
                end();
            } else if (read) {
                answer();
            } else if (answer.hasRemaining()) {
                channel.write(answer, false, this);
            } else {
                written();
            }
        }

        private void answer() {
            boolean viewer = conversation.isViewer();
            try {
                answer = conversation.output();
            } catch (IOException e) {
                failed(e, true);
                return;
            }
            if (viewer && answer.hasRemaining()) {
                // only one write at a time is allowed, and the next message may be on its way
                deliveries.offer(ByteBuffer.allocate(answer.remaining()).put(answer).flip());
            }
            if (answer.hasRemaining()) {
                channel.write(answer, false, this);
            } else {
                written();
            }
        }

        private void written() {
            conversation.written();
            if (conversation.isOver()) {
                end();
                return;
            }
            if (conversation.isViewer()) {
                viewers.add(this);
            }
            read();
        }

        @Override
        public void failed(Throwable failure, Boolean read) {
            end();
        }

        void end() {
            viewers.remove(this);
            try {
                channel.close();
            } catch (IOException e) {
                System.err.println("bare-aio: a connection did not close: " + e);
            }
        }
    }

    /** The messages that wait for one viewer. Any thread. */
    private static final class Deliveries implements CompletionHandler<Integer, Object> {
        private final Link viewer;
        /** The first one is being written. Guarded by this. */
        private final Queue<ByteBuffer> waiting = new ArrayDeque<>();

        Deliveries(Link viewer) {
            this.viewer = viewer;
        }

        synchronized void offer(ByteBuffer frame) {
            waiting.add(frame);
            if (waiting.size() > BareSelectorServer.WAITING_MAX) {
                viewer.end();
            } else if (waiting.size() == 1) {
                viewer.channel.write(frame, null, this);
            }
        }

        @Override
        public synchronized void completed(Integer bytes, Object none) {
            if (!waiting.peek().hasRemaining()) {
                waiting.remove();
            }
            if (!waiting.isEmpty()) {
                viewer.channel.write(waiting.peek(), null, this);
            }
        }

        @Override
        public void failed(Throwable failure, Object none) {
            viewer.end();
        }
    }
}
