package io.iocp4j.relay;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The output of a relay that has no terminal: a file that is kept short. When it is longer than {@value #BYTES_MAX}
 * bytes, it takes the name with {@code .1}, whose file is lost, and a new one begins. What cannot be written is lost:
 * the relay goes on. Used by one thread at a time, under the lock of this.
 */
final class LogFile extends OutputStream {
    /** The longest file, in bytes; with the one before, twice as much. */
    static final long BYTES_MAX = 10L << 20;

    private final Path file;
    private final long max;
    /** Null if the file cannot be opened. */
    private OutputStream open;
    private long bytes;

    LogFile(Path file, long max) {
        this.file = file;
        this.max = max;
        reopen();
    }

    /**
     * The file that a service of Windows writes to: the service manager starts it with "service run NAME FILE".
     *
     * @param args of the process
     * @return null for all other commands
     */
    static Path ofService(List<String> args) {
        return args.size() > 3 && args.getFirst().equals("service") && args.get(1).equals("run")
                ? Path.of(args.get(3)) : null;
    }

    /** Opens the file for more lines, and makes it if there is none. */
    static LogFile open(Path file) {
        return new LogFile(file, BYTES_MAX);
    }

    private void reopen() {
        try {
            open = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            bytes = Files.size(file);
        } catch (IOException e) {
            // there is no other place to say so
            open = null;
        }
    }

    private void rotate() throws IOException {
        open.close();
        Files.move(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        reopen();
    }

    @Override
    public synchronized void write(byte[] from, int offset, int length) throws IOException {
        if (open == null) {
            return;
        }
        open.write(from, offset, length);
        bytes += length;
        if (bytes > max) {
            rotate();
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void close() throws IOException {
        if (open != null) {
            open.close();
        }
    }
}
