package io.iocp4j.jna;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortContract;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisplayName("IocpPort in pull mode keeps the contract of a completion port on Windows")
@EnabledOnOs(value = OS.WINDOWS, disabledReason = "the completion port of Windows itself")
class IocpPullTest extends CompletionPortContract {
    @Override
    protected CompletionPort open(int workers) throws IOException {
        return Takers.start(CompletionPort.open(PortOptions.pull().workers(workers).engine("iocp")), workers);
    }

    @Override
    protected boolean hasLeft(Thread worker) throws InterruptedException {
        return worker.join(Takers.DEADLINE);
    }
}
