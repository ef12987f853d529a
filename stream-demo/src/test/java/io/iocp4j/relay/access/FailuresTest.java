package io.iocp4j.relay.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Failed logins")
class FailuresTest {
    private static final int MAX = 5;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000);
    private final Failures failures = new Failures(Duration.ofSeconds(10), now::get);

    private void fail(String address, int times) {
        for (int i = 0; i < times; i++) {
            failures.add(InetAddress.ofLiteral(address), MAX);
        }
    }

    private boolean blocked(String address) {
        return failures.isBlocked(InetAddress.ofLiteral(address), MAX);
    }

    @Test
    @DisplayName("block an address after five in ten seconds, until the first of them is ten seconds old")
    void window() {
        fail("192.0.2.1", 1);
        now.addAndGet(Duration.ofSeconds(4).toNanos());
        fail("192.0.2.1", 3);
        assertFalse(blocked("192.0.2.1"));
        fail("192.0.2.1", 1);
        assertTrue(blocked("192.0.2.1"));
        assertFalse(blocked("192.0.2.2"), "another address");
        now.addAndGet(Duration.ofSeconds(6).toNanos() - 1);
        assertTrue(blocked("192.0.2.1"));
        now.addAndGet(1);
        assertFalse(blocked("192.0.2.1"));
        now.addAndGet(Duration.ofSeconds(10).toNanos());
        assertFalse(blocked("192.0.2.1"));
        assertEquals(0, failures.addresses(), "addresses that are remembered for nothing");
    }

    @Test
    @DisplayName("count together for the IPv6 addresses of one customer")
    void ipv6() {
        fail("2001:db8::1", 3);
        fail("2001:db8::2", 2);
        assertTrue(blocked("2001:db8::ffff"));
        assertFalse(blocked("2001:db8:0:1::1"));
    }

    @Test
    @DisplayName("are remembered for a bounded number of addresses")
    void bounded() {
        for (int i = 0; i < Failures.ADDRESSES_MAX + 10; i++) {
            fail("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255), 1);
        }
        assertEquals(Failures.ADDRESSES_MAX, failures.addresses());
    }
}
