package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The open handles of a port, which are closed with it. Any thread. */
final class PortHandles {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    private final Set<PortHandle> handles = ConcurrentHashMap.newKeySet();

    void add(PortHandle handle) {
        handles.add(handle);
    }

    void remove(PortHandle handle) {
        handles.remove(handle);
    }

    int size() {
        return handles.size();
    }

    /** Closes all handles and calls their keys, even if one of them throws. */
    void close() {
        // a copy: if closing one handle also closes another, the key of the other must still be called
        for (PortHandle handle : List.copyOf(handles)) {
            // in this order: the key's reaction must not come before the close of the handle, or it could look like the
            // cause
            try {
                handle.close();
                handle.portCloses();
            } catch (Throwable thrown) {
                LOG.log(Level.ERROR, () -> "could not be closed in order with its port: " + handle, thrown);
            }
        }
    }
}
