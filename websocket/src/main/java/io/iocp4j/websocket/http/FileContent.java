package io.iocp4j.websocket.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * A range of a file, opened when it is sent.
 *
 * @param file with symbolic links resolved, so its last name is not a link
 * @param first index of the first byte
 * @param length bytes; a file that has become shorter ends the connection
 */
record FileContent(Path file, long first, long length) implements HttpContent {
    private static final int PIECE = 64 << 10;
    private static final Set<OpenOption> HOW = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    @Override
    public int keptBytes() {
        return (int) Math.min(PIECE, length);
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        try (FileChannel channel = FileChannel.open(file, HOW)) {
            byte[] piece = new byte[keptBytes()];
            long left = length;
            while (left > 0) {
                ByteBuffer target = ByteBuffer.wrap(piece, 0, (int) Math.min(piece.length, left));
                if (channel.read(target, first + length - left) < 0) {
                    throw new IOException("the file has become shorter");
                }
                out.write(piece, 0, target.position());
                left -= target.position();
            }
        }
    }
}
