package io.iocp4j.relay;

import io.iocp4j.relay.media.ContainerParser;
import io.iocp4j.relay.media.MediaInit;
import io.iocp4j.relay.media.MediaLimits;
import io.iocp4j.relay.media.MediaListener;
import io.iocp4j.relay.media.MediaMemory;
import io.iocp4j.relay.media.UnitFacts;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The parts of the sample video of Fmp4SampleTest: 30 frames, of which 0 and 15 are key frames. */
final class Sample {
    static final byte[] INIT;
    static final List<byte[]> UNITS = new ArrayList<>();
    static final int GOP = 15;

    static {
        try (InputStream in = Sample.class.getResourceAsStream("media/video.mp4")) {
            byte[] all = in.readAllBytes();
            int[] initBytes = new int[1];
            new ContainerParser(MediaLimits.defaults(), new MediaListener() {
                @Override
                public void onInit(MediaInit init) {
                    initBytes[0] = init.video().bytes().remaining();
                }

                @Override
                public void onUnit(int track, ByteBuffer unit, UnitFacts facts) {
                    byte[] bytes = new byte[unit.remaining()];
                    unit.get(bytes);
                    UNITS.add(bytes);
                }
            }, MediaMemory.UNBOUNDED).feed(ByteBuffer.wrap(all));
            INIT = Arrays.copyOf(all, initBytes[0]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a frame says of itself that is a key frame, and one that is not. */
    static final UnitFacts KEY = new UnitFacts(true, true, false, -1);
    static final UnitFacts FRAME = new UnitFacts(false, true, false, -1);

    private Sample() {
    }

    /** Returns a frame of an endless stream that repeats the sample. */
    static byte[] unit(int number) {
        return UNITS.get(number % UNITS.size());
    }
}
