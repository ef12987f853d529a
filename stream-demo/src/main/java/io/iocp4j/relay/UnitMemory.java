package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.MemoryBudget.Kind;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The memory of units that a stream keeps for viewers that join, or that wait for a viewer: pooled buffers, which the
 * pool itself counts. Any thread.
 */
final class UnitMemory extends MemoryAccount {
    private final String name;
    private final LongSupplier bytes;
    private final Runnable shrink;
    private final Consumer<String> end;

    UnitMemory(CompletionPort port, String name, LongSupplier bytes, Runnable shrink, Consumer<String> end) {
        super(port);
        this.name = name;
        this.bytes = bytes;
        this.shrink = shrink;
        this.end = end;
    }

    @Override
    protected long held(Kind kind) {
        return kind == Kind.HEAP ? 0 : bytes.getAsLong();
    }

    @Override
    protected void shrink() {
        shrink.run();
    }

    @Override
    protected void evict(String reason) {
        end.accept(reason);
    }

    @Override
    public String toString() {
        return name;
    }
}
