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

@DisplayName("Checks against the clock")
class RealTimeTest {
    private AssertionError failure = new TooLate("too late");
    private long stolen;
    private long all;
    private int attempts;

    @Test
    @DisplayName("what fails on a machine that had its time has failed")
    void fails() {
        assertSame(failure, assertThrows(AssertionError.class, () -> check(5, 1000, Integer.MAX_VALUE)));
        assertEquals(1, attempts);
    }

    @Test
    @DisplayName("what fails while the machine's time was taken is made again, and counts when it passes")
    void again() throws IOException, InterruptedException {
        check(300, 1000, 1);
        assertEquals(2, attempts);
    }

    @Test
    @DisplayName("what never had its time is left out, with that reason")
    void leftOut() {
        TestAbortedException aborted = assertThrows(TestAbortedException.class, () -> check(300, 1000, Integer.MAX_VALUE));
        assertEquals("e2e: 30 % of the processor time was taken from this machine, attempt 3 of 3 shows nothing: too late",
                aborted.getMessage());
        assertEquals(RealTime.ATTEMPTS, attempts);
    }

    @Test
    @DisplayName("what is wrong for another reason has failed, whatever was taken")
    void wrong() {
        failure = new AssertionError("black");
        assertSame(failure, assertThrows(AssertionError.class, () -> check(300, 1000, Integer.MAX_VALUE)));
        assertEquals(1, attempts);
    }

    /** A check that fails some times, each of which takes that much of all time away. */
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
