package io.iocp4j.core;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * One worker of a {@link SelectorPort} with its selector. A handle belongs to one loop for life, and only the thread of
 * that loop uses its channel. Other threads put the handle into the inbox of the loop, and wake the loop if it sleeps.
 *
 * <p>In each turn the loop first starts the operations that were submitted to the handles in its inbox. Then it
 * delivers some posts of the port. Then it calls the selector, and serves each ready channel at once, inside that call.
 * If a turn throws, the next turn finds everything in its place: a handle in the inbox, a channel ready. Only the
 * selector may have lost interest sets, so the loop sets them again.
 */
final class SelectorLoop implements Runnable {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    final SelectorPort port;
    private final Selector selector;
    /** The handle that was put into the inbox last. Each handle links to the one before it by {@code nextInInbox}. */
    private final AtomicReference<SelectorHandle> inbox = new AtomicReference<>();
    /** True while the thread waits in its selector, or is about to, and no other thread has woken it yet. */
    private final AtomicBoolean sleeping = new AtomicBoolean();
    private volatile Thread thread;
    /** True when the null completion of this loop is due, since no operation is outstanding any more. */
    private volatile boolean nullDue;
    /**
     * True when the loop has ended. From then on a thread that puts a handle into the inbox serves the inbox itself.
     */
    private volatile boolean left;
    /** True while a thread serves the inbox of the loop that has ended. */
    private final AtomicBoolean looking = new AtomicBoolean();

    // loop's thread only; after the end of the loop, only the thread that serves its inbox
    /** The handles that were taken out of the inbox and not served yet, oldest first. */
    private SelectorHandle taken;
    /** The handle that is being served, until its first delivery. */
    private SelectorHandle lookedAt;
    /** True if {@link #run} ended by an exception or error. */
    private boolean thrownOut;
    /** True if the selector may have lost an interest set. */
    private boolean forgotten;
    /** Listeners that were closed. The system keeps their addresses until the next call of the selector. */
    private final List<SelectorAcceptor> unbinding = new ArrayList<>();
    private final Consumer<SelectionKey> serve = this::serve;

    /** Makes a loop that owns the selector and closes it. */
    SelectorLoop(SelectorPort port, Selector selector) {
        this.port = port;
        this.selector = selector;
    }

    /** Sets the thread that runs this loop, before that thread is started. */
    void thread(Thread worker) {
        thread = worker;
    }

    /** Tells whether the calling thread is the thread of this loop, and the loop has not ended. */
    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    Selector selector() {
        return selector;
    }

    // ------------------------------------------------------------------ for any thread

    /** Puts a handle into the inbox, because an operation was submitted to it or it was closed. Allocates nothing. */
    void look(SelectorHandle handle) {
        if (handle.enterInbox()) {
            SelectorHandle first;
            do {
                first = inbox.get();
                handle.nextInInbox = first;
            } while (!inbox.compareAndSet(first, handle));
            if (left) {
                lookWithoutLoop();
            } else if (!isCurrent()) {
                wake();
            }
        }
    }

    /**
     * Works as {@link #look}, but does nothing if the loop is serving the handle now: the loop delivers after this
     * call.
     */
    void lookBehind(SelectorHandle handle) {
        if (!isCurrent() || handle != lookedAt) {
            look(handle);
        }
    }

    /**
     * Wakes the loop if it sleeps. The caller must have written before this call the state that the loop should see.
     * Returns true if the loop was asleep.
     */
    boolean wake() {
        if (sleeping.get() && sleeping.compareAndSet(true, false)) {
            selector.wakeup();
            return true;
        }
        return false;
    }

    /** Lets the worker end, since no operation is outstanding in the whole port. */
    void leaveNow() {
        nullDue = true;
        wake();
    }

    // ------------------------------------------------------------------ the loop

