package io.iocp4j.core;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Threads that are neither workers of a port nor its timer, and do something that the end of the port waits for. So
 * they must not wait for the end. Any thread.
 */
final class InsideThreads {
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    /**
     * The calling thread begins to do something that the end of the port waits for; what this returns goes to leave.
     */
    boolean enter() {
        try {
            return threads.add(Thread.currentThread());
        } catch (OutOfMemoryError e) {
            // what it does matters more than what it might do besides
            return false;
        }
    }

    /** What {@link #enter} has returned comes back: a thread that was inside before stays there. */
    void leave(boolean entered) {
        if (entered) {
            threads.remove(Thread.currentThread());
        }
    }

    /** Whether the calling thread is inside. */
    boolean isInside() {
        return !threads.isEmpty() && threads.contains(Thread.currentThread());
    }
}
