package io.iocp4j.jna;

import io.iocp4j.core.IoContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One operation as the kernel sees it. While it is pending the slab refers to it, and through it to everything that the kernel writes
 * to or that the completion needs.
 */
abstract class Request {
    final IocpHandle handle;
    /** Given by the slab; the kernel's while the operation is pending. */
    MemorySegment record;
    long ticket;

    Request(IocpHandle handle) {
        this.handle = handle;
    }

    /**
     * Fills the record and asks the kernel, under the handle's lock. Unless the call fails, nothing of this object may be touched after
     * it: a worker may have dequeued the packet and ended the operation already.
     *
     * @return what {@link WinApi} returned
     */
    abstract int call(WinApi api);

    /**
     * The packet was dequeued; called by who dequeued it, without a lock, after the record went back.
     *
     * @return the context that ends by it, for the caller to deliver; null if there is none, or its operation goes on
     */
    abstract IoContext ended(int status, int bytes);

    final long overlapped() {
        return record.address();
    }

    final long payload() {
        return record.address() + OverlappedSlab.PAYLOAD;
    }

    /** The NTSTATUS. Only after the packet was dequeued: the system does not store it earlier. */
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
