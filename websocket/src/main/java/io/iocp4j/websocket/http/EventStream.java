package io.iocp4j.websocket.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The server-sent events for one client, see {@link HttpResponse#events}. Calls block while the client is slow. They
 * throw after the client was lost or the source has returned. Any thread; events of several threads do not interleave.
 */
public final class EventStream {
    /** The source of the events for one client. */
    @FunctionalInterface
    public interface Source {
        /**
         * Sends events, on a virtual thread of its own, which is interrupted when the client has gone. The stream ends
         * when this returns. The client then reconnects, until the answer is 204.
         *
         * @param events to the client
         * @throws Exception to end the connection
         */
        void run(EventStream events) throws Exception;
    }

    private final OutputStream out;
    /** True when the source has returned. Guarded by this. */
    private boolean ended;

    EventStream(OutputStream out) {
        this.out = out;
    }

    /**
     * Sends an event that has only data.
     *
     * @param data of one or more lines
     * @throws IOException if the client is gone, or the thread is interrupted
     */
    public void send(String data) throws IOException {
        send(null, null, data);
    }

    /**
     * Sends an event.
     *
     * @param id the client sends it back as {@link HttpRequest#lastEventId()} when it reconnects; null keeps the
     *     previous id
     * @param event the name of its type; null for {@code message}
     * @param data of one or more lines
     * @throws IOException if the client is gone, or the thread is interrupted
     * @throws IllegalArgumentException if the id or the type has an end of line or a NUL
     */
    public void send(String id, String event, String data) throws IOException {
        StringBuilder text = new StringBuilder(data.length() + 32);
        field(text, "id", id);
        field(text, "event", event);
        lines(text, "data: ", data);
        write(text.append('\n'));
    }

    /**
     * Tells the client how long to wait before it reconnects.
     *
     * @param delay zero or more, whole milliseconds
     * @throws IOException if the client is gone, or the thread is interrupted
     */
    public void retry(Duration delay) throws IOException {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("a delay must not be negative: " + delay);
        }
        write(new StringBuilder("retry: ").append(delay.toMillis()).append("\n\n"));
    }

    /**
     * Sends a comment, which pages do not see. It keeps proxies from ending a silent connection, and it detects the
     * loss of the client.
     *
     * @param text may be empty
     * @throws IOException if the client is gone, or the thread is interrupted
     */
    public void comment(String text) throws IOException {
        StringBuilder comment = new StringBuilder();
        lines(comment, ": ", text);
        write(comment.append('\n'));
    }

    /** Ends the stream. Waits for an event that another thread is sending; later calls throw. */
    synchronized void end() {
        ended = true;
    }

    private static void field(StringBuilder text, String name, String value) {
        if (value != null) {
            if (value.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
                throw new IllegalArgumentException(name + " must be of one line, without NUL");
            }
            text.append(name).append(": ").append(value).append('\n');
        }
    }

    /** Appends every line of a text. CR, LF and CR LF each end a line. */
    private static void lines(StringBuilder text, String begin, String lines) {
        for (String line : lines.split("\r\n|\r|\n", -1)) {
            text.append(begin).append(line).append('\n');
        }
    }

    private synchronized void write(StringBuilder text) throws IOException {
        if (ended) {
            throw new IOException("the stream of events has ended");
        }
        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
