package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortStress;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;

@DisplayName("IocpPort loses nothing and frees nothing too early on the fake kernel")
class IocpStressOnFakeTest extends PortStress {
    private final FakeKernel kernel = new FakeKernel();

    @Override
    protected CompletionPort open(int workers) throws IOException {
        return new IocpPort(PortOptions.defaults().workers(workers), kernel, IocpLimits.defaults());
    }

    @Override
    protected int races() {
        return Integer.getInteger("iocp4j.races", 100_000);
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), kernel.leftovers());
    }
}
