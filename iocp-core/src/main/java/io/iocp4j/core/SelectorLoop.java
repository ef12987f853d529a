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
 * One worker of a {@link SelectorPort} with its selector. A handle belongs to one loop for life, and everything that is
 * done with its channel is done on the thread of that loop. Other threads put the handle into the inbox of the loop,
 * and wake the loop if it sleeps.
 *
 * <p>A turn: the handles of the inbox start what was submitted; some posts of the port are delivered; the selector is
 * asked, and each channel that is ready is served at once, inside the call of the selector. What is thrown out of a
 * turn leaves everything where the next turn finds it: a handle in the inbox, a channel ready. Only the selector may
 * have forgotten what it was asked to watch, so it is told again.
 */
final class SelectorLoop implements Runnable {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    final SelectorPort port;
    private final Selector selector;
    /** The first of the handles that wait to be looked at, the last that came; linked by {@code nextInInbox}. */
    private final AtomicReference<SelectorHandle> inbox = new AtomicReference<>();
    /** Whether the thread waits in its selector, or is about to, and nobody has woken it yet. */
    private final AtomicBoolean sleeping = new AtomicBoolean();
    private volatile Thread thread;
    /** The null completion of this loop is due: nothing is outstanding any more. */
    private volatile boolean nullDue;
    /** The loop has ended. From here on a thread that puts a handle into the inbox looks at it itself. */
    private volatile boolean left;
    /** Whether a thread looks at the inbox of the loop that has ended. */
    private final AtomicBoolean looking = new AtomicBoolean();

    // of the loop's thread alone; when the loop has ended, of the thread that looks
    /** Taken out of the inbox and not looked at yet, oldest first. */
    private SelectorHandle taken;
    /** The handle that is looked at, while nothing of it was delivered yet. */
    private SelectorHandle lookedAt;
    /** Whether {@link #run} was left by something thrown. */
    private boolean thrownOut;
    /** The selector may not know everything that it is to watch. */
    private boolean forgotten;
    /** Listeners that were closed. The system keeps their addresses until the selector was asked again. */
    private final List<SelectorAcceptor> unbinding = new ArrayList<>();
    private final Consumer<SelectionKey> serve = this::serve;

    /** Takes the selector, which it closes. */
    SelectorLoop(SelectorPort port, Selector selector) {
        this.port = port;
        this.selector = selector;
    }

    /** The thread that runs this, before it is started. */
    void thread(Thread worker) {
        thread = worker;
    }

    /** Whether the calling thread is that of this loop, which has not ended. */
    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    Selector selector() {
        return selector;
    }

    // ------------------------------------------------------------------ for any thread

    /** Has the loop look at a handle: what was submitted, or that it was closed. Allocates nothing. */
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

    /** As {@link #look}; where the loop looks at the handle already, that is enough: it delivers behind this. */
    void lookBehind(SelectorHandle handle) {
        if (!isCurrent() || handle != lookedAt) {
            look(handle);
        }
    }

    /** Wakes the loop if it sleeps. What it has to see was written before. Returns whether it did. */
    boolean wake() {
        if (sleeping.get() && sleeping.compareAndSet(true, false)) {
            selector.wakeup();
            return true;
        }
        return false;
    }

    /** Lets the worker leave: no operation is outstanding in the whole port. */
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
            // of a thread that has been interrupted by another, the selector would not wait any more
            Thread.interrupted();
            int closed = unbinding.size();
            sleeping.set(true);
            try {
                // after the set: either the other thread sees that the loop sleeps, or the loop sees what it has put in
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

    /** The selector had no memory for something that it was asked to watch. It is told again in the next turn. */
    void selectorHasForgotten() {
        forgotten = true;
    }

    private void watchAgain() {
        for (SelectionKey key : selector.keys()) {
            ((SelectorHandle) key.attachment()).watchAgain();
        }
        forgotten = false;
    }

    /** Looks at what is there now. What these looks put in waits for the next turn, so that none is without an end. */
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

    /** Takes everything out of the inbox, oldest first; null if there is nothing. */
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
            // from the first event on, nobody needs to wake it
            sleeping.set(false);
        }
        ((SelectorHandle) key.attachment()).ready(key);
    }

    // ------------------------------------------------------------------ listeners that were closed

    /** The selector has to be asked once more before the system gives up the address of this listener. */
    void unbind(SelectorAcceptor closed) {
        if (left) {
            closed.unbound();
        } else {
            try {
                unbinding.add(closed);
            } catch (OutOfMemoryError e) {
                // its close returns early
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

    /** The port could not be opened: a thread that was started leaves. */
    void giveUp() {
        Thread worker = thread;
        if (worker != null && worker.isAlive()) {
            leaveNow();
        } else {
            end();
        }
    }

    /** Closes the selector, and from then on lets the threads look that have closed something, or submitted it. */
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

    /** A handle is looked at by one thread at a time: that one looks at what others put in meanwhile, too. */
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
