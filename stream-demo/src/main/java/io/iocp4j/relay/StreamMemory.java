package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.MemoryBudget.Kind;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** The memory that a stream keeps for viewers that join: pooled buffers, which the pool itself counts. Any thread. */
final class StreamMemory extends MemoryAccount {
    private final String path;
    private final LongSupplier bytes;
    private final Runnable dropCache;
    private final Consumer<String> end;

    StreamMemory(CompletionPort port, String path, LongSupplier bytes, Runnable dropCache, Consumer<String> end) {
        super(port);
        this.path = path;
        this.bytes = bytes;
        this.dropCache = dropCache;
        this.end = end;
    }

    @Override
    protected long held(Kind kind) {
        return kind == Kind.HEAP ? 0 : bytes.getAsLong();
    }

    @Override
    protected void shrink() {
        // joining viewers wait for the next key frame, as they do when a group of pictures is too long
        dropCache.run();
    }

    @Override
    protected void evict(String reason) {
        end.accept(reason);
    }

    @Override
    public String toString() {
        return "stream " + path;
    }
}
