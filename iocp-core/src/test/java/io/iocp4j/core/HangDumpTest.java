package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A test that hangs")
class HangDumpTest {
    @Test
    @DisplayName("runs on a thread of its own, so that it fails also where an interrupt does not end its wait")
    void onThreadOfItsOwn() {
        String name = Thread.currentThread().getName();
        assertTrue(name.startsWith("junit-timeout-thread"), name);
    }

    @Test
    @DisplayName("shows where every thread stands, virtual threads too")
    void virtualThreads() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Thread waiting = Thread.ofVirtual().name("dump-of-a-virtual-thread").start(() -> hang(begun, end));
        begun.await();
        String dump = HangDump.threads();
        end.countDown();
        waiting.join();
        assertTrue(dump.contains("dump-of-a-virtual-thread"), dump);
        assertTrue(dump.contains("HangDumpTest.hang"), dump);
        assertTrue(dump.contains("HangDumpTest.virtualThreads"), dump);
    }

    private static void hang(CountDownLatch begun, CountDownLatch end) {
        begun.countDown();
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
