package io.iocp4j.uring;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortStress;
import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;

@DisplayName("UringPort loses nothing and frees nothing too early")
class UringStressTest extends PortStress {
    @BeforeAll
    static void works() {
        UringPortTest.assumeUring();
    }

    @Override
    protected CompletionPort open(int workers) throws IOException {
        return new UringProvider().open(PortOptions.defaults().workers(workers).engine("uring"));
    }

    @Override
    protected int races() {
        return Integer.getInteger("iocp4j.races", 5_000);
    }
}
