package io.iocp4j.core;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** The writes of a connection as a stream. It keeps no bytes, so {@code flush} has nothing to do. */
final class TcpOutputStream extends OutputStream {
    private final TcpConnection connection;

    TcpOutputStream(TcpConnection connection) {
        this.connection = connection;
    }

    @Override
    public void write(int oneByte) throws IOException {
        write(new byte[] {(byte) oneByte}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        connection.write(ByteBuffer.wrap(from, offset, length));
    }

    @Override
    public void close() {
        connection.close();
    }
}
