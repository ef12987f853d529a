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

    /** Closes all that are here and tells their keys, whatever one of them throws. */
    void close() {
        // a copy: a handle that takes another with it is no reason not to tell the other's key
        for (PortHandle handle : List.copyOf(handles)) {
            // in this order: what the key does about it must not come before the end of the handle, which could look
            // like its cause
            try {
                handle.close();
                handle.portCloses();
            } catch (Throwable thrown) {
                LOG.log(Level.ERROR, () -> "could not be closed in order with its port: " + handle, thrown);
            }
        }
    }
}
