package io.iocp4j.relay;

import io.iocp4j.websocket.http.HttpException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A publisher inside the process of the relay, with frames of exact sizes: 25 a second, one of them a key frame. */
final class SteadyStream implements RelayStream.Publisher, AutoCloseable {
    static final int FRAMES_PER_SECOND = 25;
    static final int GOP = FRAMES_PER_SECOND;

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final RelayStream stream;
    private final ByteBuffer key;
    private final ByteBuffer frame;
    private int number;

    SteadyStream(RelayServer server, String path, int keyBytes, int frameBytes) throws HttpException {
        key = ByteBuffer.allocate(keyBytes);
        frame = ByteBuffer.allocate(frameBytes);
        stream = server.hub().publish(path, "fmp4", this, "video/mp4; codecs=\"avc1.42c00a\"", 160, 90,
                ByteBuffer.wrap(Sample.INIT));
        server.hub().admitFrame(stream);
        clock.scheduleAtFixedRate(this::send, 0, 1_000_000 / FRAMES_PER_SECOND, TimeUnit.MICROSECONDS);
    }

    private void send() {
        boolean isKey = number % GOP == 0;
        number++;
        stream.media(this, isKey ? key : frame, isKey ? Sample.KEY : Sample.FRAME);
    }

    @Override
    public void lost(int status, String why) {
        clock.shutdownNow();
    }

    @Override
    public void close() {
        clock.close();
        stream.unpublish(this);
    }
}
