package io.iocp4j.bench.jmh;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/** A port whose completions the thread of a benchmark takes itself, so that nothing depends on a scheduler. */
final class PulledPort {
    private PulledPort() {
    }

    static CompletionPort open() throws IOException {
        return CompletionPort.open(PortOptions.pull());
    }

    /** Delivers completions until the condition holds. It waits for ever if that never happens. */
    static void deliverUntil(CompletionPort port, BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            port.take().deliver();
        }
    }

    /** Closes the port and takes what it still has, up to the null completion. */
    static void close(CompletionPort port) {
        port.execute(port::close);
        for (IoContext context; (context = port.take()) != null;) {
            context.deliver();
        }
    }
}
