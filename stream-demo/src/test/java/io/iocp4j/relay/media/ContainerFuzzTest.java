package io.iocp4j.relay.media;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Damaged samples of every container. No exception but MediaException, no memory but for the bytes that were fed, and
 * no endless loop. {@code -Dfuzz=n} sets how many inputs each test takes, {@code -Dfuzz.seed=n} where it begins.
 */
@Tag("fuzz")
class ContainerFuzzTest {
    private static final int INPUTS = Integer.getInteger("fuzz", 3_000);
    private static final long SEED = Long.getLong("fuzz.seed", 20_261_130);
    private static final int HEAD_BYTES = 600;
    private static final Duration LIMIT = Duration.ofMinutes(2).plusMillis(INPUTS);
    /** Collectors begin with 4 KiB each and double. The largest parser has five of them. */
    private static final int FIXED_BYTES = 8 * 4096;

    static Stream<String> samples() {
        return Samples.NAMES.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    @DisplayName("damaged streams cause no exception but MediaException, and use limited memory")
    void damaged(String name) {
        byte[] sample = Samples.load(name);
        Assertions.assertTimeoutPreemptively(LIMIT, () -> {
            int refused = 0;
            for (int round = 0; round < INPUTS; round++) {
                refused += feed(name, sample, round) ? 0 : 1;
            }
            assertTrue(refused > 0, "no damage was noticed");
        });
    }

    /** Feeds one damaged sample; true if it was taken to its end. */
    private static boolean feed(String name, byte[] sample, int round) {
        SplittableRandom random = new SplittableRandom(SEED + round);
        byte[] damaged = damage(sample, random);
        ContainerParser parser = new ContainerParser(MediaLimits.defaults(), new Recorder(), MediaMemory.UNBOUNDED);
        int cut = random.nextInt(damaged.length + 1);
        try {
            parser.feed(ByteBuffer.wrap(damaged, 0, cut));
            parser.feed(ByteBuffer.wrap(damaged, cut, damaged.length - cut));
            parser.end();
            return true;
        } catch (MediaException e) {
            assertTrue(e.getMessage() != null && !e.getMessage().isBlank(), "no reason");
            return false;
        } catch (RuntimeException | Error e) {
            return fail(name + ", fuzz.seed " + (SEED + round) + ", fuzz 1", e);
        } finally {
            int memory = parser.memoryBytes();
            assertTrue(memory <= FIXED_BYTES + 4 * damaged.length, name + ", round " + round + ": " + memory);
            parser.release();
        }
    }

    /** Changes a few bytes, mostly near the beginning; sometimes also copies, repeats or cuts a piece. */
    private static byte[] damage(byte[] sample, SplittableRandom random) {
        byte[] bytes = sample.clone();
        int[] nasty = {0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x47, 0xd8, 0xd9};
        for (int i = random.nextInt(6); i > 0; i--) {
            int reach = random.nextBoolean() ? bytes.length : Math.min(bytes.length, HEAD_BYTES);
            bytes[random.nextInt(reach)] = (byte) (random.nextBoolean() ? nasty[random.nextInt(nasty.length)]
                    : random.nextInt(256));
        }
        if (random.nextInt(3) == 0) {
            int count = 1 + random.nextInt(200);
            int from = random.nextInt(bytes.length - count);
            int to = random.nextInt(bytes.length - count);
            System.arraycopy(bytes, from, bytes, to, count);
        }
        if (random.nextInt(4) == 0) {
            int from = random.nextInt(bytes.length);
            int to = from + random.nextInt(bytes.length - from);
            byte[] rest = Arrays.copyOfRange(bytes, to, bytes.length);
            bytes = Boxes.join(Arrays.copyOf(bytes, from), rest);
        }
        return bytes.length == 0 ? new byte[1] : bytes;
    }
}
