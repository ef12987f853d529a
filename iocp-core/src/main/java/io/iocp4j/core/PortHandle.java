package io.iocp4j.core;

/** The common part of the handles of every engine: the key that their port calls when it closes. */
public abstract class PortHandle {
    private final CompletionPort port;

    // guarded by this, which may also be the lock of a connection: no other code is called under it
    private CompletionKey key;
    private boolean told;

    /**
     * Makes a handle that its port does not know yet, see {@link PortEngine#add}.
     *
     * @param port its port
     * @param key called when the port closes
     */
    protected PortHandle(CompletionPort port, CompletionKey key) {
        this.port = port;
        this.key = key;
    }

    /**
     * Sets the key that the port calls when it closes.
     *
     * @param newKey the new key; a worker calls it at once if the port has begun to close already
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

    /** Closes the handle and removes it from its port, see {@link PortEngine#remove}. A second call does nothing. */
    public abstract void close();

    /** Calls {@link CompletionKey#onPortClosing()} on a worker. */
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
