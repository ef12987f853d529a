package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.IoContext;
import io.iocp4j.core.Shows;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The slab gives each record to one operation at a time")
class OverlappedSlabTest {
    private final Arena arena = Arena.ofShared();

    private static final class Nothing extends Request {
        Nothing() {
            super(null);
        }

        @Override
        int call(WinApi api) {
            return 0;
        }

        @Override
        IoContext ended(int status, int bytes) {
            throw new AssertionError("nobody dequeues here");
        }
    }

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    @Shows("B12")
    @DisplayName("the OVERLAPPED is at the start of its record, and its address leads back to the request exactly once")
    void addressLeadsBack() {
        OverlappedSlab slab = new OverlappedSlab(arena, 10);
        Nothing request = new Nothing();
        assertTrue(slab.take(request));
        assertEquals(0, request.overlapped() % 64);
        assertEquals(request.overlapped() + 32, request.payload());
        assertSame(request, slab.dequeue(request.overlapped()));
        assertNull(slab.dequeue(request.overlapped()), "a second packet for the same operation");
    }

    @Test
    @DisplayName("an address that is not an OVERLAPPED of the slab, or is of a free slot, leads to no request")
    void otherAddresses() {
        OverlappedSlab slab = new OverlappedSlab(arena, 10);
        Nothing request = new Nothing();
        slab.take(request);
        long address = request.overlapped();
        for (long wrong : new long[] {0, -1, address - 1, address + 1, address + 32, address + 320L * 10,
            address + 320, address - 320}) {
            assertNull(slab.dequeue(wrong), "offset " + (wrong - address));
        }
        slab.free(request);
        assertNull(slab.dequeue(address));
    }

    @Test
    @Shows("CVE-2024-27308")
    @DisplayName("a reused slot has a new generation, and a ticket of the old one is refused")
    void staleTickets() {
        OverlappedSlab slab = new OverlappedSlab(arena, 1);
        Set<Long> tickets = new HashSet<>();
        long before = -1;
        for (int i = 0; i < 1_000; i++) {
            Nothing request = new Nothing();
            assertTrue(slab.take(request));
            assertTrue(tickets.add(request.ticket), "a ticket twice: " + request.ticket);
            assertEquals(request.overlapped(), slab.overlapped(request.ticket));
            if (before >= 0) {
                assertEquals(0, slab.overlapped(before), "the ticket of an operation that has ended");
            }
            assertSame(request, slab.dequeue(request.overlapped()));
            assertEquals(0, slab.overlapped(request.ticket), "dequeued: there is nothing left to cancel");
            slab.free(request);
            before = request.ticket;
        }
    }

    @Test
    @DisplayName("the OVERLAPPED of a reused slot is zero")
    void zeroed() {
        OverlappedSlab slab = new OverlappedSlab(arena, 1);
        Nothing first = new Nothing();
        slab.take(first);
        first.record.fill((byte) 0x77);
        slab.free(first);
        Nothing second = new Nothing();
        slab.take(second);
        for (int at = 0; at < 32; at += 8) {
            assertEquals(0, second.record.get(ValueLayout.JAVA_LONG, at));
        }
    }

    @Test
    @DisplayName("with every slot in use one more take is refused until one is free; no two records overlap, over "
            + "several chunks")
    void full() {
        int slots = OverlappedSlab.CHUNK_SLOTS * 2 + 100;
        OverlappedSlab slab = new OverlappedSlab(arena, slots);
        List<Nothing> taken = new ArrayList<>();
        Set<Long> addresses = new HashSet<>();
        for (int i = 0; i < slots; i++) {
            Nothing request = new Nothing();
            assertTrue(slab.take(request));
            assertTrue(addresses.add(request.overlapped()));
            taken.add(request);
        }
        assertEquals(slots, slab.used());
        assertFalse(slab.take(new Nothing()));
        for (Nothing request : taken) {
            assertSame(request, slab.dequeue(request.overlapped()));
        }
        slab.free(taken.getFirst());
        Nothing again = new Nothing();
        assertTrue(slab.take(again));
        assertEquals(taken.getFirst().overlapped(), again.overlapped());
        assertNotEquals(taken.getFirst().ticket, again.ticket);
    }
}