    @Override
    public void run() {
        forgotten |= thrownOut;
        thrownOut = true;
        while (true) {
            if (forgotten) {
                watchAgain();
            }
            lookAtInbox();
            port.deliverPosts();
            if (nullDue && inbox.get() == null) {
                leave();
                return;
            }
            // a selector does not wait on a thread whose interrupt status is set
            Thread.interrupted();
            int closed = unbinding.size();
            sleeping.set(true);
            try {
                // checked after the set: either the other thread sees that the loop sleeps, or the loop sees the new
                // entry
                if (closed > 0 || nullDue || inbox.get() != null || port.hasPosts()) {
                    selector.selectNow(serve);
                } else {
                    selector.select(serve);
                }
            } catch (IOException e) {
                throw new IllegalStateException("the selector of " + port + " failed", e);
            } finally {
                sleeping.set(false);
            }
            unbound(closed);
        }
    }

    /** Called when the selector had no memory to store an interest set. The next turn sets it again. */
    void selectorHasForgotten() {
        forgotten = true;
    }

    private void watchAgain() {
        for (SelectionKey key : selector.keys()) {
            ((SelectorHandle) key.attachment()).watchAgain();
        }
        forgotten = false;
    }

    /**
     * Serves the handles that are in the inbox now. Handles that are put in meanwhile wait for the next turn, so every
     * turn ends.
     */
    private void lookAtInbox() {
        if (taken == null) {
            taken = takeInbox();
        }
        while (taken != null) {
            SelectorHandle handle = taken;
            taken = handle.nextInInbox;
            lookAt(handle);
        }
    }

    private void lookAt(SelectorHandle handle) {
        handle.leaveInbox();
        boolean looked = false;
        try {
            lookedAt = handle;
            handle.begin();
            lookedAt = null;
            handle.deliverEnded();
            looked = true;
        } finally {
            if (!looked) {
                lookedAt = null;
                look(handle);
            }
        }
    }

    /** Takes all handles out of the inbox, oldest first. Returns null if it is empty. */
    private SelectorHandle takeInbox() {
        SelectorHandle oldest = null;
        SelectorHandle newest = inbox.get() == null ? null : inbox.getAndSet(null);
        while (newest != null) {
            SelectorHandle older = newest.nextInInbox;
            newest.nextInInbox = oldest;
            oldest = newest;
            newest = older;
        }
        return oldest;
    }

    private void serve(SelectionKey key) {
        if (sleeping.get()) {
            // from the first event on, the loop is awake and needs no wakeup
            sleeping.set(false);
        }
        ((SelectorHandle) key.attachment()).ready(key);
    }

    // ------------------------------------------------------------------ listeners that were closed

    /** Remembers a closed listener: the system frees its address only at the next call of the selector. */
    void unbind(SelectorAcceptor closed) {
        if (left) {
            closed.unbound();
        } else {
            try {
                unbinding.add(closed);
            } catch (OutOfMemoryError e) {
                // the close of this listener then returns early
                closed.unbound();
            }
        }
    }

    private void unbound(int count) {
        for (int i = 0; i < count; i++) {
            unbinding.removeFirst().unbound();
        }
    }

    // ------------------------------------------------------------------ the end

    private void leave() {
        try {
            port.nullTaken(this);
        } finally {
            end();
        }
    }

    /** Called when the port could not be opened. Lets the thread end if it was started. */
    void giveUp() {
        Thread worker = thread;
        if (worker != null && worker.isAlive()) {
            leaveNow();
        } else {
            end();
        }
    }

    /**
     * Closes the selector. From then on the threads that submit operations or close handles serve the inbox themselves.
     */
    void end() {
        left = true;
        thread = null;
        try {
            selector.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "a selector of " + port + " could not be closed", e);
        }
        unbound(unbinding.size());
        lookWithoutLoop();
    }

    /**
     * Serves the inbox of a loop that has ended. Only one thread at a time does so, and it also serves the handles that
     * other threads put in meanwhile.
     */
    private void lookWithoutLoop() {
        do {
            if (!looking.compareAndSet(false, true)) {
                return;
            }
            try {
                lookAtInbox();
            } finally {
                looking.set(false);
            }
        } while (inbox.get() != null);
    }
}
