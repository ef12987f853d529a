package io.iocp4j.bench.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The baseline on {@link Selector}: one thread, which reads and writes at once if the system has data or room. */
final class BareSelectorServer implements RunningServer {
    /** Messages that wait for one viewer. One more ends its connection. */
    static final int WAITING_MAX = 1_000;
    private static final int BACKLOG = 511;

    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final Supplier<Conversation> conversations;
    private final Set<Link> viewers = new LinkedHashSet<>();
    private final Consumer<SelectionKey> ready = this::ready;
    private final Thread thread = new Thread(this::run, "iocp4j bench bare-selector");
    private volatile boolean closing;

    BareSelectorServer(boolean webSocket) throws IOException {
        this(webSocket, Conversation.Echo::new);
    }

    /** Makes a server with another echo of bytes. */
    BareSelectorServer(boolean webSocket, Supplier<Conversation> echo) throws IOException {
        conversations = webSocket ? () -> new FrameConversation(this::publish) : echo;
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        thread.start();
    }

    @Override
    public int port() {
        return listener.socket().getLocalPort();
    }

    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try (selector; listener) {
            while (!closing) {
                selector.select(ready);
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        } catch (IOException e) {
            System.err.println("bare-selector: " + e);
        }
    }

    private void ready(SelectionKey key) {
        if (key.attachment() instanceof Link link) {
            link.ready();
        } else {
            accept();
        }
    }

    private void accept() {
        try {
            SocketChannel channel = listener.accept();
            if (channel != null) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.configureBlocking(false);
                new Link(channel);
            }
        } catch (IOException e) {
            System.err.println("bare-selector: no connection accepted: " + e);
        }
    }

    /** Each viewer gets a view of the same bytes. */
    private void publish(ByteBuffer frame) {
        // iterate over a copy, because a lost viewer is removed from the set
        for (Link viewer : viewers.toArray(Link[]::new)) {
            viewer.offer(frame.duplicate());
        }
    }

    private final class Link {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final Conversation conversation = conversations.get();
        /** The answer that is not written yet; null if there is none. */
        private ByteBuffer answer;
        private final Queue<ByteBuffer> waiting = new ArrayDeque<>();

        Link(SocketChannel channel) throws IOException {
            this.channel = channel;
            key = channel.register(selector, SelectionKey.OP_READ, this);
        }

        void ready() {
            try {
                if (key.isReadable()) {
                    read();
                }
                if (key.isValid() && key.isWritable()) {
                    write();
                }
            } catch (IOException e) {
                end();
            }
        }

        private void read() throws IOException {
            if (channel.read(conversation.input()) < 0) {
                end();
                return;
            }
            answer = conversation.output();
            write();
        }

        /** Writes as much as the system takes. The server reads no more before the answer is written. */
        private void write() throws IOException {
            if (answer != null) {
                channel.write(answer);
                if (answer.hasRemaining()) {
                    key.interestOps(SelectionKey.OP_WRITE);
                    return;
                }
                answer = null;
                conversation.written();
                if (conversation.isOver()) {
                    end();
                    return;
                }
                if (conversation.isViewer()) {
                    viewers.add(this);
                }
            }
            while (!waiting.isEmpty()) {
                channel.write(waiting.peek());
                if (waiting.peek().hasRemaining()) {
                    key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                    return;
                }
                waiting.remove();
            }
            if (key.interestOps() != SelectionKey.OP_READ) {
                key.interestOps(SelectionKey.OP_READ);
            }
        }

        void offer(ByteBuffer frame) {
            waiting.add(frame);
            try {
                if (waiting.size() > WAITING_MAX) {
                    throw new IOException("a viewer is too slow");
                }
                if (waiting.size() == 1 && answer == null) {
                    write();
                }
            } catch (IOException e) {
                end();
            }
        }

        private void end() {
            viewers.remove(this);
            try {
                channel.close();
            } catch (IOException e) {
                System.err.println("bare-selector: a connection did not close: " + e);
            }
        }
    }
}
