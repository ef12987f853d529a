package io.iocp4j.core;

/** The object with which a handle is associated. The port calls it when it is being closed. */
@FunctionalInterface
public interface CompletionKey {
    /** For handles whose owner finds out by its operations alone. */
    CompletionKey NONE = () -> { };

    /**
     * The port begins to close; the handle will be closed next, by the port if not by its owner. Without this, an owner
     * that has no operation pending would never hear of it. Called once, by a worker.
     */
    void onPortClosing();
}
