package io.iocp4j.uring;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortContract;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;

@DisplayName("UringPort keeps the contract of a completion port")
class UringPortTest extends CompletionPortContract {
    @BeforeAll
    static void works() {
        assumeUring();
    }

    /** Skips the test, with the reason, where the kernel or a sandbox has no io_uring for us. */
    static void assumeUring() {
        Optional<String> missing = new UringProvider().missing();
        assumeTrue(missing.isEmpty(), missing::toString);
    }

    @Override
    protected CompletionPort open(int workers) throws IOException {
        return new UringProvider().open(PortOptions.defaults().workers(workers).engine("uring"));
    }
}
