package io.iocp4j.uring;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Operation;
import io.iocp4j.core.PortHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The common part of socket and listener of a {@link UringPort}. Each kind of operation has a slot for the one
 * operation that may be pending. A submit puts its context into the slot. The loop gives the operation to the kernel,
 * and takes the context out when the kernel reports the end, or when the operation could not be given to the kernel.
 *
 * <p>A close cancels what the kernel has. The descriptor is closed when the last of it has come back: a descriptor that
 * is closed earlier would neither cancel its operations nor tell the peer.
 */
abstract class UringHandle extends PortHandle {
    /** A kind of operation, a number of this many bits, is the lower part of the user data. */
    static final int KIND_BITS = 2;
    /** A connect or an accept. */
    static final int OPEN = 0;
    static final int RECEIVE = 1;
    static final int SEND = 2;
    private static final int CANCEL = 3;

    static final int OP_ASYNC_CANCEL = 14;
    /** All operations of the descriptor. */
    private static final int CANCEL_ALL_FD = 1 | 2;
    /** The content of a slot between the claim and the start. */
    private static final Object CLAIMED = new Object();
    private static final VarHandle CLOSED = field(UringHandle.class, "closed", boolean.class);
    private static final VarHandle IN_INBOX = field(UringHandle.class, "inInbox", boolean.class);
    /**
     * The memory of operations that were in a ring when it broke. The kernel cancels them some time after the ring was
     * closed, and may use their memory until then.
     */
    private static final Collection<Object> KEPT_FOR_GOOD = new ConcurrentLinkedQueue<>();

    final UringLoop loop;
    /** The handle that came into the inbox before this one. Only the thread that has taken the inbox uses it. */
    UringHandle nextInInbox;
    private volatile boolean closed;
    private volatile boolean inInbox;
    /** The descriptor, -1 after it was closed. Changed under the loop's lock for descriptors, by the loop's thread. */
    private int descriptor;

    // loop's thread only
    /** The index in the loop's table, -1 if this handle is not in it. */
    private int index = -1;
    /** One bit for each kind of operation that the kernel has. */
    private byte inKernel;

    UringHandle(UringLoop loop, int descriptor, CompletionKey key) {
        super(loop.port, key);
        this.loop = loop;
        this.descriptor = descriptor;
    }

