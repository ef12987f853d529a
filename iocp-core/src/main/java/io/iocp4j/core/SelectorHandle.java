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
 * What socket and listener of a {@link SelectorPort} have in common. Each kind of operation has a slot for the one that
 * may be pending. A submit puts its context into the slot; only the thread of the loop takes it out, when the operation
 * has ended. A context that ended inside a submit may stay in its slot until the loop looks at the handle again, since
 * a completion must not be delivered on the stack of its submit.
 */
abstract class SelectorHandle extends PortHandle {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);
    /** In a slot between the claim and the start. */
    private static final Object CLAIMED = new Object();
    private static final VarHandle CLOSED = field(SelectorHandle.class, "closed", boolean.class);
    private static final VarHandle IN_INBOX = field(SelectorHandle.class, "inInbox", boolean.class);

    final SelectorLoop loop;
    /** The handle that came into the inbox of the loop before this one; of whoever has the inbox. */
    SelectorHandle nextInInbox;
    private volatile boolean closed;
    private volatile boolean inInbox;

    // of the loop's thread alone
    private SelectionKey selection;
    /**
     * What the selector is asked to watch, or will be at its next turn: operations of {@link SelectionKey}, which have
     * 5 bits. As an int, and with references to the port and to the peer, which can be found elsewhere, a socket would
     * need 80 bytes, not 64.
     */
    private byte interest;

    SelectorHandle(SelectorLoop loop, CompletionKey key) {
        super(loop.port, key);
        this.loop = loop;
    }

    /** A field of this class or a derived one, for atomic steps. */
    static VarHandle field(Class<?> type, String name, Class<?> fieldType) {
        try {
            return MethodHandles.privateLookupIn(type, MethodHandles.lookup()).findVarHandle(type, name, fieldType);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    abstract SelectableChannel channel();

    /**
     * Starts what was submitted; where the handle was closed, closes the channel and ends what is pending. Delivers
     * nothing. On the thread of the loop, or on any thread when the loop has ended.
     */
    abstract void begin();

    /** Delivers what has ended inside a submit. On the same thread, and never inside a submit. */
    abstract void deliverEnded();

    /** The channel is ready for some of what the selector watches. On the thread of the loop. */
    abstract void ready(SelectionKey key);

    // ------------------------------------------------------------------ submits

    /**
     * Begins an operation. Its slot is taken then, and has its context behind {@link #start}.
     *
     * @return false if the handle was closed before: the completion is under way
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

    /** Starts what was submitted: now on the thread of the loop, else when the loop looks. */
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

    /** Ends an operation with the abort of its handle, unless it has ended. */
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
     * An operation has ended inside a submit or a close: its completion waits for the end of the delivery that goes on,
     * or in its slot until the loop looks.
     */
    final void ended(VarHandle slot, IoContext context) {
        Worker worker = Worker.current(loop.port);
        if (worker != null && worker.takeOwnPost(context)) {
            empty(slot);
        } else {
            slot.setVolatile(this, context);
            loop.lookBehind(this);
        }
    }

    /** Delivers a completion that is still in its slot, and empties the slot before, for the next submit. */
    final void deliver(VarHandle slot, IoContext context) {
        empty(slot);
        loop.port.deliver(context);
    }

    /** Behind everything that belongs to the operation: the next submit may come from another thread. */
    private void empty(VarHandle slot) {
        slot.setRelease(this, null);
    }

    // ------------------------------------------------------------------ what the selector watches

    /** Has the selector watch for more, from its next turn on. */
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

    /** Has the selector watch for less: nobody waits for it, and it would be reported again and again. */
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

    /** Tells the selector again what to watch: it may have lost that for want of memory. */
    final void watchAgain() {
        if (selection != null && selection.isValid()) {
            // only a change is noted
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
                // the selector closes a closed channel with its key, also if there is no memory for the rest of this
                selection.cancel();
            }
            channel().close();
        } catch (IOException | RuntimeException | Error e) {
            // there is nobody who could do more about it
            LOG.log(Level.DEBUG, "a channel was not closed in order", e);
        }
    }

    // ------------------------------------------------------------------ the inbox of the loop

    /** Returns whether the handle has to be put into the inbox: it was not there. */
    final boolean enterInbox() {
        return !inInbox && IN_INBOX.compareAndSet(this, false, true);
    }

    /** What is submitted from here on needs another look. */
    final void leaveInbox() {
        nextInInbox = null;
        inInbox = false;
    }
}
