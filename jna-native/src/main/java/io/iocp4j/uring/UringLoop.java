package io.iocp4j.uring;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One worker of a {@link UringPort} with its ring. A handle belongs to one loop for life, and only the thread of that
 * loop submits its operations to the kernel. Other threads put the handle into the inbox of the loop, and wake the loop
 * if it sleeps.
 *
 * <p>In each turn the loop first starts what was submitted to the handles in its inbox. Then it delivers some posts of
 * the port. Then it enters the ring: one system call submits everything that was started since the last one, and waits
 * for completions. Then it takes the completions one by one and delivers each. If a turn throws, the next turn finds
 * everything in its place: a handle in the inbox, a completion in the ring.
 *
 * <p>A ring is made with its port, never later. If it breaks, its loop ends, and with it the port: see {@link #end}.
 */
final class UringLoop implements Runnable {
    /** Entries of the submission queue. When it is full, what waits in it is submitted. */
    private static final int ENTRIES = 1024;
    /** The most completions that are taken in one turn, since what they start waits for the end of the turn. */
    private static final int COMPLETIONS_PER_TURN = 256;
    static final int OP_READ = 22;
    /** The user data of the read that wakes the loop. No handle has it. */
    private static final long WAKE = -1;

    private static final ThreadLocal<UringLoop> CURRENT = new ThreadLocal<>();

    final UringPort port;
    final Ring ring;
    /** A descriptor of this loop's handles is used by another thread, or closed, only under this lock. */
    final Object descriptors = new Object();

    private final Arena arena = Arena.ofShared();
    /** Eight bytes for the read that wakes the loop. */
    private final long wakeMemory = arena.allocate(8, 8).address();
    /** Written to in order to wake the loop; -1 after the end. Guarded by descriptors. */
    private int wakeDescriptor;
    /** The handle that was put into the inbox last. Each handle links to the one before it by {@code nextInInbox}. */
    private final AtomicReference<UringHandle> inbox = new AtomicReference<>();
    /** True while the thread waits in its ring, or is about to, and no other thread has woken it yet. */
    private final AtomicBoolean sleeping = new AtomicBoolean();
    private volatile Thread thread;
    /** True when the null completion of this loop is due, since no operation is outstanding any more. */
    private volatile boolean nullDue;
    /** True when the loop has ended: the threads that submit or close serve the inbox, one at a time. */
    private volatile boolean left;
    /** True while a thread serves the inbox of the loop that has ended. */
    private final AtomicBoolean serving = new AtomicBoolean();

    // loop's thread only
    private boolean enabled;
    private boolean wakeArmed;
    /** The handles that were taken out of the inbox and not served yet, oldest first. */
    private UringHandle taken;
    /** The handles by their index, which is in the user data of their operations. */
    private final List<UringHandle> handles = new ArrayList<>();
    /** The indexes that are not used, the last {@code unusedCount} of them. */
    private int[] unused = new int[16];
    private int unusedCount;

    UringLoop(UringPort port, Kernel kernel) throws Errno {
        this.port = port;
        this.ring = new Ring(kernel, ENTRIES);
        boolean complete = false;
        try {
            wakeDescriptor = Errno.check("eventfd", LibC.eventCounter());
            complete = true;
        } finally {
            if (!complete) {
                ring.close();
            }
        }
    }

    /** Sets the thread that runs this loop, before that thread is started. */
    void thread(Thread worker) {
        thread = worker;
    }

    /** Tells whether the calling thread is the thread of this loop, and the loop has not ended. */
    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /** Tells whether the calling thread is the thread of any loop, of this port or another. */
    static boolean isAnyCurrent() {
        return CURRENT.get() != null;
    }

    // ------------------------------------------------------------------ for any thread

    /** Puts a handle into the inbox, because an operation was submitted to it or it was closed. Allocates nothing. */
    void look(UringHandle handle) {
        if (handle.enterInbox()) {
            UringHandle first;
            do {
                first = inbox.get();
                handle.nextInInbox = first;
            } while (!inbox.compareAndSet(first, handle));
            if (left) {
                serveWithoutLoop();
            } else if (!isCurrent()) {
                wake();
            }
        }
    }

    /**
     * Wakes the loop if it sleeps. The caller must have written before this call the state that the loop should see.
     * Returns true if the loop was asleep.
     */
    boolean wake() {
        if (sleeping.get() && sleeping.compareAndSet(true, false)) {
            synchronized (descriptors) {
                if (wakeDescriptor >= 0) {
                    LibC.count(wakeDescriptor);
                }
            }
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
        if (!enabled) {
            CURRENT.set(this);
            ring.enable();
            enabled = true;
        }
        while (true) {
            serveInbox();
            port.deliverPosts();
            armWake();
            if (mayLeave()) {
                leave();
                return;
            }
            sleeping.set(true);
            try {
                // checked after the set: either the other thread sees that the loop sleeps, or the loop sees the entry
                ring.enter(wakeArmed && inbox.get() == null && !port.hasPosts() && !mayLeave()
                        && !ring.hasCompletion());
            } finally {
                sleeping.set(false);
            }
            takeCompletions();
        }
    }

    /** Takes completions that are there. */
    void takeCompletions() {
        for (int i = 0; i < COMPLETIONS_PER_TURN && ring.hasCompletion(); i++) {
            takeCompletion();
        }
    }

    private void armWake() {
        if (!wakeArmed && ring.reserve()) {
            ring.add(OP_READ, 0, wakeDescriptor, 0, wakeMemory, 8, 0, WAKE);
            wakeArmed = true;
        }
    }

    private void takeCompletion() {
        long userData = ring.userData();
        int result = ring.result();
        // before the delivery, which may take long: the kernel needs the room
        ring.take();
        if (userData == WAKE) {
            wakeArmed = false;
        } else {
            handles.get((int) (userData >>> UringHandle.KIND_BITS))
                    .ended((int) userData & (1 << UringHandle.KIND_BITS) - 1, result);
        }
    }

    /**
     * Serves the handles that are in the inbox now. Handles that are put in meanwhile wait for the next turn, so every
     * turn ends.
     */
    private void serveInbox() {
        if (taken == null) {
            taken = takeInbox();
        }
        while (taken != null) {
            UringHandle handle = taken;
            taken = handle.nextInInbox;
            handle.leaveInbox();
            handle.begin();
        }
    }

    /** Takes all handles out of the inbox, oldest first. Returns null if it is empty. */
    private UringHandle takeInbox() {
        UringHandle oldest = null;
        UringHandle newest = inbox.get() == null ? null : inbox.getAndSet(null);
        while (newest != null) {
            UringHandle older = newest.nextInInbox;
            newest.nextInInbox = oldest;
            oldest = newest;
            newest = older;
        }
        return oldest;
    }

    /** Gives an index to a handle whose first operation begins. */
    int newIndex(UringHandle handle) {
        if (unusedCount > 0) {
            int index = unused[--unusedCount];
            handles.set(index, handle);
            return index;
        }
        if (unused.length <= handles.size()) {
            // before the handle has its index, so that a release never needs memory
            unused = Arrays.copyOf(unused, 2 * unused.length);
        }
        handles.add(handle);
        return handles.size() - 1;
    }

    /** Takes the index of a handle back that has nothing in the kernel any more. */
    void releaseIndex(int index) {
        handles.set(index, null);
        unused[unusedCount++] = index;
    }

    // ------------------------------------------------------------------ the end

    private boolean mayLeave() {
        return nullDue && inbox.get() == null && ring.inFlight() == (wakeArmed ? 1 : 0);
    }

    private void leave() {
        try {
            if (wakeArmed) {
                // so that nothing is in flight when the ring is closed
                LibC.count(wakeDescriptor);
                while (ring.inFlight() > 0) {
                    ring.enter(!ring.hasCompletion());
                    if (ring.hasCompletion()) {
                        ring.take();
                    }
                }
            }
        } finally {
            try {
                port.loopLeaves();
            } finally {
                end();
            }
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
     * Closes the ring. From then on the threads that submit operations or close handles serve the inbox themselves: an
     * operation fails, and a close takes effect at once. If operations are in flight, because the ring is broken, they
     * never complete. Each of them ends when its handle is closed, with OPERATION_ABORTED. A second call does nothing.
     */
    void end() {
        if (left) {
            return;
        }
        // until the ring is closed, no other thread may serve the inbox
        serving.set(true);
        left = true;
        thread = null;
        ring.close();
        for (UringHandle handle : handles) {
            if (handle != null) {
                handle.lostByKernel();
            }
        }
        handles.clear();
        synchronized (descriptors) {
            LibC.close(wakeDescriptor);
            wakeDescriptor = -1;
        }
        if (ring.inFlight() == 0) {
            arena.close();
        }
        serving.set(false);
        serveWithoutLoop();
    }

    /**
     * Serves the inbox of a loop that has ended. Only one thread at a time does so, and it also serves the handles that
     * other threads put in meanwhile.
     */
    private void serveWithoutLoop() {
        do {
            if (!serving.compareAndSet(false, true)) {
                return;
            }
            try {
                serveInbox();
            } finally {
                serving.set(false);
            }
        } while (inbox.get() != null);
    }
}
