package io.iocp4j.relay;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A viewer on a plain socket that reads at a rate, as if its line were no faster. It notes how old each frame is when
 * it has arrived. {@link #read} is called by one thread.
 */
final class RateReader implements AutoCloseable {
    private static final int RECEIVE_BUFFER_BYTES = 16 << 10;
    private static final int BINARY = 0x82;
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;

    /** A frame of the stream: its age when it had arrived, and when that was. */
    record Seen(long millis, double ageMillis, boolean key, boolean discont) {
    }

    final double bytesPerSecond;
    final List<Seen> seen = new ArrayList<>();
    private final SocketChannel channel;
    private final long startNanos = System.nanoTime();
    private ByteBuffer in = ByteBuffer.allocate(1 << 20);
    private boolean upgraded;
    private double taken;
    int closeCode;

    RateReader(InetSocketAddress address, String path, double bytesPerSecond) throws IOException {
        this.bytesPerSecond = bytesPerSecond;
        channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER_BYTES);
        channel.connect(address);
        channel.write(ByteBuffer.wrap(("GET /live/" + path + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
        channel.configureBlocking(false);
    }

    /** Reads what the rate allows until now. */
    void read() throws IOException {
        double allowed = (System.nanoTime() - startNanos) / 1e9 * bytesPerSecond;
        while (taken < allowed && closeCode == 0) {
            in.limit((int) Math.min(in.capacity(), in.position() + Math.min(8_192, Math.ceil(allowed - taken))));
            int count = channel.read(in);
            if (count <= 0) {
                // a line does not save up what nobody sent
                taken = count < 0 ? Double.MAX_VALUE : Math.max(taken, allowed);
                return;
            }
            taken += count;
            in.flip();
            parse();
            in.compact();
        }
    }

    private void parse() throws IOException {
        if (!upgraded) {
            String head = StandardCharsets.ISO_8859_1.decode(in.duplicate()).toString();
            int end = head.indexOf("\r\n\r\n");
            if (end < 0) {
                return;
            }
            in.position(in.position() + end + 4);
            upgraded = true;
        }
        while (in.remaining() >= 2) {
            int length = in.get(in.position() + 1);
            int header = length == 126 ? 4 : length == 127 ? 10 : 2;
            if (in.remaining() < header) {
                return;
            }
            length = length == 126 ? in.getShort(in.position() + 2) & 0xffff
                    : length == 127 ? (int) in.getLong(in.position() + 2) : length;
            if (in.remaining() < header + length) {
                return;
            }
            message(in.get(in.position()) & 0xff, in.slice(in.position() + header, length));
            in.position(in.position() + header + length);
        }
    }

    private void message(int first, ByteBuffer payload) throws IOException {
        if (first == PING) {
            ByteBuffer pong = ByteBuffer.allocate(6 + payload.remaining()).put((byte) 0x8a)
                    .put((byte) (0x80 | payload.remaining())).putInt(0).put(payload).flip();
            channel.write(pong);
        } else if (first == CLOSE) {
            closeCode = payload.getShort() & 0xffff;
        } else if (first == BINARY && payload.get(0) == MediaUnit.KIND_MEDIA) {
            Instant now = Instant.now();
            double micros = now.getEpochSecond() * 1e6 + now.getNano() / 1e3 - payload.getLong(8);
            seen.add(new Seen((System.nanoTime() - startNanos) / 1_000_000, micros / 1e3,
                    (payload.get(1) & MediaUnit.KEY) != 0, (payload.get(1) & MediaUnit.DISCONT) != 0));
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
