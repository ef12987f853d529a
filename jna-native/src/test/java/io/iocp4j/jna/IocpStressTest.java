package io.iocp4j.jna;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisplayName("IocpPort loses and frees nothing on Windows")
@EnabledOnOs(value = OS.WINDOWS, disabledReason = "the completion port of Windows itself")
class IocpStressTest extends IocpStress {
    @Override
    CompletionPort open(int workers) throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(workers).engine("iocp"));
    }

    @Override
    int races() {
        return Integer.getInteger("iocp4j.races", 5_000);
    }
}
