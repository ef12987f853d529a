package io.iocp4j.core;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

@DisplayName("SelectorPort loses nothing and delivers nothing twice")
class SelectorStressTest extends PortStress {
    @Override
    protected CompletionPort open(int workers) throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(workers).engine("selector"));
    }

    @Override
    protected int races() {
        return Integer.getInteger("iocp4j.races", 5_000);
    }
}
