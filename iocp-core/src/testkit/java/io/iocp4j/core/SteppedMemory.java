package io.iocp4j.core;

import java.io.IOException;

/** As the base, and memory of the pool runs out now and then: a connection that needed it then may end, no other. */
class SteppedMemory extends SteppedTcp {
    @Override
    protected void begin() throws IOException {
        super.begin();
        memoryRunsOut(5 + random.nextInt(100));
    }
}
