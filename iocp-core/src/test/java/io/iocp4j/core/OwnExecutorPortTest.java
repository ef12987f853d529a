package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("AsyncChannelPort over an executor of its own keeps the contract of a completion port")
class OwnExecutorPortTest extends CompletionPortContract {
    private final List<PlainGroup> refused = new ArrayList<>();

    @Override
    protected CompletionPort open(int workers) throws IOException {
        return new AsyncChannelPort(PortOptions.defaults().workers(workers), (threads, factory) -> {
            PlainGroup group = new PlainGroup();
            refused.add(group);
            // as the JDK does it, so that the port has workers to forget
            for (int i = 0; i < threads; i++) {
                Thread thread = factory.newThread(() -> { });
                if (thread != null) {
                    thread.start();
                }
            }
            return group;
        });
    }

    @AfterEach
    void refusedGroupsWereShutDown() {
        assertFalse(refused.isEmpty());
        refused.forEach(group -> assertTrue(group.isShutdown()));
    }

    @Test
    @DisplayName("a group that is no Executor is left alone, and the port has as many workers as were asked for")
    void fallsBack() throws Exception {
        AsynchronousChannelGroup plain = new PlainGroup();
        assertFalse(plain instanceof Executor);
        try (CompletionPort port = open(3)) {
            assertEquals(3, port.counters().workers());
            Probe probe = new Probe();
            port.post(probe);
            assertTrue(probe.await().thread() instanceof Worker);
        }
    }

    /** What the JDK promises of a group, and no more. */
    private static final class PlainGroup extends AsynchronousChannelGroup {
        private boolean shutDown;

        PlainGroup() {
            super(null);
        }

        @Override
        public boolean isShutdown() {
            return shutDown;
        }

        @Override
        public boolean isTerminated() {
            return shutDown;
        }

        @Override
        public void shutdown() {
            shutDown = true;
        }

        @Override
        public void shutdownNow() {
            shutDown = true;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return shutDown;
        }
    }
}
