package io.iocp4j.core;

/** The way in which a server ends its connections. It only moves down this list. */
enum StopMode {
    /** The connections live on. */
    LIVE,
    /** The connections are closed gracefully. */
    CLOSE,
    /** The connections are aborted. */
    ABORT
}
