package io.iocp4j.core;

/** The common part of the handles of every engine: the key that their port calls when it closes. */
public abstract class PortHandle {
    private final CompletionPort port;

    // guarded by this, which may be the lock of a connection as well: nothing is called with it held
    private CompletionKey key;
    private boolean told;

    /**
     * Makes a handle that its port does not know yet, see {@link PortEngine#add}.
     *
     * @param port its port
     * @param key whom to tell
     */
    protected PortHandle(CompletionPort port, CompletionKey key) {
        this.port = port;
        this.key = key;
    }

    /**
     * Sets whom to tell when the port closes.
     *
     * @param newKey the new one; told at once, by a worker, if the port has begun to close already
     */
    public final void key(CompletionKey newKey) {
        synchronized (this) {
            key = newKey;
            if (!told) {
                return;
            }
        }
        port.post(new ClosingNotice(newKey));
    }

    /** Called when the port begins to close: calls the key, and each later key. */
    final void portCloses() {
        CompletionKey now;
        synchronized (this) {
            told = true;
            now = key;
        }
        port.post(new ClosingNotice(now));
    }

    /** Closes the handle and takes it out of its port, see {@link PortEngine#remove}. A second call does nothing. */
    public abstract void close();

    /** Brings {@link CompletionKey#onPortClosing()} to a worker. */
    private static final class ClosingNotice extends IoContext {
        private final CompletionKey key;

        ClosingNotice(CompletionKey key) {
            this.key = key;
        }

        @Override
        protected void onCompletion() {
            key.onPortClosing();
        }
    }
}
