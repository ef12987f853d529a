package io.iocp4j.core;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/**
 * The bytes of a connection with the blocking API as a stream. It keeps no bytes, so it can be mixed with other reads.
 */
final class TcpInputStream extends InputStream {
    private final TcpReceiver connection;
    private final TcpBlockingReader reader;

    TcpInputStream(TcpReceiver connection, TcpBlockingReader reader) {
        this.connection = connection;
        this.reader = reader;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        return length == 0 ? 0 : reader.read(connection, into, offset, length);
    }

    @Override
    public int available() {
        return reader.available();
    }

    @Override
    public void close() {
        connection.close();
    }
}
