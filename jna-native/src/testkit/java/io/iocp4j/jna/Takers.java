package io.iocp4j.jna;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoContext;
import java.time.Duration;

/** Threads that run the loop which an application writes for a port in pull mode. */
final class Takers {
    static final Duration DEADLINE = Duration.ofSeconds(60);

    private Takers() {
    }

    /** Starts as many threads as the port was opened for. */
    static CompletionPort start(CompletionPort port, int workers) {
        for (int i = 0; i < workers; i++) {
            Thread.ofPlatform().name("test-taker-" + i).start(() -> {
                for (IoContext context; (context = port.take()) != null;) {
                    context.deliver();
                }
            });
        }
        return port;
    }
}
