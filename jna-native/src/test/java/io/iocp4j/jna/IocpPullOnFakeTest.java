package io.iocp4j.jna;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

@DisplayName("IocpPort in pull mode keeps the contract of a completion port on the fake kernel")
class IocpPullOnFakeTest extends IocpPortOnFakeTest {
    @Override
    protected CompletionPort open(int workers) throws IOException {
        return Takers.start(new IocpPort(PortOptions.pull().workers(workers), kernel, limits()), workers);
    }

    @Override
    protected boolean hasLeft(Thread worker) throws InterruptedException {
        return worker.join(Takers.DEADLINE);
    }
}
