package io.iocp4j.uring;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortContract;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;

@DisplayName("UringPort in pull mode keeps the contract of a completion port")
class UringPullTest extends CompletionPortContract {
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    @BeforeAll
    static void works() {
        UringPortTest.assumeUring();
    }

    @Override
    protected CompletionPort open(int workers) throws IOException {
        CompletionPort port = new UringProvider().open(PortOptions.pull().workers(workers).engine("uring"));
        for (int i = 0; i < workers; i++) {
            Thread.ofPlatform().name("test-taker-" + i).start(() -> {
                for (IoContext context; (context = port.take()) != null;) {
                    context.deliver();
                }
            });
        }
        return port;
    }

    @Override
    protected boolean hasLeft(Thread worker) throws InterruptedException {
        return worker.join(DEADLINE);
    }
}
