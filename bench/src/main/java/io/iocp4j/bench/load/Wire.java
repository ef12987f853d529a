package io.iocp4j.bench.load;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Bytes over one socket, plain or with TLS. Blocks if its channel does. One thread. */
class Wire implements AutoCloseable {
    final SocketChannel channel;

    Wire(SocketChannel channel) {
        this.channel = channel;
    }

    /** Connects a blocking channel. */
    static SocketChannel connect(InetSocketAddress address) throws IOException {
        SocketChannel channel = SocketChannel.open(address);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return channel;
    }

    /**
     * Reads the available bytes with one system call.
     *
     * @param in is cleared, and holds what was read
     * @throws EOFException if the server has ended the connection
     */
    void read(ByteBuffer in) throws IOException {
        if (channel.read(in.clear()) < 0) {
            throw new EOFException("the server ended the connection");
        }
        in.flip();
    }

    /**
     * Writes as many bytes as the system takes.
     *
     * @param out its position moves behind the bytes that need not be given again
     * @return whether everything has left; false if the socket has no room
     */
    boolean write(ByteBuffer out) throws IOException {
        channel.write(out);
        return !out.hasRemaining();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            System.err.println("load: a connection did not close: " + e);
        }
    }
}
