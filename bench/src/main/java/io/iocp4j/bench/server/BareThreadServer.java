package io.iocp4j.bench.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The baseline on blocking sockets, with a virtual thread for each connection. It has no viewers. */
final class BareThreadServer implements RunningServer {
    private static final int BACKLOG = 511;

    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final boolean webSocket;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private final Thread accepting;

    BareThreadServer(boolean webSocket) throws IOException {
        this.webSocket = webSocket;
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        accepting = Thread.ofVirtual().name("bare-threads").start(this::accept);
    }

    @Override
    public int port() {
        return listener.socket().getLocalPort();
    }

    @Override
    public void close() {
        try {
            listener.close();
            accepting.join();
            for (SocketChannel channel : open) {
                channel.close();
            }
        } catch (IOException e) {
            System.err.println("bare-threads: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                SocketChannel channel = listener.accept();
                open.add(channel);
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                Thread.ofVirtual().start(() -> serve(channel));
            } catch (IOException e) {
                if (listener.isOpen()) {
                    System.err.println("bare-threads: no connection accepted: " + e);
                }
            }
        }
    }

    private void serve(SocketChannel channel) {
        Conversation conversation = webSocket ? new FrameConversation(null) : new Conversation.Echo();
        try (channel) {
            while (!conversation.isOver() && channel.read(conversation.input()) >= 0) {
                // a blocking channel writes everything
                channel.write(conversation.output());
                conversation.written();
            }
        } catch (IOException e) {
            // only this connection ends; the load counts the loss
            return;
        } finally {
            open.remove(channel);
        }
    }
}
