package io.iocp4j.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/** A connection that sends as much as its server takes, and never reads. */
final class SlowPeer {
    private static final int PIECE = 256 << 10;

    private final Wire wire;
    private final Requests requests;
    private long taken;

    SlowPeer(Wire wire, Requests requests) {
        this.wire = wire;
        this.requests = requests;
    }

    void register(Selector selector) throws IOException {
        wire.channel.configureBlocking(false);
        wire.channel.register(selector, SelectionKey.OP_WRITE, this);
    }

    /**
     * Writes as much as the server takes. If the server ends the connection, that is a failure, because it no longer
     * disturbs the other connections.
     */
    void write(Tally tally) {
        ByteBuffer out = requests.between(taken, taken + PIECE);
        int before = out.remaining();
        try {
            wire.write(out);
            taken += before - out.remaining();
        } catch (IOException e) {
            tally.failed(1, "a slow connection was ended: " + e);
            wire.close();
        }
    }
}
