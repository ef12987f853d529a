package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A ring queue")
class RingQueueTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16})
    @DisplayName("does what an ArrayDeque does, whatever is added and taken")
    void asArrayDeque(int capacity) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        RingQueue<Integer> queue = new RingQueue<>(capacity);
        ArrayDeque<Integer> model = new ArrayDeque<>();
        for (int i = 0; i < 20_000; i++) {
            switch (random.nextInt(i % 1000 < 500 ? 4 : 6)) {
                case 0, 1 -> {
                    queue.add(i);
                    model.add(i);
                }
                case 2, 4 -> assertEquals(model.pollFirst(), queue.poll(), () -> "seed " + seed);
                default -> assertEquals(model.pollLast(), queue.takeBack(), () -> "seed " + seed);
            }
            assertEquals(model.isEmpty(), queue.isEmpty(), () -> "seed " + seed);
        }
    }
}
