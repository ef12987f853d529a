package io.iocp4j.core;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;

/**
 * The common part of socket and listener of a {@link SelectorPort}. Each kind of operation has a slot for the one
 * operation that may be pending. A submit puts its context into the slot; only the thread of the loop takes it out,
 * when the operation has ended. A context that ended inside a submit may stay in its slot until the loop looks at the
 * handle again, since a completion must not be delivered on the stack of its submit.
 */
abstract class SelectorHandle extends PortHandle {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);
    /** The content of a slot between the claim and the start. */
    private static final Object CLAIMED = new Object();
    private static final VarHandle CLOSED = field(SelectorHandle.class, "closed", boolean.class);
    private static final VarHandle IN_INBOX = field(SelectorHandle.class, "inInbox", boolean.class);

    final SelectorLoop loop;
    /**
     * The handle that came into the inbox of the loop before this one. Only the thread that has taken the inbox uses
     * it.
     */
    SelectorHandle nextInInbox;
    private volatile boolean closed;
    private volatile boolean inInbox;

    // loop's thread only
    private SelectionKey selection;
    /**
     * The interest set of the selector, now or from its next turn on: operations of {@link SelectionKey}, which have
     * 5 bits. With an int here, and with fields for the port and the peer, a socket would need 80 bytes instead of 64.
     */
    private byte interest;

    SelectorHandle(SelectorLoop loop, CompletionKey key) {
        super(loop.port, key);
        this.loop = loop;
    }

    /** Returns the handle for atomic steps on a field of this class or a derived one. */
    static VarHandle field(Class<?> type, String name, Class<?> fieldType) {
        try {
            return MethodHandles.privateLookupIn(type, MethodHandles.lookup()).findVarHandle(type, name, fieldType);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    abstract SelectableChannel channel();

    /**
     * Starts the submitted operations; if the handle was closed, closes the channel and ends the pending operations.
     * Delivers nothing. Runs on the thread of the loop, or on any thread when the loop has ended.
     */
    abstract void begin();

    /**
     * Delivers the operations that have ended inside a submit. Runs on the same thread as {@link #begin}, never inside
     * a submit.
     */
    abstract void deliverEnded();

    /** Called when the channel is ready for an operation that the selector watches. Runs on the thread of the loop. */
    abstract void ready(SelectionKey key);

    // ------------------------------------------------------------------ submits

    /**
     * Begins an operation and claims its slot. {@link #start} puts the context into the slot.
     *
     * @return false if the handle was closed before; the operation then fails with {@link IoError#BAD_DESCRIPTOR}
     * @throws IllegalStateException if the slot is taken, or the context is not fresh, or the port is closed
     */
    final boolean claim(VarHandle slot, IoContext context, Operation operation, ByteBuffer buffer) {
        loop.port.begin(context, operation, buffer);
        if (!slot.compareAndSet(this, null, CLAIMED)) {
            loop.port.takeBack(context);
            throw new IllegalStateException("one " + operation + " may be pending at a time: " + this);
        }
        if (closed) {
            loop.port.fail(context, IoError.BAD_DESCRIPTOR, null);
            ended(slot, context);
            return false;
        }
        return true;
    }

    /** Starts a claimed operation: at once on the thread of the loop, else when the loop serves its inbox. */
    final void start(VarHandle slot, IoContext context) {
        slot.setVolatile(this, context);
        begin(loop);
    }

    private void begin(SelectorLoop its) {
        if (its.isCurrent()) {
            begin();
        } else {
            its.look(this);
        }
    }

    /** The context in a slot that waits to be started or to end; null if there is none. */
    static IoContext pending(Object slot) {
        return slot instanceof IoContext context && context.isUnderWay() ? context : null;
    }

    /** Ends the operation in a slot with an abort, unless it has ended. */
    final void abort(VarHandle slot) {
        IoContext context = pending(slot.getVolatile(this));
        if (context != null) {
            loop.port.fail(context, IoError.OPERATION_ABORTED, null);
            ended(slot, context);
        }
    }

    /** Delivers the completion that waits in a slot, if there is one. */
    final void deliverEnded(VarHandle slot) {
        if (slot.getVolatile(this) instanceof IoContext context && !context.isUnderWay()) {
            deliver(slot, context);
        }
    }

    /** Fails an operation inside a submit, on the thread of the loop. Throws nothing. */
    final void fail(VarHandle slot, IoContext context, Throwable why) {
        loop.port.fail(context, IoError.of(why), why);
        ended(slot, context);
    }

    /**
     * Called when an operation has ended inside a submit or a close. The completion waits for the end of the current
     * delivery, goes to another worker if this delivery may take long, or else stays in its slot until the loop serves
     * the handle.
     */
    final void ended(VarHandle slot, IoContext context) {
        Worker worker = Worker.current(loop.port);
        if (worker != null && worker.takeOwnPost(context)) {
            empty(slot);
        } else if (worker != null && worker.isAside()) {
            empty(slot);
            loop.port.deliverBehind(context);
        } else {
            slot.setVolatile(this, context);
            loop.lookBehind(this);
        }
    }

    /** Empties the slot for the next submit, then delivers the completion that was in it. */
    final void deliver(VarHandle slot, IoContext context) {
        empty(slot);
        loop.port.deliver(context);
    }

    /** Empties the slot after all other writes of the operation, since the next submit may come from another thread. */
    private void empty(VarHandle slot) {
        slot.setRelease(this, null);
    }

    // ------------------------------------------------------------------ what the selector watches

    /** Adds operations to the interest set, from the selector's next turn on. */
    final void watch(int operations) throws ClosedChannelException {
        if (!channel().isOpen()) {
            // the JDK closes a channel whose connect has failed
            throw new ClosedChannelException();
        }
        if ((interest & operations) != operations) {
            if (selection == null) {
                selection = channel().register(loop.selector(), operations, this);
                interest = (byte) operations;
            } else {
                watchOnly(interest | operations);
            }
        }
    }

    /**
     * Removes operations from the interest set when none of them is pending, since the selector would report them again
     * and again.
     */
    final void unwatch(int operations) {
        if ((interest & operations) != 0) {
            watchOnly(interest & ~operations);
        }
    }

    private void watchOnly(int operations) {
        interest = (byte) operations;
        if (selection.isValid()) {
            try {
                selection.interestOps(operations);
            } catch (OutOfMemoryError e) {
                loop.selectorHasForgotten();
            }
        }
    }

    /** Sets the interest set again, since the selector may have lost it for lack of memory. */
    final void watchAgain() {
        if (selection != null && selection.isValid()) {
            // the selector notes only a change
            selection.interestOps(0);
            selection.interestOps(interest);
        }
    }

    final boolean watches(int operations) {
        return (interest & operations) == operations;
    }

    // ------------------------------------------------------------------ closing

    @Override
    public void close() {
        if (CLOSED.compareAndSet(this, false, true)) {
            begin(loop);
            loop.port.remove(this);
        }
    }

    final boolean isClosed() {
        return closed;
    }

    /** Closes the channel, on the thread of the loop. A second call does nothing. Throws nothing. */
    final void closeChannel() {
        try {
            if (selection != null) {
                // once the key is cancelled, the selector closes the channel, even if there is no memory for the rest
                // of this method
                selection.cancel();
            }
            channel().close();
        } catch (IOException | RuntimeException | Error e) {
            // no caller could do more about it
            LOG.log(Level.DEBUG, "a channel was not closed in order", e);
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
