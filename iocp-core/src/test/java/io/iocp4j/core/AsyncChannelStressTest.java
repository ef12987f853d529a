package io.iocp4j.core;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

@DisplayName("AsyncChannelPort loses nothing and delivers nothing twice")
class AsyncChannelStressTest extends PortStress {
    @Override
    protected CompletionPort open(int workers) throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(workers).engine("aio"));
    }

    @Override
    protected int races() {
        return Integer.getInteger("iocp4j.races", 5_000);
    }
}
