package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortContract;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;

@DisplayName("IocpPort keeps the contract of a completion port on the fake kernel")
class IocpPortOnFakeTest extends CompletionPortContract {
    final FakeKernel kernel = new FakeKernel();

    @Override
    protected CompletionPort open(int workers) throws IOException {
        return new IocpPort(PortOptions.defaults().workers(workers), kernel, limits());
    }

    IocpLimits limits() {
        return new IocpLimits(1 << 16, 4, 1024);
    }

    /**
     * Connects through another port, and lets the fake kernel reset the connection: no real socket reaches the fake.
     */
    @Override
    protected void resetByPeer(InetSocketAddress listener, Step whileConnected) throws Exception {
        try (CompletionPort peers = open(1)) {
            connect(peers, listener);
            whileConnected.run();
            kernel.resetEveryConnection();
        }
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), kernel.leftovers());
    }
}
