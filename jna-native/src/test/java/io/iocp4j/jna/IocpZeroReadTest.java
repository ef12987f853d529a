package io.iocp4j.jna;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortContract;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisplayName("IocpPort keeps the contract on Windows when every receive begins with a zero-byte read")
@EnabledOnOs(value = OS.WINDOWS, disabledReason = "the completion port of Windows itself")
class IocpZeroReadTest extends CompletionPortContract {
    @Override
    protected CompletionPort open(int workers) throws IOException {
        return new IocpPort(PortOptions.defaults().workers(workers), JnaWinApi.load(), new IocpLimits(1 << 16, 4, 0));
    }
}
