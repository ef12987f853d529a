package io.iocp4j.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * One operation, with the result that a thread finds when it takes a packet from the port. Derived classes add what
 * they need, as one derives from OVERLAPPED on Windows.
 *
 * <p>A context serves exactly one operation. A new context has one reference. A successful submit hands it to the port,
 * which gives it back after {@link #onCompletion()}. The results may be read from {@code onCompletion} on, by every
 * holder of a reference. A submit that throws leaves the context fresh and with the caller.
 */
public abstract class IoContext extends RefCounted {
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(IoContext.class, "state", State.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The life of a context. It only moves forward, except for {@link #unsubmit()} and {@link #uncomplete()}. */
    private static class State {
        /** Not given to a port yet. */
        static final State FRESH = new State("FRESH");
        /** With the port, which alone may touch the buffers. */
        static final State SUBMITTED = new State("SUBMITTED");
        /** The operation has its result and waits for delivery. */
        static final State COMPLETED = new State("COMPLETED");
        /** {@link #onCompletion()} was called. */
        static final State DELIVERED = new State("DELIVERED");

        private final String name;

        State(String name) {
            this.name = name;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * The state between COMPLETED and DELIVERED in pull mode. It refers to the port, since a field in each context
     * would cost memory.
     */
    static final class Taken extends State {
        private final PullDelivery queue;

        Taken(PullDelivery queue) {
            super("TAKEN");
            this.queue = queue;
        }
    }

    private record Failure(IoError error, Throwable cause) {
    }

    private Counted owner;
    private State state = State.FRESH;
    private Operation operation;
    private ByteBuffer buffer;
    private long transferred;
    /**
     * An {@link IoError}, or a {@link Failure} if there is a cause, or the {@link PortSocket} of an accept, or null.
     * One field holds them all, since every message allocates contexts.
     */
    private Object outcome;

    /** Makes a fresh context without an owner: nothing else must outlive the operation. */
    protected IoContext() {
        this((Counted) null);
    }

    /**
     * Makes a fresh context and retains its owner until the context is freed.
     *
     * @param owner what must outlive the operation, usually its connection; null if there is nothing
     */
    protected IoContext(RefCounted owner) {
        this((Counted) owner);
    }

    /** Makes a fresh context as above; the owner may also be a connection. */
    IoContext(Counted owner) {
        if (owner != null) {
            owner.addReference();
        }
        this.owner = owner;
    }

    /**
     * Handles the end of the operation. Called once, by a worker of the port or by {@link #deliver()}. An exception or
     * error that it throws is counted and logged, and does not end the worker.
     */
    protected abstract void onCompletion();

    /**
     * The operation that was asked for.
     *
     * @return null while the context is fresh
     */
    public final Operation operation() {
        return operation;
    }

    /**
     * The first buffer of the operation, which the port uses until the completion.
     *
     * @return null if the operation has none
     */
    public final ByteBuffer buffer() {
        return buffer;
    }

    /**
     * How many bytes were received or sent. A receive that completes with 0 and without an error means: the peer
     * disconnected.
     *
     * @return bytes, 0 or more
     */
    public final long transferred() {
        return transferred;
    }

    /**
     * Why the operation failed.
     *
     * @return null if it succeeded
     */
    public final IoError error() {
        return outcome instanceof Failure failure ? failure.error : outcome instanceof IoError error ? error : null;
    }

    /**
     * The exception of the engine.
     *
     * @return null if the operation succeeded, or if the engine gave no exception
     */
    public final Throwable cause() {
        return outcome instanceof Failure failure ? failure.cause : null;
    }

    /**
     * The new connection of an accept.
     *
     * @return null unless this is a successful {@link Operation#ACCEPT}; the socket belongs to the owner of this
     *         context
     */
    public final PortSocket accepted() {
        return outcome instanceof PortSocket accepted ? accepted : null;
    }

    /**
     * Tells whether the operation has not ended yet, which may change at any time. For the code that has submitted it,
     * which may hold no reference any more. After false the result can be read.
     */
    final boolean isUnderWay() {
        return STATE.getAcquire(this) == State.SUBMITTED;
    }

    /**
     * Returns the memory of a receive whose bytes have arrived, at the moment when an engine reads them itself. A
     * context may exchange its memory here.
     */
    ByteBuffer arrived() {
        return buffer;
    }

    /** Exchanges the memory of a receive that is under way. Only in {@link #arrived}. */
    final void exchange(ByteBuffer other) {
        buffer = other;
    }

    /** The object that must outlive the operation; null if there is none. */
    final Counted owner() {
        return owner;
    }

    /**
     * Takes over the owner of another context, with its reference. The other context is being delivered, needs its
     * owner no more, and has none from then on.
     */
    final void takeOwner(IoContext before) {
        assert owner == null && before.owner != null : "one owner for one context: " + this + ", " + before;
        owner = before.owner;
        before.owner = null;
    }

    /** Releases the owner. A class that overrides this to free more calls it last. */
    @Override
    protected void free() {
        if (owner != null) {
            owner.dropReference();
        }
    }

    /** Changes fresh to submitted; the caller's reference belongs to the port from here on. */
    final void submit(Operation asked, ByteBuffer first) {
        if (!STATE.compareAndSet(this, State.FRESH, State.SUBMITTED)) {
            throw new IllegalStateException("a context serves one operation, this one is " + this);
        }
        operation = asked;
        buffer = first;
    }

    /** Returns to fresh after misuse was found; the reference belongs to the caller again. */
    final void unsubmit() {
        operation = null;
        buffer = null;
        if (!STATE.compareAndSet(this, State.SUBMITTED, State.FRESH)) {
            throw new IllegalStateException("taken back after its completion: " + this);
        }
    }

    /**
     * Stores the result. Only one thread reports the end of an operation, so this needs no atomic step. A second
     * completion is a defect of the engine: this call throws, or, if two threads complete at the same time, the second
     * delivery throws.
     */
    final void complete(long bytes, PortSocket socket, IoError failure, Throwable why) {
        if (STATE.getVolatile(this) != State.SUBMITTED) {
            throw new IllegalStateException("completed twice: " + this);
        }
        transferred = bytes;
        outcome = failure != null ? outcome(failure, why) : socket;
        STATE.setRelease(this, State.COMPLETED);
    }

    /** Throws nothing, since an operation that failed for lack of memory must also end. */
    private static Object outcome(IoError failure, Throwable why) {
        if (why == null) {
            return failure;
        }
        try {
            return new Failure(failure, why);
        } catch (OutOfMemoryError e) {
            return failure;
        }
    }

    /** Returns to submitted, because the completion could not be queued. */
    final void uncomplete() {
        if (!STATE.compareAndSet(this, State.COMPLETED, State.SUBMITTED)) {
            throw new IllegalStateException("taken back after its delivery: " + this);
        }
    }

    /**
     * Delivers a completion that {@link CompletionPort#take()} gave: calls {@link #onCompletion()} on this thread,
     * which counts as a worker of the port meanwhile, and gives the port's reference back. An exception or error of the
     * completion is counted and logged, not thrown. Only for ports in pull mode.
     *
     * @throws IllegalStateException if the context was not taken, or was delivered already, or this thread is inside a
     *        delivery
     */
    public final void deliver() {
        if (!(STATE.getVolatile(this) instanceof Taken from)) {
            throw new IllegalStateException("only what take() gave is delivered by hand, and once: " + this);
        }
        from.queue.deliver(this);
    }

    /** Changes completed to taken. */
    final void taken(Taken by) {
        if (!STATE.compareAndSet(this, State.COMPLETED, (State) by)) {
            throw new IllegalStateException("taken without a completion, or twice: " + this);
        }
    }

    /** Changes taken to delivered. */
    final void beginDelivery(Taken from) {
        if (!STATE.compareAndSet(this, (State) from, State.DELIVERED)) {
            throw new IllegalStateException("delivered twice: " + this);
        }
    }

    /** Delivers the completion. Called by a worker of the port. */
    final void finish() {
        if (!STATE.compareAndSet(this, State.COMPLETED, State.DELIVERED)) {
            throw new IllegalStateException("delivered without a completion, or twice: " + this);
        }
        callBack();
    }

    /** Calls {@link #onCompletion()} and gives the port's reference back, even if that throws. */
    final void callBack() {
        try {
            onCompletion();
        } finally {
            release();
        }
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + (operation == null ? "" : operation + " ") + STATE.getVolatile(this)
                + (error() == null ? "" : " " + error()) + "]";
    }
}
