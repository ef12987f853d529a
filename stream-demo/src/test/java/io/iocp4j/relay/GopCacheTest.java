package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The cache of frames for viewers that join late")
class GopCacheTest {
    private static final long NANOS_MAX = 1_000;

    private final BufferPool pool = new BufferPool(0);
    private final GopCache cache = new GopCache(300, NANOS_MAX);
    private final List<MediaUnit> made = new ArrayList<>();

    private boolean add(boolean key, int bytes, long now) {
        ByteBuffer payload = ByteBuffer.allocate(bytes - MediaUnit.HEADER_BYTES);
        MediaUnit unit = MediaUnit.media(pool, key, made.size(), 1, payload);
        made.add(unit);
        return cache.add(unit, now);
    }

    private List<Integer> numbers() {
        return cache.units().stream().map(MediaUnit::seq).toList();
    }

    @AfterEach
    void everythingIsReleased() {
        cache.clear();
        made.forEach(unit -> assertTrue(unit.release(), unit::toString));
        assertEquals(0, pool.usedBytes());
        assertEquals(0, cache.bytes());
    }

    @Test
    @DisplayName("begins with the first key frame and adds the frames after it")
    void beginsWithKey() {
        assertFalse(add(false, 50, 0));
        assertEquals(List.of(), numbers());
        add(true, 100, 1);
        add(false, 50, 2);
        assertEquals(List.of(1, 2), numbers());
        assertEquals(150, cache.bytes());
    }

    @Test
    @DisplayName("the next key frame replaces the cached frames, which are released")
    void nextKey() {
        add(true, 100, 0);
        add(false, 50, 1);
        add(true, 60, 2);
        assertEquals(List.of(2), numbers());
        assertEquals(60, cache.bytes());
        assertEquals(1, made.getFirst().references());
        assertEquals(2, made.getLast().references());
    }

    @Test
    @DisplayName("holds exactly its limit in bytes; a frame beyond it empties the cache until the next key frame")
    void bytesBound() {
        add(true, 100, 0);
        assertFalse(add(false, 200, 1));
        assertEquals(300, cache.bytes());
        assertTrue(add(false, 17, 2));
        assertTrue(cache.overflowed());
        assertEquals(List.of(), numbers());
        assertFalse(add(false, 17, 3), "an overflow is reported once");
        assertEquals(List.of(), numbers());
        add(true, 100, 4);
        assertFalse(cache.overflowed());
        assertEquals(List.of(4), numbers());
    }

    @Test
    @DisplayName("holds frames up to exactly its time limit after the key frame, also if the clock overflows")
    void timeBound() {
        long start = Long.MAX_VALUE - 10;
        add(true, 50, start);
        assertFalse(add(false, 50, start + NANOS_MAX));
        assertTrue(add(false, 50, start + NANOS_MAX + 1));
        assertEquals(List.of(), numbers());
    }

    @Test
    @DisplayName("a key frame that is larger than the cache is not cached")
    void keyTooLarge() {
        add(true, 50, 0);
        assertTrue(add(true, 301, 1));
        assertEquals(0, cache.bytes());
        assertTrue(cache.overflowed());
        assertFalse(add(false, 20, 2));
        assertEquals(List.of(), numbers());
    }

    @Test
    @DisplayName("holds 1,024 frames; one more empties the cache")
    void unitsBound() {
        GopCache large = new GopCache(1 << 20, NANOS_MAX);
        try {
            for (int i = 0; i < GopCache.UNITS_MAX; i++) {
                MediaUnit unit = MediaUnit.media(pool, i == 0, i, 0, ByteBuffer.allocate(1));
                assertFalse(large.add(unit, 0));
                unit.release();
            }
            MediaUnit more = MediaUnit.media(pool, false, GopCache.UNITS_MAX, 0, ByteBuffer.allocate(1));
            assertTrue(large.add(more, 0));
            more.release();
            assertEquals(List.of(), large.units());
        } finally {
            large.clear();
        }
    }

    @Test
    @DisplayName("the estimated size of a group of pictures is the larger of the last one and the current one")
    void fullBytes() {
        add(true, 100, 0);
        add(false, 150, 1);
        add(true, 50, 2);
        assertEquals(250, cache.fullBytes());
        assertEquals(50, cache.bytes());
        add(false, 230, 3);
        assertEquals(280, cache.fullBytes());
    }
}
