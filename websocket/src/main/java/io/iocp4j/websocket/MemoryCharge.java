package io.iocp4j.websocket;

import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.MemoryBudget.Kind;

/**
 * The memory that one part of a connection holds for its peer, as charged to the budget of the port. Guarded as that
 * part is.
 * A part that says the same size again costs a comparison.
 */
final class MemoryCharge {
    /** Up to this many bytes are part of what every connection is charged: an ordinary message costs no step more. */
    static final int FREE = 4 << 10;

    private final MemoryAccount memory;
    private final Kind kind;
    private long charged;

    MemoryCharge(MemoryAccount memory, Kind kind) {
        this.memory = memory;
        this.kind = kind;
    }

    /**
     * To be called before more is taken, or when less is held; false if there is no room for it, and then nothing has
     * changed.
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

    /** Why there is no room, in words. */
    String refusal() {
        return memory.refusal(kind);
    }
}
