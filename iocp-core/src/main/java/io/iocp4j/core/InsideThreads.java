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
     * Notes that the calling thread begins something that the end of the port waits for. Returns the argument of leave.
     */
    boolean enter() {
        try {
            return threads.add(Thread.currentThread());
        } catch (OutOfMemoryError e) {
            // its work matters more: without this note it would only have to wait where it should throw
            return false;
        }
    }

    /** Takes the result of {@link #enter}: a thread that was inside before that call stays inside. */
    void leave(boolean entered) {
        if (entered) {
            threads.remove(Thread.currentThread());
        }
    }

    /** Tells whether the calling thread is inside. */
    boolean isInside() {
        return !threads.isEmpty() && threads.contains(Thread.currentThread());
    }
}
