package io.iocp4j.websocket;

import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.http.HttpContent;
import io.iocp4j.websocket.http.HttpRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Frames the content of an answer and sends it with the blocking calls of the connection. A virtual thread calls the
 * methods of the output stream; the strand calls the others.
 */
final class ResponseStream extends OutputStream {
    /** The most content of one chunk, in bytes. */
    static final int CHUNK_MAX = 8 << 10;
    /** Room in front of a chunk for its size and CR LF; {@code END_ROOM} is that for the CR LF after it. */
    private static final int SIZE_ROOM = Integer.toHexString(CHUNK_MAX).length() + 2;
    private static final int END_ROOM = 2;
    private static final int CHUNK_BYTES = SIZE_ROOM + CHUNK_MAX + END_ROOM;
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ServedRequest served;
    private final TcpConnection tcp;
    private final HttpRequest request;
    private final HttpContent content;
    private final boolean chunked;
    private final MemoryCharge charge;
    private final Thread thread;
    private volatile boolean cancelled;

    // used by the thread of the content
    /** Null until the content begins, because the account of the connection may refuse its memory. */
    private byte[] chunk;
    /** Bytes of content in the chunk. */
    private int gathered;
    /** Bytes of content that are missing; undefined if the length is unknown. */
    private long left;
    private boolean ended;

    /** Makes a stream. Without chunks, content of unknown length ends with the connection. */
    ResponseStream(ServedRequest served, TcpConnection tcp, HttpRequest request, HttpContent content,
            boolean chunked) {
        this.served = served;
        this.tcp = tcp;
        this.request = request;
        this.content = content;
        this.chunked = chunked;
        this.left = content.length();
        this.charge = new MemoryCharge(tcp.memory(), Kind.HEAP);
        this.thread = Thread.ofVirtual().name("answer " + tcp.remote()).unstarted(this::run);
    }

    /** Returns true if only the client ends the content. */
    boolean isOpenEnded() {
        return content.isOpenEnded();
    }

    /**
     * Returns true if the memory of the port has room for the chunk and for the bytes that the content keeps. Otherwise
     * {@link #refusal} gives the reason.
     */
    boolean mayBegin() {
        return charge.set((long) CHUNK_BYTES + content.keptBytes());
    }

    String refusal() {
        return charge.refusal();
    }

    /** Begins to send; the head is queued. */
    void begin() {
        thread.start();
    }

    void cancel() {
        cancelled = true;
        thread.interrupt();
    }

    // ------------------------------------------------------------------ the thread of the content

    private void run() {
        boolean complete = false;
        try {
            chunk = new byte[CHUNK_BYTES];
            content.writeTo(this);
            end();
            complete = true;
        } catch (Throwable thrown) {
            boolean gone = cancelled || tcp.state() != TcpConnection.State.OPEN;
            ServedRequest.LOG.log(gone ? Level.DEBUG : Level.WARNING, "the content of the answer to " + request + " of "
                    + tcp.remote() + " threw", thrown);
        } finally {
            charge.set(0);
            boolean whole = complete;
            tcp.execute(() -> served.streamed(whole));
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (ended) {
            throw new IOException("the answer is complete");
        }
        if (content.length() >= 0) {
            if (length > left) {
                throw new IOException("the content is longer than " + content.length() + " bytes");
            }
            left -= length;
        }
        if (!chunked && length >= CHUNK_MAX) {
            flush();
            send(ByteBuffer.wrap(bytes, offset, length));
            return;
        }
        int from = offset;
        int end = offset + length;
        while (from < end) {
            int count = Math.min(end - from, CHUNK_MAX - gathered);
            System.arraycopy(bytes, from, chunk, SIZE_ROOM + gathered, count);
            gathered += count;
            from += count;
            if (gathered == CHUNK_MAX) {
                flush();
            }
        }
    }

    /** Sends the gathered bytes as a chunk. */
    @Override
    public void flush() throws IOException {
        if (gathered == 0) {
            return;
        }
        int first = SIZE_ROOM;
        int end = SIZE_ROOM + gathered;
        if (chunked) {
            byte[] size = (Integer.toHexString(gathered) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            first -= size.length;
            System.arraycopy(size, 0, chunk, first, size.length);
            chunk[end++] = '\r';
            chunk[end++] = '\n';
        }
        gathered = 0;
        send(ByteBuffer.wrap(chunk, first, end - first));
    }

    private void end() throws IOException {
        if (content.length() >= 0 && left > 0) {
            throw new IOException("the content is " + left + " bytes shorter than " + content.length());
        }
        flush();
        ended = true;
        if (chunked) {
            send(ByteBuffer.wrap(LAST_CHUNK));
        }
    }

    private void send(ByteBuffer data) throws IOException {
        tcp.write(data);
    }
}
