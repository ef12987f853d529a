package io.iocp4j.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * One operation, with the result that a thread finds when it takes a packet from the port. Derived classes add what
 * they need, as one derives from OVERLAPPED on Windows.
 *
 * <p>A context serves exactly one operation. It is born with one reference, which a successful submit hands to the
 * port; the port gives it back after {@link #onCompletion()}. The results may be read from {@code onCompletion} on, by
 * every holder of a reference. A submit that throws leaves the context fresh and with the caller.
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
        /** The result is there, delivery is due. */
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
     * Between COMPLETED and DELIVERED in pull mode. It knows the port, since a field in each context would cost memory.
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
     * An {@link IoError}, or a {@link Failure} if there is a cause, or the {@link PortSocket} of an accept, or null: in
     * one field, since contexts are the garbage that a message costs.
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

    /** As above, for a connection too. */
    IoContext(Counted owner) {
        if (owner != null) {
            owner.addReference();
        }
        this.owner = owner;
    }

    /**
     * The end of the operation, called once, by a worker of the port or by {@link #deliver()}. What it throws is
     * counted and logged, and stops nothing.
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
     * @return null if the operation succeeded, or if the error says it all
     */
    public final Throwable cause() {
        return outcome instanceof Failure failure ? failure.cause : null;
    }

    /**
     * The new connection of an accept.
     *
     * @return null unless a successful {@link Operation#ACCEPT}; it belongs to the one whose context this is
     */
    public final PortSocket accepted() {
        return outcome instanceof PortSocket accepted ? accepted : null;
    }

    /**
     * Tells whether the operation has not ended yet, which may change at any time. For the code that has submitted it,
     * which may hold no reference any more.
     */
    final boolean isUnderWay() {
        return STATE.getOpaque(this) == State.SUBMITTED;
    }

    /** The object that must outlive the operation; null if there is none. */
    final Counted owner() {
        return owner;
    }

    /**
     * Takes the owner, and the reference to it, of a context that is being delivered and needs it no more: that one has
     * none from then on.
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

    /** From fresh to submitted; the port has the caller's reference from here on. */
    final void submit(Operation asked, ByteBuffer first) {
        if (!STATE.compareAndSet(this, State.FRESH, State.SUBMITTED)) {
            throw new IllegalStateException("a context serves one operation, this one is " + this);
        }
        operation = asked;
        buffer = first;
    }

    /** Back to fresh after misuse was found; the caller has its reference again. */
    final void unsubmit() {
        operation = null;
        buffer = null;
        if (!STATE.compareAndSet(this, State.SUBMITTED, State.FRESH)) {
            throw new IllegalStateException("taken back after its completion: " + this);
        }
    }

    /**
     * Stores the result; a second completion is a mistake of the engine and says so: here, or where two threads make it
     * together, at the second delivery. Only one thread has the end of an operation to tell, so this needs no atomic
     * step.
     */
    final void complete(long bytes, PortSocket socket, IoError failure, Throwable why) {
        if (STATE.getVolatile(this) != State.SUBMITTED) {
            throw new IllegalStateException("completed twice: " + this);
        }
        transferred = bytes;
        outcome = failure != null ? outcome(failure, why) : socket;
        STATE.setRelease(this, State.COMPLETED);
    }

    /** Throws nothing: an operation that has failed for want of memory must end, too. */
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

    /** Back to submitted: its completion could not be queued. */
    final void uncomplete() {
        if (!STATE.compareAndSet(this, State.COMPLETED, State.SUBMITTED)) {
            throw new IllegalStateException("taken back after its delivery: " + this);
        }
    }

    /**
     * Delivers a completion that {@link CompletionPort#take()} gave: calls {@link #onCompletion()} on this thread,
     * which counts as a worker of the port meanwhile, and gives the port's reference back. What the completion throws
     * is counted and logged, not thrown. Only for ports in pull mode.
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

    /** From completed to taken. */
    final void taken(Taken by) {
        if (!STATE.compareAndSet(this, State.COMPLETED, (State) by)) {
            throw new IllegalStateException("taken without a completion, or twice: " + this);
        }
    }

    /** From taken to delivered. */
    final void beginDelivery(Taken from) {
        if (!STATE.compareAndSet(this, (State) from, State.DELIVERED)) {
            throw new IllegalStateException("delivered twice: " + this);
        }
    }

    /** Delivers the completion, by a worker of the port. */
    final void finish() {
        if (!STATE.compareAndSet(this, State.COMPLETED, State.DELIVERED)) {
            throw new IllegalStateException("delivered without a completion, or twice: " + this);
        }
        callBack();
    }

    /** Gives the port's reference back, whatever {@link #onCompletion()} does. */
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
