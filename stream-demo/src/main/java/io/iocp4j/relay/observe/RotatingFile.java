package io.iocp4j.relay.observe;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file of lines that is replaced when it is full: {@code relay.log} becomes {@code relay.log.1}, that becomes
 * {@code relay.log.2}, and the oldest is deleted. No line is split between two files. Lines are appended to a file that
 * is there. It blocks on the disk, so workers write to it through a queue. One thread at a time.
 */
public final class RotatingFile extends OutputStream {
    private final Path file;
    private final long bytesMax;
    private final int filesMax;
    private OutputStream out;
    private long bytes;

    /**
     * Opens the file, and makes its folder if that is missing.
     *
     * @param file its path
     * @param bytesMax the size from which on it is replaced, above 0; a file may exceed it by one line
     * @param filesMax the number of files that are kept, the current one included; 1 or more
     * @throws IOException if it cannot be written
     */
    public RotatingFile(Path file, long bytesMax, int filesMax) throws IOException {
        this.file = file.toAbsolutePath();
        this.bytesMax = bytesMax;
        this.filesMax = filesMax;
        Files.createDirectories(this.file.getParent());
        open();
    }

    private void open() throws IOException {
        out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        bytes = Files.size(file);
    }

    @Override
    public void write(int next) throws IOException {
        write(new byte[] {(byte) next}, 0, 1);
    }

    @Override
    public void write(byte[] data, int from, int count) throws IOException {
        int at = from;
        int end = from + count;
        while (at < end) {
            int lineEnd = at;
            while (lineEnd < end && data[lineEnd] != '\n') {
                lineEnd++;
            }
            boolean whole = lineEnd < end;
            int next = whole ? lineEnd + 1 : end;
            out.write(data, at, next - at);
            bytes += next - at;
            at = next;
            if (whole && bytes >= bytesMax) {
                rotate();
            }
        }
    }

    private void rotate() throws IOException {
        out.close();
        try {
            Files.deleteIfExists(numbered(filesMax - 1));
            for (int i = filesMax - 2; i >= 0; i--) {
                if (Files.exists(numbered(i))) {
                    Files.move(numbered(i), numbered(i + 1), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } finally {
            // where a file cannot be moved, the current one grows on
            open();
        }
    }

    private Path numbered(int number) {
        return number == 0 ? file : file.resolveSibling(file.getFileName() + "." + number);
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
