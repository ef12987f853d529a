package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iocp4j.relay.RealTime.Processors;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

@DisplayName("Checks with real-time limits")
class RealTimeTest {
    private AssertionError failure = new TooLate("too late");
    private long stolen;
    private long all;
    private int attempts;

    @Test
    @DisplayName("a missed time limit fails the test if no processor time was stolen")
    void missedLimit() {
        assertSame(failure, assertThrows(AssertionError.class, () -> check(5, 1000, Integer.MAX_VALUE)));
        assertEquals(1, attempts);
    }

    @Test
    @DisplayName("a check that misses a time limit while processor time was stolen is repeated, and may pass")
    void repeated() throws IOException, InterruptedException {
        check(300, 1000, 1);
        assertEquals(2, attempts);
    }

    @Test
    @DisplayName("a check whose attempts all missed a time limit while processor time was stolen aborts the test")
    void aborted() {
        TestAbortedException aborted = assertThrows(TestAbortedException.class,
                () -> check(300, 1000, Integer.MAX_VALUE));
        assertEquals("e2e: 30 % of the processor time was stolen from this machine,"
                + " so attempt 3 of 3 does not count: too late", aborted.getMessage());
        assertEquals(RealTime.ATTEMPTS, attempts);
    }

    @Test
    @DisplayName("any other failure fails the test at once, even if processor time was stolen")
    void otherFailure() {
        failure = new AssertionError("black");
        assertSame(failure, assertThrows(AssertionError.class, () -> check(300, 1000, Integer.MAX_VALUE)));
        assertEquals(1, attempts);
    }

    /** Runs a check that fails a number of times. Each attempt adds to the stolen time and to all time. */
    private void check(long stolenEach, long allEach, int failing) throws IOException, InterruptedException {
        RealTime.check(() -> {
            stolen += stolenEach;
            all += allEach;
            if (++attempts <= failing) {
                throw failure;
            }
        }, () -> new Processors(stolen, all));
    }
}
