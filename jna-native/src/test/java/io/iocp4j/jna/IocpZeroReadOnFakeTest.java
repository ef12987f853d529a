package io.iocp4j.jna;

import org.junit.jupiter.api.DisplayName;

@DisplayName("IocpPort keeps the contract on the fake kernel when every receive begins with a zero-byte read")
class IocpZeroReadOnFakeTest extends IocpPortOnFakeTest {
    @Override
    IocpLimits limits() {
        return new IocpLimits(1 << 16, 4, 0);
    }
}
