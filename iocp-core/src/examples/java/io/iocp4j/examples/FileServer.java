package io.iocp4j.examples;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.IoError;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.CompletionHandler;
import java.nio.file.Path;

/**
 * A server that sends a file to each client: 8 bytes with its length, then its content. A piece is read when the
 * connection takes more (back pressure), so a slow client costs one piece and its send queue, and no thread.
 */
public final class FileServer implements TcpHandler, CompletionHandler<Integer, TcpConnection> {
    private final Path path;
    private final ByteBuffer piece = ByteBuffer.allocate(64 << 10);
    private AsynchronousFileChannel file;
    private long length;
    private long position;

    private FileServer(Path path) {
        this.path = path;
    }

    /** Begins to serve the file, with a handler for each client. */
    static TcpServer listen(TcpOptions options, Path path) throws IOException {
        return TcpServer.listen(options, connection -> new FileServer(path));
    }

    @Override
    public void onOpen(TcpConnection c) throws IOException {
        file = AsynchronousFileChannel.open(path);
        length = file.size();
        if (c.send(piece.putLong(length).flip())) {
            onDrain(c);
        } // else onDrain follows, or the connection has ended
    }

    @Override
    public void onDrain(TcpConnection c) {
        if (position == length) {
            c.close();
        } else {
            file.read(piece.clear().limit((int) Math.min(piece.capacity(), length - position)), position, c, this);
        }
    }

    @Override
    public void completed(Integer bytes, TcpConnection c) {
        position += bytes;
        if (bytes < 0) {
            c.abort(IoError.EOF, null); // the file was cut meanwhile: the client gets less than its length
        } else if (c.send(piece.flip())) {
            onDrain(c);
        }
    }

    @Override
    public void failed(Throwable failure, TcpConnection c) {
        c.abort(IoError.OTHER, failure);
    }

    @Override
    public void onClose(TcpConnection c, CloseInfo why) {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                // nothing was written to it, so nothing is lost
            }
        }
    }
}