    /** Returns the handle for atomic steps on a field of this class or a derived one. */
    static VarHandle field(Class<?> type, String name, Class<?> fieldType) {
        try {
            return MethodHandles.privateLookupIn(type, MethodHandles.lookup()).findVarHandle(type, name, fieldType);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Gives the contexts that wait in the slots to the kernel, with {@link #reserve} and {@link #submit}. */
    abstract void startWaiting();

    /** Fails the operations that wait in the slots and that the kernel does not have. */
    abstract void abortWaiting();

    /**
     * Stores the result of an operation that the kernel has ended, and empties its slot. Returns the context to be
     * delivered.
     */
    abstract IoContext finish(int kind, int result);

    /** The memory of the operations that the kernel has. */
    abstract List<Object> memoryInKernel();

    // ------------------------------------------------------------------ submits

    /**
     * Begins an operation and claims its slot. {@link #start} puts the context into the slot.
     *
     * @return false if the handle was closed before; the operation then fails with {@link IoError#BAD_DESCRIPTOR}
     * @throws IllegalStateException if the slot is taken, or the context is not fresh, or the port is closed
     */
    final boolean claim(VarHandle slot, IoContext context, Operation operation, ByteBuffer buffer) {
        loop.port.started(context, operation, buffer);
        if (!slot.compareAndSet(this, null, CLAIMED)) {
            loop.port.notStarted(context);
            throw new IllegalStateException("one " + operation + " may be pending at a time: " + this);
        }
        if (closed) {
            slot.setRelease(this, null);
            loop.port.failWithoutCompletion(context, IoError.BAD_DESCRIPTOR, null);
            return false;
        }
        return true;
    }

    /** Starts a claimed operation: at once on the thread of the loop, else when the loop serves its inbox. */
    final void start(VarHandle slot, IoContext context) {
        slot.setVolatile(this, context);
        beginOrLook();
    }

    private void beginOrLook() {
        if (loop.isCurrent()) {
            begin();
        } else {
            loop.look(this);
        }
    }

    /** Starts or closes what waits, on the thread of the loop. */
    final void begin() {
        if (closed) {
            abortWaiting();
            cancelOrClose();
        } else {
            startWaiting();
        }
    }

    /** The context in a slot; null if there is none, or not yet. */
    static IoContext context(Object slot) {
        return slot instanceof IoContext context ? context : null;
    }

    /** Makes room in the ring for one operation. Throws if the kernel takes none now, or the loop has ended. */
    final void reserve() throws Errno {
        if (!loop.ring.reserve()) {
            throw new Errno("io_uring_enter", loop.ring.isBroken() ? -LibC.ECANCELED : -LibC.EAGAIN);
        }
        if (index < 0) {
            index = loop.newIndex(this);
        }
    }

    /** The descriptor, for the loop's thread. */
    final int descriptor() {
        return descriptor;
    }

    /** Tells whether the kernel has the operation of this kind. */
    final boolean has(int kind) {
        return (inKernel & 1 << kind) != 0;
    }

    /** Adds an operation to the ring. Room was made before. */
    final void submit(int kind, int opcode, int ioprio, long off, long addr, int len, int opFlags) {
        loop.ring.add(opcode, ioprio, descriptor, off, addr, len, opFlags, (long) index << KIND_BITS | kind);
        inKernel |= (byte) (1 << kind);
    }

    /** Takes an operation back that could not be given to the kernel, and fails it. */
    final void notSubmitted(VarHandle slot, IoContext context, Throwable why) {
        slot.setRelease(this, null);
        loop.port.failWithoutCompletion(context, Errno.of(why), why);
    }

    /** Fails the operation in a slot if the kernel does not have it. */
    final void abort(VarHandle slot, int kind) {
        IoContext context = context(slot.getVolatile(this));
        if (context != null && !has(kind)) {
            slot.setRelease(this, null);
            loop.port.failWithoutCompletion(context, IoError.OPERATION_ABORTED, null);
        }
    }

    // ------------------------------------------------------------------ completions

    /** Called by the loop for a completion of this handle. */
    final void ended(int kind, int result) {
        inKernel &= (byte) ~(1 << kind);
        if (kind != CANCEL && result == -LibC.EINTR) {
            // a signal to this thread: the operation has not begun, and its context is still in the slot
            begin();
            return;
        }
        IoContext context = kind == CANCEL ? null : finish(kind, result);
        if (closed && inKernel == 0) {
            cancelOrClose();
        } else if (closed && kind == CANCEL) {
            // the cancel may have missed an operation that was about to try again: the next turn repeats it
            loop.look(this);
        }
        if (context != null) {
            loop.port.deliverTaken(context);
        }
    }

    /** Called by the loop when its ring was closed with operations of this handle in it: none of them completes. */
    final void lostByKernel() {
        KEPT_FOR_GOOD.addAll(memoryInKernel());
        inKernel = 0;
        index = -1;
    }

    /** Stores the reason why an operation has failed. Throws nothing, also if there is no memory. */
    final void failed(IoContext context, Throwable why) {
        IoError error = Errno.of(why);
        loop.port.failed(context, error, closed && error == IoError.OPERATION_ABORTED ? null : why);
    }

    /** Returns the exception of a result, or what was thrown because there was no memory for it. */
    static Throwable causeOf(String call, int result) {
        try {
            return new Errno(call, result);
        } catch (OutOfMemoryError e) {
            return e;
        }
    }

    // ------------------------------------------------------------------ closing

    @Override
    public void close() {
        if (CLOSED.compareAndSet(this, false, true)) {
            beginOrLook();
            loop.port.closed(this);
        }
    }

    final boolean isClosed() {
        return closed;
    }

    private void cancelOrClose() {
        if (inKernel == 0) {
            closeDescriptor();
            if (index >= 0) {
                loop.releaseIndex(index);
                index = -1;
            }
        } else if (!has(CANCEL)) {
            if (loop.ring.reserve()) {
                submit(CANCEL, OP_ASYNC_CANCEL, 0, 0, 0, 0, CANCEL_ALL_FD);
            } else {
                loop.look(this);
            }
        }
    }

    /** Closes the descriptor. A second call does nothing. Throws nothing. */
    void closeDescriptor() {
        synchronized (loop.descriptors) {
            if (descriptor >= 0) {
                LibC.close(descriptor);
                descriptor = -1;
            }
        }
    }

    /** Uses a descriptor that is open. */
    @FunctionalInterface
    interface Use {
        void of(int descriptor) throws Errno;
    }

    /** Uses the descriptor on any thread. Throws if the handle was closed. */
    final void use(String operation, InetSocketAddress local, InetSocketAddress remote, Use use) throws IoException {
        synchronized (loop.descriptors) {
            if (closed) {
                throw new IoException(IoError.BAD_DESCRIPTOR, operation, local, remote, null);
            }
            try {
                use.of(descriptor);
            } catch (Errno | RuntimeException e) {
                throw new IoException(Errno.of(e), operation, local, remote, e);
            }
        }
    }

    // ------------------------------------------------------------------ the inbox of the loop

    /** Returns true if the handle was not in the inbox: the caller then puts it in. */
    final boolean enterInbox() {
        return !inInbox && IN_INBOX.compareAndSet(this, false, true);
    }

    /** Marks the handle as not in the inbox. Operations submitted from here on put it in again. */
    final void leaveInbox() {
        nextInInbox = null;
        inInbox = false;
    }
}
