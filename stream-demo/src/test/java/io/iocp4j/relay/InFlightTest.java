package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The bytes on their way to a viewer")
class InFlightTest {
    private static final long MILLI = 1_000_000;
    private static final long LAG = 500 * MILLI;
    private static final long TARGET = LAG / 2;
    private static final int PING_BYTES = 24;

    private final InFlight flight = new InFlight(LAG);
    /** Overflows early, as System.nanoTime may. */
    private long now = Long.MAX_VALUE - 700 * MILLI;

    /** Something on its way: bytes of media, or a ping. */
    private record Sent(int bytes, ByteBuffer ping) {
    }

    /** A path that takes some time, and a viewer that reads at a rate. In virtual time, one step is a millisecond. */
    private final class Path {
        private final double bytesPerMilli;
        private final long tripMillis;
        private final Deque<Sent> pipe = new ArrayDeque<>();
        private final Deque<Object[]> pongs = new ArrayDeque<>();
        private double credit;
        private long queued;
        private long mostQueued;
        private long taken;

        Path(double bytesPerMilli, long tripMillis) {
            this.bytesPerMilli = bytesPerMilli;
            this.tripMillis = tripMillis;
        }

        /** Offers as much as the window allows, in units of this size, for a number of milliseconds. */
        void run(int millis, int unit) {
            for (int i = 0; i < millis; i++) {
                now += MILLI;
                while (flight.admits(unit)) {
                    flight.give(unit);
                    pipe.add(new Sent(unit, null));
                    queued += unit;
                    ping();
                    if (queued > 4 * InFlight.WINDOW_MAX) {
                        break;
                    }
                }
                ping();
                mostQueued = Math.max(mostQueued, queued);
                credit += bytesPerMilli;
                while (!pipe.isEmpty() && credit >= pipe.peek().bytes()) {
                    Sent sent = pipe.poll();
                    credit -= sent.bytes();
                    queued -= sent.bytes();
                    taken += sent.bytes();
                    if (sent.ping() != null) {
                        pongs.add(new Object[] {now + tripMillis * MILLI, sent.ping()});
                    }
                }
                credit = pipe.isEmpty() ? 0 : credit;
                while (!pongs.isEmpty() && (long) pongs.peek()[0] - now <= 0) {
                    flight.pong((ByteBuffer) pongs.poll()[1], now);
                }
            }
        }

        private void ping() {
            ByteBuffer ping = flight.ping(true, now);
            if (ping != null) {
                pipe.add(new Sent(0, ping));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"20, 0", "31, 20", "60, 100", "125, 40", "250, 0", "1000, 150", "5000, 300"})
    @DisplayName("what is on the way to a slow viewer drains in about half of the lag, and the viewer is kept busy")
    void window(double bytesPerMilli, long tripMillis) {
        Path path = new Path(bytesPerMilli, tripMillis);
        path.run(10_000, 1_000);
        path.mostQueued = 0;
        path.taken = 0;
        path.run(10_000, 1_000);
        double drainMillis = path.mostQueued / bytesPerMilli;
        // a pong confirms a whole window at once, so a window is on the way at once
        assertTrue(drainMillis < LAG / (double) MILLI + tripMillis, drainMillis + " ms of data were on the way");
        assertTrue(path.taken > 0.5 * bytesPerMilli * 10_000, path.taken + " bytes taken");
    }

    @Test
    @DisplayName("a fast viewer gets a window beyond any bit rate in a few round trips")
    void fast() {
        new Path(100_000, 5).run(500, 10_000);
        assertTrue(flight.window() > 1 << 20, "window " + flight.window());
    }

    @Test
    @DisplayName("a unit larger than the window may be given when nothing is on the way")
    void largeUnit() {
        assertTrue(flight.admits(1 << 20));
        assertEquals(InFlight.WINDOW_FIRST, flight.room(), "no second one of that size");
        flight.give(1 << 20);
        assertEquals(0, flight.room());
        assertFalse(flight.admits(1));
    }

    @Test
    @DisplayName("a second ping follows only after the pong, or after a second without one")
    void onePing() {
        ByteBuffer first = flight.ping(false, now);
        assertEquals(PING_BYTES, first.remaining());
        flight.give(1_000);
        assertNull(flight.ping(true, now + 999 * MILLI));
        assertNotNull(flight.ping(true, now + 1_000 * MILLI));
        flight.pong(first, now + 1_001 * MILLI);
        assertEquals(1_000, flight.bytes(), "the first ping was before these bytes");
    }

    @Test
    @DisplayName("an idle viewer is not asked")
    void idle() {
        flight.pong(flight.ping(false, now), now + MILLI);
        assertNull(flight.ping(false, now + 10_000 * MILLI));
    }

    @ParameterizedTest
    @CsvSource({"2000, 0, 0", "-1, 0, 0", "1000, 1001, 0", "1000, 0, 5"})
    @DisplayName("a pong that answers no ping is ignored")
    void forged(long position, long before, long later) {
        flight.give(1_000);
        flight.ping(true, now);
        flight.pong(ByteBuffer.allocate(PING_BYTES).putLong(position).putLong(before).putLong(now + later * MILLI)
                .flip(), now);
        flight.pong(ByteBuffer.allocate(8).putLong(1_000).flip(), now);
        assertEquals(1_000, flight.bytes());
    }

    @Test
    @DisplayName("silence counts while something is on the way, but a pause of the publisher counts one second at most")
    void stalled() {
        flight.stalled(now);
        assertEquals(0, flight.stalled(now += 5_000 * MILLI), "nothing was asked");
        flight.give(100);
        ByteBuffer ping = flight.ping(true, now);
        assertEquals(40 * MILLI, flight.stalled(now += 40 * MILLI));
        assertEquals(1_040 * MILLI, flight.stalled(now += 12_000 * MILLI), "the process was stopped");
        flight.pong(ping, now);
        assertEquals(0, flight.stalled(now += 40 * MILLI));
    }

    @Test
    @DisplayName("a window that one pause of the viewer has shrunk grows again")
    void hiccup() {
        Path path = new Path(10_000, 10);
        path.run(1_000, 5_000);
        flight.give(50_000);
        ByteBuffer late = flight.ping(true, now);
        if (late == null) {
            now += 1_000 * MILLI;
            late = flight.ping(true, now);
        }
        now += 900 * MILLI;
        flight.pong(late, now);
        long shrunk = flight.window();
        new Path(10_000, 10).run(1_000, 5_000);
        assertTrue(flight.window() >= shrunk && flight.window() >= TARGET / MILLI * 5_000, "window " + flight.window());
    }
}
