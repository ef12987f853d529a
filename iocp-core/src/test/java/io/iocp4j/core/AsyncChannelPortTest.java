package io.iocp4j.core;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

@DisplayName("AsyncChannelPort keeps the contract of a completion port")
class AsyncChannelPortTest extends CompletionPortContract {
    @Override
    protected CompletionPort open(int workers) throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(workers).engine("aio"));
    }
}
