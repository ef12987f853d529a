package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The parts of the limits, in virtual time")
class LimitUnitsTest {
    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - SECOND);
    private final AddressShares shares = new AddressShares();

    private static InetAddress address(String text) {
        return InetAddress.ofLiteral(text);
    }

    @Test
    @DisplayName("an address may hold its share and no more; what it gives back it may take again")
    void held() {
        InetAddress one = address("192.0.2.1");
        assertTrue(shares.take(one, 2));
        assertTrue(shares.take(one, 2));
        assertFalse(shares.take(one, 2));
        assertTrue(shares.take(address("192.0.2.2"), 2), "another address");
        shares.giveBack(one);
        assertTrue(shares.take(one, 2));
        shares.giveBack(one);
        shares.giveBack(one);
        shares.giveBack(address("192.0.2.2"));
        assertEquals(0, shares.addresses());
    }

    @Test
    @DisplayName("the addresses of one IPv6 network of 64 bits have one share")
    void network() {
        assertTrue(shares.take(address("2001:db8::1"), 1));
        assertFalse(shares.take(address("2001:db8::ffff:2"), 1));
        assertTrue(shares.take(address("2001:db8:0:1::1"), 1));
    }

    @Test
    @DisplayName("a rate allows its number at once, and then as many as time has earned")
    void rate() {
        InetAddress one = address("192.0.2.1");
        for (int i = 0; i < 20; i++) {
            assertTrue(shares.pass(one, 20, now.get()));
        }
        assertFalse(shares.pass(one, 20, now.get()));
        assertTrue(shares.pass(address("192.0.2.2"), 20, now.get()), "another address");
        now.addAndGet(SECOND / 2);
        assertTrue(shares.pass(one, 20, now.get()), "half a second earns one of 20 in 10 s");
        assertFalse(shares.pass(one, 20, now.get()));
        now.addAndGet(100 * SECOND);
        for (int i = 0; i < 20; i++) {
            assertTrue(shares.pass(one, 20, now.get()));
        }
        assertFalse(shares.pass(one, 20, now.get()), "no more than the number is saved");
    }

    @Test
    @DisplayName("the memory of rates is bounded, whatever number of addresses come")
    void bounded() {
        for (int i = 0; i < AddressShares.ADDRESSES_MAX + 1_000; i++) {
            assertTrue(shares.pass(address("10." + (i >> 16 & 255) + "." + (i >> 8 & 255) + "." + (i & 255)), 5,
                    now.get()));
        }
        assertEquals(AddressShares.ADDRESSES_MAX, shares.addresses());
    }

    @Test
    @DisplayName("a publisher may send its rate for ever, and a burst of five seconds at once")
    void ingestRate() {
        IngestRate rate = new IngestRate(now.get());
        assertTrue(rate.pass(5_000, 1_000, now.get()));
        assertFalse(new IngestRate(now.get()).pass(5_001, 1_000, now.get()));
        for (int i = 0; i < 100; i++) {
            now.addAndGet(SECOND);
            assertTrue(rate.pass(1_000, 1_000, now.get()));
        }
        now.addAndGet(SECOND);
        assertFalse(rate.pass(1_001, 1_000, now.get()));
    }

    @Test
    @DisplayName("a viewer is found that misses more frames than it gets in half a minute")
    void dropShare() {
        DropShare share = new DropShare(now.get());
        now.addAndGet(29 * SECOND);
        assertFalse(share.isMost(10, 800, now.get()), "too early");
        now.addAndGet(SECOND);
        assertTrue(share.isMost(10, 800, now.get()));
        now.addAndGet(30 * SECOND);
        assertFalse(share.isMost(410, 1_200, now.get()), "half of this window");
        now.addAndGet(30 * SECOND);
        assertTrue(share.isMost(500, 1_300, now.get()));
    }

    @Test
    @Shows("relay S11")
    @DisplayName("one client causes ten lines of a kind in ten seconds, and the next line tells how many were left out")
    void clientLog() {
        ClientLog rate = new ClientLog(now::get);
        for (int i = 0; i < ClientLog.LINES_MAX; i++) {
            assertEquals(0, rate.admit("begin", "a"));
        }
        for (int i = 0; i < 590; i++) {
            assertEquals(-1, rate.admit("begin", "a"));
        }
        assertEquals(0, rate.admit("end", "a"), "another kind");
        assertEquals(0, rate.admit("begin", "b"), "another client");
        now.addAndGet(10 * SECOND);
        assertEquals(590, rate.admit("begin", "a"));
        assertEquals(0, rate.admit("begin", "a"));
    }
}
