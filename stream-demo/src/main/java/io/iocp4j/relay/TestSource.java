package io.iocp4j.relay;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.relay.media.MediaInit;
import io.iocp4j.relay.media.MediaTrack;
import io.iocp4j.relay.media.UnitFacts;
import io.iocp4j.websocket.http.HttpException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Publishes the built-in picture as stream {@code test}, on its own thread. While nobody watches, it publishes one
 * frame per second to keep the stream alive.
 */
final class TestSource implements RelayStream.Publisher, AutoCloseable {
    private static final System.Logger LOG = new GuardedLog(TestSource.class);

    static final String PATH = "test";
    static final int WIDTH = 640;
    static final int HEIGHT = 360;
    static final int FRAMES_PER_SECOND = 20;
    private static final UnitFacts FRAME = new UnitFacts(true, true, false, -1);
    private static final long NANOS_PER_FRAME = TimeUnit.SECONDS.toNanos(1) / FRAMES_PER_SECOND;

    private final Clock clock;
    private final TestPicture picture = new TestPicture(WIDTH, HEIGHT, FRAMES_PER_SECOND);
    private final ScheduledExecutorService thread;
    private final RelayStream stream;
    private final long beganNanos = System.nanoTime();
    private long last = -1;
    private long lastSent = -FRAMES_PER_SECOND;

    TestSource(RelayHub hub, Clock clock) throws HttpException {
        this.clock = clock;
        thread = Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().name("iocp4j-test-picture").unstarted(task));
        MediaTrack pictures = new MediaTrack(MediaTrack.VIDEO, "image/jpeg", WIDTH, HEIGHT, null);
        stream = hub.publish(PATH, this, new MediaInit("mjpeg", pictures, null, List.of()));
        thread.scheduleAtFixedRate(this::publish, 0, NANOS_PER_FRAME, TimeUnit.NANOSECONDS);
    }

    private void publish() {
        try {
            // The clock gives the frame number: after the process was stopped, missed frames are not drawn.
            long number = (System.nanoTime() - beganNanos) / NANOS_PER_FRAME;
            if (number == last) {
                return;
            }
            last = number;
            if (stream.viewers() > 0 || number - lastSent >= FRAMES_PER_SECOND) {
                lastSent = number;
                stream.media(this, ByteBuffer.wrap(picture.jpeg(number, clock.millis())), FRAME);
            }
        } catch (RuntimeException | Error thrown) {
            // the executor would not run the task again if it threw
            LOG.log(Level.ERROR, "the test picture missed a frame", thrown);
        }
    }

    @Override
    public PublisherInfo info() {
        return new PublisherInfo(null, "built-in test picture");
    }

    @Override
    public void lost(int status, String why) {
        thread.shutdownNow();
    }

    @Override
    public void close() {
        stream.unpublish(this);
        thread.shutdownNow();
    }
}
