package io.iocp4j.jna;

import io.iocp4j.core.IoContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One operation of the kernel. While it is pending, the slab refers to it. Through it the slab keeps all memory that
 * the kernel writes to, and all objects that the completion needs.
 */
abstract class Request {
    final IocpHandle handle;
    /** The record from the slab. The kernel owns it while the operation is pending. */
    MemorySegment record;
    long ticket;

    Request(IocpHandle handle) {
        this.handle = handle;
    }

    /**
     * Fills the record and makes the call. Unless the call fails, it must not touch this object afterwards: a worker
     * may already have dequeued the packet and ended the operation. Guarded by the lock of the handle.
     *
     * @return what {@link WinApi} returned
     */
    abstract int call(WinApi api);

    /**
     * Handles the dequeued packet. Called by the thread that dequeued it, without a lock, after the record was given
     * back.
     *
     * @return the context that the caller must deliver; null if there is none, or if the operation goes on
     */
    abstract IoContext ended(int status, int bytes);

    final long overlapped() {
        return record.address();
    }

    final long payload() {
        return record.address() + OverlappedSlab.PAYLOAD;
    }

    /** The NTSTATUS. Valid only after the packet was dequeued: the system does not store it earlier. */
    final int status() {
        return record.get(ValueLayout.JAVA_INT, 0);
    }

    /** Writes the n-th WSABUF: length at 0, address at 8. */
    final void buffer(int index, long address, int length) {
        long at = OverlappedSlab.PAYLOAD + 16L * index;
        record.set(ValueLayout.JAVA_INT, at, length);
        record.set(ValueLayout.JAVA_LONG, at + 8, address);
    }
}
