package io.iocp4j.websocket;

import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.MemoryBudget.Kind;

/**
 * The memory that one part of a connection holds for its peer, as charged to the budget of the port. Guarded as that
 * part is. Reporting an unchanged size costs one comparison.
 */
final class MemoryCharge {
    /** Up to this many bytes are part of the charge of every connection, so ordinary messages cost nothing here. */
    static final int FREE = 4 << 10;

    private final MemoryAccount memory;
    private final Kind kind;
    private long charged;

    MemoryCharge(MemoryAccount memory, Kind kind) {
        this.memory = memory;
        this.kind = kind;
    }

    /**
     * Sets the size, before memory is taken or after it is freed. Returns false, without a change, if there is no room.
     */
    boolean set(long bytes) {
        long wanted = bytes <= FREE ? 0 : bytes;
        if (wanted == charged) {
            return true;
        }
        boolean admitted = memory.change(kind, charged, wanted);
        if (admitted) {
            charged = wanted;
        }
        return admitted;
    }

    /** The reason of the last refusal, in words. */
    String refusal() {
        return memory.refusal(kind);
    }
}
