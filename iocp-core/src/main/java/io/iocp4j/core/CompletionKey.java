package io.iocp4j.core;

/** The object with which a handle is associated. The port calls it when the port is being closed. */
@FunctionalInterface
public interface CompletionKey {
    /** A key that does nothing, for an owner that learns of the end from its pending operations. */
    CompletionKey NONE = () -> { };

    /**
     * The port begins to close. The handle will be closed next, by the port if not by its owner. An owner that has no
     * operation pending learns of the end only by this call. Called once, by a worker.
     */
    void onPortClosing();
}
