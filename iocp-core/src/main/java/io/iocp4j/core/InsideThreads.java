package io.iocp4j.core;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The threads that do work for which the end of the port waits, but are neither its workers nor its timer thread. They
 * must not wait for that end. Any thread.
 */
final class InsideThreads {
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    /**
     * Notes that the calling thread begins work for which the end of the port waits. Returns the argument for
     * {@link #leave}.
     */
    boolean enter() {
        try {
            return threads.add(Thread.currentThread());
        } catch (OutOfMemoryError e) {
            // the work matters more: without this note the thread would only wait for itself where it should throw
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
